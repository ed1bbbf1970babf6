//! `cargo xtask conformance serve --listen ADDRESS:PORT [--deflate]`: what the official suites of WebSocket, Engine.IO and
//! Socket.IO are run against. The suites themselves are theirs, and are fetched by whoever runs them.

use crate::Result;
use crate::repo::Repo;
use crate::shell::Command;

pub fn run(repo: &Repo, arguments: &[&str]) -> Result {
    let (["serve", options @ ..], true) = (arguments, are_known(arguments)) else {
        return Err("usage: cargo xtask conformance serve --listen ADDRESS:PORT [--deflate]".into());
    };
    let example = ["run", "--package", "parlor", "--example", "conformance", "--"];
    Command::cargo(repo.root()).args(example).args(options).run()
}

fn are_known(arguments: &[&str]) -> bool {
    matches!(arguments, ["serve", "--listen", _] | ["serve", "--listen", _, "--deflate"])
}
