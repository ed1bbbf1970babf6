//! `cargo xtask tidy`: the repository's own rules, each with the reason that it gives to whoever breaks it.

mod code;
mod markdown;
mod pure;
mod text;
mod web;

use crate::repo::Repo;
use crate::{Result, report};
use std::collections::BTreeMap;

const RULES: &[Rule] = &[
    code::FILE_LENGTH,
    code::FIRST_LINE,
    code::UNFINISHED,
    code::SKIPPED_TEST,
    pure::PURE_CRATE,
    web::MARKUP_FROM_TEXT,
    text::TRAILING_WHITESPACE,
    text::LOCK_FILE,
    text::LOCAL_PATH,
    markdown::DEAD_LINK,
];

/// The rules spell out what they forbid.
const RULE_BOOK: &str = "xtask/src/tidy/";

struct Rule {
    name: &'static str,
    reason: &'static str,
    applies: fn(path: &str) -> bool,
    check: fn(&File<'_>, &Tree) -> Vec<Complaint>,
}

/// All text files of the checkout by path.
type Tree = BTreeMap<String, String>;

struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Complains about each line that holds one of the words.
    fn lines_with(&self, words: &[&str]) -> Vec<Complaint> {
        let found = |line: &str| words.iter().copied().find(|word| line.contains(word));
        self.lines()
            .filter_map(|(line, text)| Some(Complaint { line, about: found(text)?.to_owned() }))
            .collect()
    }
}

#[derive(Debug, PartialEq)]
struct Complaint {
    line: usize,
    about: String,
}

pub fn run(repo: &Repo) -> Result {
    let tree = read_all(repo)?;
    let mut broken = 0;
    for rule in RULES {
        let complaints = complaints(rule, &tree);
        for (path, Complaint { line, about }) in &complaints {
            report::line(format_args!("{path}:{line}: {about} [{}]", rule.name));
        }
        if !complaints.is_empty() {
            report::line(format_args!("  {}: {}\n", rule.name, rule.reason));
        }
        broken += complaints.len();
    }
    report::line(format_args!("{} files, {} rules", tree.len(), RULES.len()));
    if broken == 0 { Ok(()) } else { Err(format!("{broken} places break a rule")) }
}

fn complaints<'a>(rule: &Rule, tree: &'a Tree) -> Vec<(&'a str, Complaint)> {
    tree.iter()
        .filter(|(path, _)| (rule.applies)(path) && !path.starts_with(RULE_BOOK))
        // Others' files are kept as they came.
        .filter(|(path, _)| !path.contains("/vendor/"))
        .flat_map(|(path, text)| {
            let found = (rule.check)(&File { path, text }, tree);
            found.into_iter().map(move |complaint| (path.as_str(), complaint))
        })
        .collect()
}

/// Files that are no text (images, fuzz inputs) have nothing to tidy, but links lead to them.
fn read_all(repo: &Repo) -> Result<Tree> {
    let files = repo.files()?.into_iter();
    let text = |path: &String| repo.read(path).unwrap_or_default();
    Ok(files.map(|path| (path.clone(), text(&path))).collect())
}

fn is_source(path: &str) -> bool {
    path.ends_with(".rs") || path.ends_with(".js")
}

fn is_test(path: &str) -> bool {
    let folders = ["tests", "test", "fuzz"];
    path.split('/').any(|part| folders.contains(&part) || part == "tests.rs")
        || path.ends_with(".test.js")
}

/// One file that the rule accepts and one that it refuses.
#[cfg(test)]
fn assert_rule(rule: &Rule, path: &str, good: &str, bad: &str) {
    let verdict = |text: &str| {
        let tree = Tree::from([(path.to_owned(), text.to_owned())]);
        complaints(rule, &tree).len()
    };
    assert_eq!(verdict(good), 0, "{} refuses what is right", rule.name);
    assert_ne!(verdict(bad), 0, "{} accepts what is wrong", rule.name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_place() {
        assert!(is_test("tests/calls.test.js"));
        assert!(is_test("crates/rooms/tests/resume.rs"));
        assert!(is_test("crates/rooms/src/room/tests.rs"));
        assert!(!is_test("xtask/src/testing.rs"));
    }
}
