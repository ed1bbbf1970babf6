//! Rules for Rust and JavaScript: files that say one thing, and nothing left half done.

use super::{Complaint, File, Rule, is_source, is_test};

const LONGEST_FILE: usize = 400;

pub const FILE_LENGTH: Rule = Rule {
    name: "file-length",
    reason: "a file of more than 400 lines says more than one thing: split it",
    applies: |path| is_source(path) && !is_test(path),
    check: |file, _| {
        let lines = file.lines().count();
        let about = format!("{lines} lines");
        if lines > LONGEST_FILE { vec![Complaint { line: lines, about }] } else { Vec::new() }
    },
};

pub const FIRST_LINE: Rule = Rule {
    name: "first-line",
    reason: "the first line of a file says what lives in it (`//! …` in Rust, `// …` or `/** …` in JavaScript)",
    applies: is_source,
    check: |file, _| {
        let says = if file.path.ends_with(".rs") { says_in_rust } else { says_in_javascript };
        if says(file) {
            return Vec::new();
        }
        vec![Complaint { line: 1, about: "does not say what lives here".into() }]
    },
};

fn says_in_rust(file: &File<'_>) -> bool {
    let first = file.text.lines().next().unwrap_or_default();
    first.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty())
}

/// A script may begin with its `#!`; `/**` may leave its words to the next line.
fn says_in_javascript(file: &File<'_>) -> bool {
    let text = file.text.strip_prefix("#!").and_then(|rest| rest.split_once('\n'));
    let text = text.map_or(file.text, |(_, rest)| rest);
    let comment = text.strip_prefix("/**").or_else(|| text.strip_prefix("//"));
    let words = comment.map(|rest| rest.trim_start_matches([' ', '*', '\n']));
    words.is_some_and(|words| words.starts_with(char::is_alphanumeric))
}

pub const UNFINISHED: Rule = Rule {
    name: "unfinished",
    reason: "what is committed is finished: do it now, or open an issue",
    applies: |path| !path.ends_with(".lock"),
    check: |file, _| {
        let marks = ["TODO", "FIXME", "XXX", "HACK"];
        let marked = |line: &str| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.find(|word| marks.contains(word)).map(str::to_owned)
        };
        let mut found: Vec<Complaint> = file
            .lines()
            .filter_map(|(line, text)| Some(Complaint { line, about: marked(text)? }))
            .collect();
        found.extend(file.lines_with(&["dbg!(", "todo!(", "unimplemented!("]));
        found
    },
};

pub const SKIPPED_TEST: Rule = Rule {
    name: "skipped-test",
    reason: "a test that does not run holds nothing, and `only` silences all the others",
    applies: is_source,
    check: |file, _| {
        let rust = ["#[ignore"];
        let javascript = [".skip(", "skip:", ".only(", "only:", ".todo("];
        if file.path.ends_with(".rs") {
            return file.lines_with(&rust);
        }
        if file.path.ends_with(".test.js") { file.lines_with(&javascript) } else { Vec::new() }
    },
};

#[cfg(test)]
mod tests {
    use super::super::assert_rule;
    use super::*;

    #[test]
    fn file_length() {
        assert_rule(&FILE_LENGTH, "crates/a/src/b.rs", &"x\n".repeat(400), &"x\n".repeat(401));
    }

    #[test]
    fn first_line() {
        assert_rule(&FIRST_LINE, "a.rs", "//! Who is where.\n", "use std::fmt;\n");
        assert_rule(&FIRST_LINE, "a.js", "// Who is where.\n", "import './b.js';\n");
        assert_rule(&FIRST_LINE, "a.js", "/**\n * Who is where.\n */\n", "/** */\n");
        assert_rule(&FIRST_LINE, "a.js", "#!/usr/bin/env node\n// Who.\n", "#!/usr/bin/env node\n");
    }

    #[test]
    fn unfinished() {
        assert_rule(&UNFINISHED, "a.js", "const TODOS = [];\n", "// TODO: later\n");
        assert_rule(&UNFINISHED, "a.rs", "debug!(x)\n", "dbg!(x)\n");
    }

    #[test]
    fn skipped_test() {
        assert_rule(&SKIPPED_TEST, "a.rs", "#[test]\n", "#[ignore = \"slow\"]\n");
        assert_rule(&SKIPPED_TEST, "a.test.js", "test('a')\n", "test.skip('a')\n");
    }
}
