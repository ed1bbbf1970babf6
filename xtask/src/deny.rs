//! `cargo xtask deny`: licences, advisories and sources of what we depend on, by the rules in `deny.toml`.

use crate::repo::Repo;
use crate::tools::Tool;
use crate::{Result, shell};

/// Takes two minutes to build on two cores.
const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

#[derive(Clone, Copy)]
pub enum Checks {
    All,
    /// The advisories are a Git repository on GitHub, which not every machine reaches.
    WithoutAdvisories,
}

pub fn run(repo: &Repo, checks: Checks) -> Result {
    let program = CARGO_DENY.program(repo)?;
    let names: &[&str] = match checks {
        Checks::All => &["advisories", "bans", "licenses", "sources"],
        Checks::WithoutAdvisories => &["bans", "licenses", "sources"],
    };
    shell::Command::new(program, repo.root()).args(["deny", "check"]).args(names).run()
}
