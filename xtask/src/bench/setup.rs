//! What a benchmark needs: our own programs built, the peers installed from their packages.

use super::rounds::Scenario;
use super::servers::Server;
use crate::repo::Repo;
use crate::shell::{self, Command};
use crate::{Result, report};
use std::fs;
use std::path::PathBuf;

const PEERS: &str = "xtask/bench-peers";

/// Holds the lock file that the peers' `node_modules` was made from.
const INSTALLED_LOCK: &str = "xtask/bench-peers/node_modules/.installed-lock.json";

pub struct Programs {
    pub parlor: PathBuf,
    pub load_client: PathBuf,
    /// The folder of the servers in JavaScript.
    pub peers: PathBuf,
    /// Where servers write what they write.
    pub scratch: PathBuf,
    /// The server's and the client's, where there are two and a way to hold a process on one.
    pub cores: Option<(usize, usize)>,
}

pub fn run(repo: &Repo, scenarios: &[Scenario]) -> Result<Programs> {
    let runs = || scenarios.iter().flat_map(|scenario| &scenario.runs).map(|run| run.server);
    if runs().any(|server| server == Server::Coturn) {
        coturn(repo)?;
    }
    if runs().any(|server| server.script().is_some()) {
        node_packages(repo)?;
    }
    let release = repo.target().join("release");
    build(repo, "parlor-loadtest")?;
    let given = std::env::var_os("PARLOR_BINARY").map(PathBuf::from);
    if given.is_none() && runs().any(|server| matches!(server, Server::Parlor | Server::OneThread))
    {
        build(repo, "parlor")?;
    }
    let scratch = repo.target().join("bench");
    fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let parlor = given.unwrap_or_else(|| release.join("parlor"));
    Ok(Programs {
        parlor: std::path::absolute(parlor).map_err(|error| error.to_string())?,
        load_client: release.join("parlor-loadtest"),
        peers: repo.path(PEERS),
        scratch,
        cores: cores(),
    })
}

fn build(repo: &Repo, package: &str) -> Result {
    Command::cargo(repo.root()).args(["build", "--release", "--package", package]).run()
}

/// The last two, as the first one has the interrupts of most machines.
fn cores() -> Option<(usize, usize)> {
    let count = std::thread::available_parallelism().ok()?.get();
    shell::find("taskset")?;
    Some((count.checked_sub(1)?, count.checked_sub(2)?))
}

fn coturn(repo: &Repo) -> Result {
    if shell::find("turnserver").is_some() {
        return Ok(());
    }
    let id = Command::new("id", repo.root()).args(["-u"]).output();
    if shell::find("apt-get").is_none() || id.is_ok_and(|id| id.trim_ascii() != b"0") {
        return Err("coturn is missing. Install it with\n    \
             sudo apt-get update && sudo apt-get install --no-install-recommends coturn"
            .into());
    }
    report::line("coturn is missing: installing it");
    let apt = |arguments: &[&str]| {
        let command = Command::new("apt-get", repo.root()).args(arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt(&["update", "-q"])?;
    apt(&["install", "-q", "-y", "--no-install-recommends", "coturn"])
}

fn node_packages(repo: &Repo) -> Result {
    let wanted = repo.read(&format!("{PEERS}/package-lock.json"))?;
    if repo.read(INSTALLED_LOCK).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let npm = Command::new("npm", &repo.path(PEERS));
    npm.args(["ci", "--no-audit", "--no-fund"]).run()?;
    fs::write(repo.path(INSTALLED_LOCK), wanted)
        .map_err(|error| format!("{INSTALLED_LOCK}: {error}"))
}
