//! Rule for Markdown: a link within the repository leads somewhere, down to the heading.

use super::{Complaint, File, Rule, Tree};

pub const DEAD_LINK: Rule = Rule {
    name: "dead-link",
    reason: "a reader who follows a link must arrive",
    applies: |path| path.ends_with(".md"),
    check: |file, tree| {
        let dead = |(line, target): (usize, String)| {
            let about = explain(file, &target, tree)?;
            Some(Complaint { line, about: format!("{target}: {about}") })
        };
        links(file.text).into_iter().filter_map(dead).collect()
    },
};

/// What is wrong with a link, if anything is.
fn explain(file: &File<'_>, target: &str, tree: &Tree) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { file.path.to_owned() } else { resolve(file.path, path) };
    let folder = format!("{}/", path.trim_end_matches('/'));
    let Some(text) = tree.get(&path) else {
        let is_folder = path.is_empty() || tree.keys().any(|name| name.starts_with(&folder));
        return (!is_folder).then_some("no such file");
    };
    let missing =
        !anchor.is_empty() && path.ends_with(".md") && !anchors(text).any(|a| a == anchor);
    missing.then_some("no such heading")
}

fn resolve(from: &str, target: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The targets of `[text](target)` outside of code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, words) in prose(text) {
        let mut rest = without_code(words);
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, tail)) = after.split_once(')') else { break };
            let target = target.split_whitespace().next().unwrap_or_default();
            found.push((line, target.to_owned()));
            rest = tail.to_owned();
        }
    }
    found
}

/// The lines that stand in no fenced block, numbered.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// What a heading is linked by: lower case, blanks to hyphens, no punctuation.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter_map(|(_, line)| {
        let words = line.trim_start_matches('#');
        (words.len() < line.len()).then(|| words.trim())
    });
    headings.map(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    fn dead(text: &str) -> usize {
        let guide = "# Guide\n\n## How to join, & leave\n";
        let files =
            [("docs/guide.md", guide), ("docs/a.md", text), ("web/sdk/parlor.js", "// SDK\n")];
        let tree = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        complaints(&DEAD_LINK, &tree).len()
    }

    #[test]
    fn links_lead_to_files_folders_and_headings() {
        assert_eq!(dead("[a](guide.md) [b](../web/sdk/) [c](../web/sdk/parlor.js)\n"), 0);
        assert_eq!(dead("[a](guide.md#how-to-join--leave) [b](#here)\n\n# Here\n"), 0);
        assert_eq!(dead("[a](https://example.org/x.md) `[b](c.md)`\n"), 0);
        assert_eq!(dead("```\n[a](b.md)\n```\n"), 0);
    }

    #[test]
    fn a_link_to_nowhere_is_refused() {
        assert_eq!(dead("[a](missing.md)\n"), 1);
        assert_eq!(dead("[a](guide.md) and [b](guide.md#how-to-stay)\n"), 1);
    }
}
