//! Takes comments and indentation out of JavaScript: what is left has the same tokens on the same lines.
//! For the build script and xtask; depends on nothing.

/// Where the text can't be told apart without a whole grammar, or has no end.
#[derive(Debug, PartialEq, Eq)]
pub struct Unclear {
    pub line: usize,
    pub why: &'static str,
}

pub fn strip(source: &str) -> Result<String, Unclear> {
    let mut scanner =
        Scanner { rest: source, out: String::new(), open: Vec::new(), last: Last::Operator };
    while let Some(next) = scanner.rest.chars().next() {
        scanner.step(next)?;
    }
    scanner.trim_line();
    if scanner.open.is_empty() { Ok(scanner.out) } else { Err(scanner.unclear("never closed")) }
}

struct Scanner<'a> {
    rest: &'a str,
    out: String,
    open: Vec<Open>,
    last: Last,
}

#[derive(PartialEq, Eq)]
enum Open {
    Parenthesis,
    /// Of `if (…)` and the like, after which a statement begins.
    Condition,
    Brace,
    /// `${` in a template.
    Substitution,
}

/// The last token, as far as it decides what a `/` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// `/` divides it.
    Value,
    /// A value follows: `/` begins a regular expression.
    Operator,
    /// `if`, `for`, `while`, `with`.
    Conditional,
    /// Any word is a property's name.
    Dot,
    /// `}` ends a statement or a value; only a grammar knows.
    Brace,
}

impl Scanner<'_> {
    fn step(&mut self, next: char) -> Result<(), Unclear> {
        let second = self.rest.chars().nth(1).unwrap_or_default();
        match (next, second) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => return self.block_comment(),
            ('/', _) => return self.slash(),
            ('"' | '\'', _) => return self.string(next),
            ('`', _) => return self.template(),
            ('.', '0'..='9') => self.word(),
            _ if is_word(next) => self.word(),
            _ if is_line_end(next) => self.line_end(next),
            _ if next.is_whitespace() => self.space(next),
            _ => return self.punctuation(next, second),
        }
        Ok(())
    }

    fn line_comment(&mut self) {
        self.skip(self.rest.find(is_line_end).unwrap_or(self.rest.len()));
    }

    /// Takes the spaces after it along. Its line breaks stay, because a statement may end at one.
    fn block_comment(&mut self) -> Result<(), Unclear> {
        let Some((comment, _)) = self.rest.split_once("*/") else {
            return Err(self.unclear("a comment without an end"));
        };
        self.skip(comment.len() + "*/".len());
        comment.chars().filter(|&c| is_line_end(c)).for_each(|c| self.push_line_end(c));
        self.rest = self.rest.trim_start_matches(is_space);
        let apart = |c: char| c.is_whitespace() || matches!(c, '(' | '[' | '{');
        if !self.at_line_start()
            && !self.out.ends_with(apart)
            && !self.rest.starts_with(is_line_end)
        {
            self.out.push(' ');
        }
        Ok(())
    }

    fn line_end(&mut self, end: char) {
        self.skip(end.len_utf8());
        self.push_line_end(end);
    }

    fn space(&mut self, space: char) {
        if self.at_line_start() {
            self.skip(space.len_utf8());
        } else {
            self.take(space.len_utf8());
        }
    }

    fn word(&mut self) {
        let number = self.rest.starts_with(|c: char| c == '.' || c.is_ascii_digit());
        let end = self.rest.find(|c| !(is_word(c) || number && c == '.'));
        let word = self.take(end.unwrap_or(self.rest.len()));
        self.last = match word {
            _ if self.last == Last::Dot => Last::Value,
            "if" | "for" | "while" | "with" => Last::Conditional,
            "await" if self.last == Last::Conditional => Last::Conditional,
            "await" | "case" | "default" | "delete" | "do" | "else" | "extends" | "in"
            | "instanceof" | "new" | "of" | "return" | "throw" | "typeof" | "void" | "yield" => {
                Last::Operator
            }
            _ => Last::Value,
        };
    }

    fn string(&mut self, quote: char) -> Result<(), Unclear> {
        self.literal(|next| match next {
            '\n' | '\r' => Ending::Missing,
            _ if next == quote => Ending::Here,
            _ => Ending::Later,
        })
    }

    fn slash(&mut self) -> Result<(), Unclear> {
        match self.last {
            Last::Brace => {
                Err(self.unclear("a / after a } may divide or begin a regular expression"))
            }
            Last::Value => {
                self.take(1);
                self.last = Last::Operator;
                Ok(())
            }
            Last::Operator | Last::Conditional | Last::Dot => self.regular_expression(),
        }
    }

    fn regular_expression(&mut self) -> Result<(), Unclear> {
        let mut in_class = false;
        self.literal(|next| {
            in_class = next == '[' || in_class && next != ']';
            match next {
                _ if is_line_end(next) => Ending::Missing,
                '/' if !in_class => Ending::Here,
                _ => Ending::Later,
            }
        })
    }

    /// From the quote at its beginning; `\` hides whatever follows it.
    fn literal(&mut self, mut ending: impl FnMut(char) -> Ending) -> Result<(), Unclear> {
        let mut escaped = false;
        for (at, next) in self.rest.char_indices().skip(1) {
            let seen = if escaped { '\\' } else { next };
            escaped = !escaped && next == '\\';
            match ending(seen) {
                Ending::Later => {}
                Ending::Missing => break,
                Ending::Here => {
                    self.take(at + next.len_utf8());
                    self.last = Last::Value;
                    return Ok(());
                }
            }
        }
        Err(self.unclear("a string, template or regular expression without an end"))
    }

    /// Up to its end or to its next `${`; from its beginning, or from the `}` that ends the one before.
    fn template(&mut self) -> Result<(), Unclear> {
        let mut before = ' ';
        self.literal(|next| {
            let substitution = before == '$' && next == '{';
            before = next;
            if next == '`' || substitution { Ending::Here } else { Ending::Later }
        })?;
        if !self.out.ends_with('`') {
            self.open.push(Open::Substitution);
            self.last = Last::Operator;
        }
        Ok(())
    }

    fn punctuation(&mut self, next: char, second: char) -> Result<(), Unclear> {
        if next == '}' && self.open.last() == Some(&Open::Substitution) {
            self.open.pop();
            return self.template();
        }
        match (next, second) {
            // Before or after its operand: what a `/` would be stays as it was.
            ('+', '+') | ('-', '-') => {
                self.take(2);
                return Ok(());
            }
            ('.', '.') => self.take("...".len()),
            _ => self.take(next.len_utf8()),
        };
        self.last = match (next, second) {
            ('(', _) if self.last == Last::Conditional => self.opened(Open::Condition),
            ('(', _) => self.opened(Open::Parenthesis),
            ('{', _) => self.opened(Open::Brace),
            (')' | '}', _) => return self.close(next),
            (']', _) => Last::Value,
            ('.', '.') => Last::Operator,
            ('.', _) => Last::Dot,
            _ => Last::Operator,
        };
        Ok(())
    }

    fn opened(&mut self, what: Open) -> Last {
        self.open.push(what);
        Last::Operator
    }

    fn close(&mut self, bracket: char) -> Result<(), Unclear> {
        self.last = match (bracket, self.open.pop()) {
            (')', Some(Open::Parenthesis)) => Last::Value,
            (')', Some(Open::Condition)) => Last::Operator,
            ('}', Some(Open::Brace)) => Last::Brace,
            _ => return Err(self.unclear("closes what is not open")),
        };
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn push_line_end(&mut self, end: char) {
        self.trim_line();
        self.out.push(end);
    }

    fn trim_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(is_space).len());
    }

    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with(is_line_end)
    }

    fn unclear(&self, why: &'static str) -> Unclear {
        Unclear { line: self.out.matches('\n').count() + 1, why }
    }
}

impl<'a> Scanner<'a> {
    /// Moves so many bytes to the output.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.out.push_str(taken);
        self.rest = rest;
        taken
    }
}

enum Ending {
    Here,
    Later,
    Missing,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '\\' | '\u{200c}' | '\u{200d}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is_space(c: char) -> bool {
    c.is_whitespace() && !is_line_end(c)
}

#[cfg(test)]
mod tests;
