//! `cargo xtask timing`: whether the time of a refusal tells anything of a secret. No part of `test`: it measures.

use crate::repo::Repo;
use crate::{Result, shell};

pub fn run(repo: &Repo) -> Result {
    let measurement = ["run", "--release", "-p", "parlor", "--example", "timing"];
    shell::Command::cargo(repo.root()).args(measurement).run()
}
