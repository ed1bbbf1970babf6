//! Rules for every text file: clean diffs, lock files that any registry serves, nothing of one's own machine.

use super::{Complaint, File, Rule};

pub const TRAILING_WHITESPACE: Rule = Rule {
    name: "trailing-whitespace",
    reason: "invisible changes hide the visible ones; a file ends with one newline",
    applies: |path| !path.starts_with("fuzz/corpus/"),
    check: |file, _| {
        let mut found: Vec<Complaint> = file
            .lines()
            .filter(|(_, text)| text.ends_with([' ', '\t', '\r']))
            .map(|(line, _)| Complaint { line, about: "whitespace at the end".into() })
            .collect();
        found.extend(wrong_end(file));
        found
    },
};

fn wrong_end(file: &File<'_>) -> Option<Complaint> {
    let text = file.text;
    let right = text.is_empty() || (text.ends_with('\n') && !text.ends_with("\n\n"));
    let line = text.lines().count();
    (!right).then(|| Complaint { line, about: "does not end with one newline".into() })
}

pub const LOCK_FILE: Rule = Rule {
    name: "lock-file",
    reason: "a lock file names versions and hashes; where to fetch them from is each machine's own setting",
    applies: |path| path.ends_with("package-lock.json") || path.ends_with("Cargo.lock"),
    check: |file, _| {
        let of_crates_io = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        let addresses = ["http://", "\"resolved\":", "source = "];
        let mut found = file.lines_with(&addresses);
        let fine: Vec<usize> =
            file.lines().filter(|(_, text)| *text == of_crates_io).map(|(line, _)| line).collect();
        found.retain(|complaint| !fine.contains(&complaint.line));
        found
    },
};

pub const LOCAL_PATH: Rule = Rule {
    name: "local-path",
    reason: "a path of one machine means nothing on another",
    applies: |_| true,
    check: |file, _| file.lines_with(&["/root/", "/home/", "/Users/"]),
};

#[cfg(test)]
mod tests {
    use super::super::assert_rule;
    use super::*;

    #[test]
    fn trailing_whitespace() {
        assert_rule(&TRAILING_WHITESPACE, "a.md", "One.\n\nTwo.\n", "One. \n");
        assert_rule(&TRAILING_WHITESPACE, "a.md", "", "no newline");
        assert_rule(&TRAILING_WHITESPACE, "a.md", "One.\n", "One.\n\n");
    }

    #[test]
    fn lock_file() {
        let good = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let bad = "source = \"registry+https://mirror.example/index\"\n";
        assert_rule(&LOCK_FILE, "Cargo.lock", good, bad);
        let bad = "\"resolved\": \"https://mirror.example/a.tgz\"\n";
        assert_rule(&LOCK_FILE, "package-lock.json", "\"integrity\": \"sha512-\"\n", bad);
    }

    #[test]
    fn local_path() {
        assert_rule(&LOCAL_PATH, "a.md", "cd parlor\n", "cd /home/grace/parlor\n");
    }
}
