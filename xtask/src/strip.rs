//! `cargo xtask strip`: the web's modules as the binary serves them.

#[path = "../../crates/server/src/web/strip/mod.rs"]
mod scanner;

use crate::repo::Repo;
use crate::{Result, report};

/// Each has as many lines as its source, so that several can be told apart.
pub fn print(repo: &Repo, files: &[&str]) -> Result {
    for file in files {
        let text = served(repo, file)?;
        report::line(text.strip_suffix('\n').unwrap_or(&text));
    }
    Ok(())
}

pub fn served(repo: &Repo, file: &str) -> Result<String> {
    scanner::strip(&repo.read(file)?)
        .map_err(|scanner::Unclear { line, why }| format!("{file}:{line}: {why}"))
}
