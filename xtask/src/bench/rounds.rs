//! All scenarios, round by round, with the servers one after the other inside each scenario: what disturbs the machine
//! disturbs them alike.

use super::children::Children;
use super::client::{self, Figures};
use super::options::Options;
use super::servers::Server;
use super::setup::Programs;
use crate::{Result, report};
use std::collections::BTreeMap;

/// Percent of the packets; less is what was on its way when the window closed.
const WORTH_TELLING: f64 = 1.0;

/// What is asked of several servers in the same way.
pub struct Scenario {
    pub name: &'static str,
    pub runs: Vec<Run>,
}

/// One server's part of it.
pub struct Run {
    pub server: Server,
    /// How the server is started, beside what is always so.
    pub flags: Vec<&'static str>,
    pub cores: Cores,
    /// What the load client is told: the kind of load, then its options.
    pub load: Vec<&'static str>,
}

/// What a server of ours may run on; those of others have one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// One that the load client stays away from.
    Own,
    /// All, which it shares with the load client.
    All,
}

/// What all rounds found, by scenario and server; one list of figures per round.
pub struct Samples {
    found: BTreeMap<(&'static str, Server), Vec<Vec<Figures>>>,
}

impl Samples {
    /// The values of a figure, one per round: added up over parts of a run, such as both ways of a packet.
    pub fn values(
        &self,
        scenario: &'static str,
        server: Server,
        parts: &[&str],
        figure: &str,
    ) -> Vec<f64> {
        let rounds = self.found.get(&(scenario, server));
        let sum = |round: &Vec<Figures>| {
            let value = |part: &&str| round.iter().find(|run| run.name() == *part)?.get(figure);
            parts.iter().map(value).sum::<Option<f64>>()
        };
        rounds.into_iter().flatten().filter_map(sum).collect()
    }
}

pub fn measure(
    options: &Options,
    scenarios: &[Scenario],
    programs: &Programs,
    children: &Children,
) -> Result<Samples> {
    let mut samples = Samples { found: BTreeMap::new() };
    for round in 1..=options.rounds {
        for scenario in scenarios {
            let names: Vec<&str> = scenario.runs.iter().map(|run| run.server.name()).collect();
            let shown = names.join(", ");
            report::line(format_args!("round {round}: {}: {shown}", scenario.name));
            for run in &scenario.runs {
                let figures = twice(|| client::run(run, options, programs, children))
                    .map_err(|reason| format!("{}: {reason}", scenario.name))?;
                tell_losses(run.server, &figures);
                let key = (scenario.name, run.server);
                samples.found.entry(key).or_default().push(figures);
            }
        }
    }
    Ok(samples)
}

/// Somebody else's minute on the machine is no reason to lose an hour of rounds.
fn twice<T>(measure: impl Fn() -> Result<T>) -> Result<T> {
    measure().or_else(|reason| {
        report::line(format_args!("  once more: {reason}"));
        measure()
    })
}

/// What a server lost it had little work with: its time per packet is then no merit.
fn tell_losses(server: Server, figures: &[Figures]) {
    for part in figures {
        if let Some(percent) = part.get("lostPercent").filter(|percent| *percent > WORTH_TELLING) {
            report::line(format_args!(
                "  {} lost {percent:.1} % of the packets, {}",
                server.name(),
                part.name()
            ));
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;

    /// Samples of one scenario `s`: for each server, what `cpuMicros` was in each round.
    pub fn samples(of: &[(Server, &[f64])]) -> Samples {
        let figures = |micros: &f64| vec![json!({"name": "relay", "cpuMicros": micros}).into()];
        let rounds = |rounds: &[f64]| rounds.iter().map(figures).collect();
        let found = of.iter().map(|(server, values)| (("s", *server), rounds(values))).collect();
        Samples { found }
    }

    #[test]
    fn parts_of_a_run_are_added_up_round_by_round() {
        let round = |up: f64, down: f64| -> Vec<Figures> {
            vec![
                json!({"name": "up", "cpuMicros": up}).into(),
                json!({"name": "down", "cpuMicros": down}).into(),
            ]
        };
        let key = ("echo", Server::Coturn);
        let found = BTreeMap::from([(key, vec![round(1.0, 2.0), round(3.0, 4.0)])]);
        let samples = Samples { found };
        let of = |parts: &[&str]| samples.values("echo", Server::Coturn, parts, "cpuMicros");
        assert_eq!(of(&["up", "down"]), [3.0, 7.0]);
        assert_eq!(of(&["down"]), [2.0, 4.0]);
        assert!(of(&["sideways"]).is_empty());
    }
}
