//! `cargo xtask types`: what the server's message types look like to clients in other languages, as a JSON Schema
//! and as TypeScript declarations. The Rust types are the only source; both files are committed.

mod typescript;

use crate::repo::Repo;
use crate::{Result, report};
use std::fs;

struct Generated {
    path: &'static str,
    text: String,
}

pub fn write(repo: &Repo) -> Result {
    for file in generate()? {
        fs::write(repo.path(file.path), file.text)
            .map_err(|error| format!("{}: {error}", file.path))?;
        report::line(format_args!("wrote {}", file.path));
    }
    Ok(())
}

pub fn check(repo: &Repo) -> Result {
    let stale: Vec<String> = generate()?
        .into_iter()
        .filter_map(|file| {
            let committed = repo.read(file.path).unwrap_or_default();
            Some(format!("{}, {}", file.path, first_difference(&committed, &file.text)?))
        })
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale: run `cargo xtask types` and commit\n{}", stale.join("\n")))
}

fn generate() -> Result<[Generated; 2]> {
    let schema = parlor_dialects::native::schema();
    let pretty = serde_json::to_string_pretty(&schema).map_err(|error| error.to_string())?;
    Ok([
        Generated { path: "docs/protocol.schema.json", text: pretty + "\n" },
        Generated { path: "web/sdk/protocol.d.ts", text: typescript::declarations(&schema) },
    ])
}

fn first_difference(committed: &str, fresh: &str) -> Option<String> {
    if committed == fresh {
        return None;
    }
    let (mut old, mut new) = (committed.lines(), fresh.lines());
    for line in 1.. {
        let (old, new) = (old.next(), new.next());
        if old != new || old.is_none() {
            let [old, new] = [old, new].map(|text| text.unwrap_or("(the end)").trim());
            return Some(format!("line {line}:\n  committed: {old}\n  generated: {new}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn drift_is_shown_by_its_first_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let shown = first_difference("a\nb\n", "a\nc\n");
        assert_eq!(shown.as_deref(), Some("line 2:\n  committed: b\n  generated: c"));
        let shown = first_difference("a\n", "a\nc\n");
        assert_eq!(shown.as_deref(), Some("line 2:\n  committed: (the end)\n  generated: c"));
    }
}
