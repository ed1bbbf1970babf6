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
mod tests {
    use super::*;

    #[track_caller]
    fn assert_strips(source: &str, stripped: &str) {
        assert_eq!(strip(source).as_deref(), Ok(stripped));
    }

    #[track_caller]
    fn assert_stays(source: &str) {
        assert_strips(source, source);
    }

    #[test]
    fn comments_and_indentation_go_and_line_breaks_stay() {
        assert_strips(
            "// What it is.\n\n/** @param {string} a\n * @param {number} b */\nfunction f(a, b) {\n  \treturn a; // so\n}\n",
            "\n\n\n\nfunction f(a, b) {\nreturn a;\n}\n",
        );
        assert_strips("a; // last", "a;");
        assert_strips("a;\r\n  // b\r\n  c;\u{2028}  d;", "a;\r\n\r\nc;\u{2028}d;");
    }

    #[test]
    fn what_a_comment_parted_stays_apart() {
        assert_strips("return/* a */b", "return b");
        assert_strips("a +/**/+ b; c /**// d", "a + + b; c / d");
        assert_strips("a = /** @type {A} */ (b)", "a = (b)");
        assert_strips("/** @type {A} */ #b = f(/** @type {C} */ c)", "#b = f(c)");
        assert_strips("return /* a\n b */ c", "return\nc");
        assert_strips("a /* b */ // c\nd", "a\nd");
        assert_strips("a /***/ /* * / **/ b", "a b");
    }

    #[test]
    fn nothing_in_a_string_is_a_comment() {
        for source in [
            "'http://a' + \"/* b */\" + 'it\\'s // c' + \"\\\\\"",
            "'\\\n  // still a string'",
            "'`${' + 1",
        ] {
            assert_stays(source);
        }
        assert_strips("'a' // 'b", "'a'");
        assert_strips("// it's\nb", "\nb");
    }

    #[test]
    fn templates_keep_their_text_and_lose_comments_in_their_code() {
        assert_stays("`http://a\n   /* b */ // c\n  \\` \\${ $\\a{ $ {`");
        assert_stays("`a${b}c${`d${{ e: '}' }[f]}g`}  h`");
        assert_strips("`a${ b // c }`\n  + `}`}/* d */`", "`a${ b\n+ `}`}/* d */`");
        assert_strips("`${() => { return {}; }}  // a` // b", "`${() => { return {}; }}  // a`");
        assert_stays("`$${a}` / b / `//`");
    }

    #[test]
    fn a_slash_after_a_value_divides() {
        for value in [
            "a",
            "a1",
            "1",
            "1.",
            ".5",
            "0x1f",
            "a)",
            "b[0]",
            "'a'",
            "`a`",
            "this",
            "a.if",
            "a?.return",
            "a++",
            "#a",
        ] {
            let open = if value.ends_with(')') { "(" } else { "" };
            assert_strips(&format!("{open}{value} / 2 // '/"), &format!("{open}{value} / 2"));
        }
        assert_stays("x.while(a) / 2 / '/'");
    }

    #[test]
    fn a_slash_where_a_value_is_missing_begins_a_regular_expression() {
        for before in [
            "", "a = ", "f(", "[", "a, ", "!", "return ", "typeof ", "case ", "a ? ", "a => ",
            "...", "x = a / ", "in ",
        ] {
            let after = if before == "f(" { ")" } else { "" };
            assert_stays(&format!("{before}/'[/'\\]//*]\\//g{after}"));
        }
        assert_strips("if (a) /'/.test(b); // c", "if (a) /'/.test(b);");
        assert_strips(
            "for await (const a of b) /'/.test(a); // c",
            "for await (const a of b) /'/.test(a);",
        );
        assert_strips("/a//b/ // c", "/a//b/");
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for source in [
            "'a\n'",
            "`a",
            "`a${b",
            "a = /b\n/",
            "/* a",
            "f(",
            "a)",
            "(}",
            "x = {} / 2",
            "{}\n/a/.test(b)",
        ] {
            assert!(strip(source).is_err(), "{source}");
        }
        assert_eq!(strip("a\n// b\n'c").map_err(|unclear| unclear.line), Err(3));
    }
}
