//! `cargo xtask conformance serve --listen ADDRESS:PORT`: what the official suites of Engine.IO and Socket.IO are run
//! against. The suites themselves are theirs, and are fetched by whoever runs them.

use crate::Result;
use crate::repo::Repo;
use crate::shell::Command;

pub fn run(repo: &Repo, arguments: &[&str]) -> Result {
    let ["serve", "--listen", address] = arguments else {
        return Err("usage: cargo xtask conformance serve --listen ADDRESS:PORT".into());
    };
    let example = ["run", "--package", "parlor", "--example", "conformance", "--"];
    Command::cargo(repo.root()).args(example).args(["--listen", address]).run()
}
