//! Cargo programs that only some commands need: built once into `target/tools`, never into the user's home.

use crate::repo::Repo;
use crate::{Result, report, shell};
use std::path::PathBuf;

pub struct Tool {
    pub name: &'static str,
    /// What is built when the tool is missing; one found on the `PATH` may be another.
    pub version: &'static str,
}

impl Tool {
    /// The program on the `PATH`, else our own copy, which is built when it is missing.
    pub fn program(&self, repo: &Repo) -> Result<PathBuf> {
        if let Some(found) = shell::find(self.name) {
            return Ok(found);
        }
        let tools = repo.target().join("tools");
        let program = tools.join("bin").join(self.name);
        if !program.is_file() {
            report::line(format_args!("{} is not installed: building it once", self.name));
            shell::Command::cargo(repo.root())
                .args(["install", "--locked", self.name, "--version", self.version, "--root"])
                .args([&tools])
                .env("CARGO_TARGET_DIR", tools.join("build"))
                .run()?;
        }
        Ok(program)
    }
}
