//! What the person at the command line wants measured.

use super::rounds::Scenario;
use super::servers::Server;
use crate::Result;
use crate::repo::Repo;
use std::path::PathBuf;

/// A median of less is no median; more than this takes a night.
const ROUNDS: std::ops::RangeInclusive<usize> = 1..=50;
const SECONDS: std::ops::RangeInclusive<f64> = 0.2..=60.0;

#[derive(Clone, Copy, PartialEq)]
pub enum Suite {
    Turn,
    Signaling,
}

impl Suite {
    pub fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Signaling => "signaling",
        }
    }
}

pub struct Options {
    pub suite: Suite,
    pub rounds: usize,
    pub seconds: f64,
    pub gate: bool,
    pub json: PathBuf,
    servers: Vec<Server>,
    only: Vec<String>,
}

impl Options {
    pub fn parse(repo: &Repo, arguments: &[&str]) -> Result<Self> {
        let (suite, mut rest) = match arguments {
            ["turn", rest @ ..] => (Suite::Turn, rest),
            ["signaling", rest @ ..] => (Suite::Signaling, rest),
            _ => return Err(format!("usage: cargo xtask\n{}", super::USAGE)),
        };
        let json = repo.target().join("bench").join(format!("{}.json", suite.name()));
        let (servers, only) = (Vec::new(), Vec::new());
        let mut options = Self { suite, rounds: 5, seconds: 3.0, gate: false, json, servers, only };
        loop {
            rest = match rest {
                [] => return Ok(options),
                ["--gate", rest @ ..] => {
                    options.gate = true;
                    rest
                }
                [name, value, rest @ ..] => {
                    options.take(name, value)?;
                    rest
                }
                [name] => return Err(format!("{name} is no option, or lacks a value")),
            };
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result {
        let wrong = || format!("{name} can't be {value}");
        match name {
            "--rounds" => {
                let rounds = value.parse().ok().filter(|rounds| ROUNDS.contains(rounds));
                self.rounds = rounds.ok_or_else(wrong)?;
            }
            "--seconds" => {
                let seconds = value.parse().ok().filter(|seconds| SECONDS.contains(seconds));
                self.seconds = seconds.ok_or_else(wrong)?;
            }
            "--json" => self.json = PathBuf::from(value),
            "--server" => self.servers.push(Server::named(value).ok_or_else(wrong)?),
            "--only" => self.only.push(value.to_owned()),
            _ => return Err(format!("there is no option {name}\n{}", super::USAGE)),
        }
        Ok(())
    }

    /// The scenarios that are left, each with the servers that are left.
    pub fn chosen(&self, scenarios: Vec<Scenario>) -> Result<Vec<Scenario>> {
        let wanted = |name: &str| {
            self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
        };
        let mut chosen: Vec<Scenario> =
            scenarios.into_iter().filter(|scenario| wanted(scenario.name)).collect();
        if !self.servers.is_empty() {
            for scenario in &mut chosen {
                scenario.runs.retain(|run| self.servers.contains(&run.server));
            }
            chosen.retain(|scenario| !scenario.runs.is_empty());
        }
        if chosen.is_empty() { Err("nothing is left to measure".into()) } else { Ok(chosen) }
    }
}
