//! What the tests need beside cargo. Installs it where that is ours to do, else names the command that does.

use crate::repo::Repo;
use crate::shell::{self, Command};
use crate::{Result, report};
use std::fs;

/// The oldest Node with a test runner that does what ours need.
const OLDEST_NODE: u32 = 20;

/// Holds the lock file that `node_modules` was made from.
const INSTALLED_LOCK: &str = "node_modules/.installed-lock.json";

pub fn run(repo: &Repo) -> Result {
    let outcomes = [
        chromium(repo),
        programs(repo, "coturn", "coturn", &["turnutils_uclient", "turnutils_peer", "turnserver"]),
        programs(repo, "ip", "iproute2", &["ip"]),
        programs(repo, "nft", "nftables", &["nft"]),
        programs(repo, "promtool", "prometheus", &["promtool"]),
        node(repo).and_then(|()| packages(repo)),
    ];
    let missing: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// Where the tests find the browser: `PARLOR_CHROMIUM`, else `chromium` on the `PATH`.
fn chromium(repo: &Repo) -> Result {
    if std::env::var_os("PARLOR_CHROMIUM").is_some() || shell::find("chromium").is_some() {
        return Ok(());
    }
    install(repo, "Chromium", "chromium")
        .map_err(|how| format!("{how}\n  or set PARLOR_CHROMIUM to the path of one"))
}

/// What somebody else wrote: clients and servers of TURN, hosts and firewalls, the checker of metrics.
fn programs(repo: &Repo, name: &str, package: &str, programs: &[&str]) -> Result {
    let found = programs.iter().all(|program| shell::find(program).is_some());
    if found { Ok(()) } else { install(repo, name, package) }
}

/// By Debian's package manager where we may use it, else the error says how to.
fn install(repo: &Repo, name: &str, package: &str) -> Result {
    if shell::find("apt-get").is_none() || !is_root(repo) {
        return Err(format!(
            "{name} is missing. Install it with\n    \
             sudo apt-get update && sudo apt-get install --no-install-recommends {package}"
        ));
    }
    report::line(format_args!("{name} is missing: installing it"));
    let apt = |arguments: &[&str]| {
        Command::new("apt-get", repo.root())
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()
    };
    apt(&["update", "-q"])?;
    apt(&["install", "-q", "-y", "--no-install-recommends", package])
}

fn is_root(repo: &Repo) -> bool {
    Command::new("id", repo.root()).args(["-u"]).output().is_ok_and(|id| id.trim_ascii() == b"0")
}

fn node(repo: &Repo) -> Result {
    let version = Command::new("node", repo.root()).args(["--version"]).output();
    let version = version.map(|text| String::from_utf8_lossy(&text).trim().to_owned());
    match version.as_deref().map(major) {
        Ok(Some(found)) if found >= OLDEST_NODE => Ok(()),
        Ok(_) => Err(format!(
            "Node {OLDEST_NODE} or later is needed, `node --version` says {}",
            version.unwrap_or_default()
        )),
        Err(_) => Err(format!(
            "Node {OLDEST_NODE} or later is missing; https://nodejs.org/en/download says how to install it"
        )),
    }
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn packages(repo: &Repo) -> Result {
    let wanted = repo.read("package-lock.json")?;
    if repo.read(INSTALLED_LOCK).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    Command::new("npm", repo.root()).args(["ci", "--no-audit", "--no-fund"]).run()?;
    fs::write(repo.path(INSTALLED_LOCK), wanted)
        .map_err(|error| format!("{INSTALLED_LOCK}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.11.1"), Some(20));
        assert_eq!(major("v22.0.0-nightly"), Some(22));
        assert_eq!(major("20.1"), None);
    }
}
