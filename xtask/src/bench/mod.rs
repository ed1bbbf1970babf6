//! `cargo xtask bench`: what the server costs beside servers that people know, in one run on one machine.

mod chart;
mod children;
mod client;
mod machine;
mod options;
mod outcome;
mod print;
mod rounds;
mod servers;
mod setup;
mod signaling;
mod table;
mod turn;

use crate::repo::Repo;
use crate::{Result, report};
use children::Children;
use options::{Options, Suite};
use outcome::Outcome;
use std::fs;

pub const USAGE: &str = "  bench turn|signaling [options]   what the server costs beside others
    --rounds N                       (5)
    --seconds N                      measured in each run (3)
    --server <name>…                 only these; --only <part of a scenario's name>…
    --gate                           fails when a budget is broken
    --json FILE                      where the figures go, and the charts beside it (target/bench/)";

pub fn run(repo: &Repo, arguments: &[&str]) -> Result {
    let options = Options::parse(repo, arguments)?;
    let children = Children::new()?;
    let tables = match options.suite {
        Suite::Turn => turn::tables(),
        Suite::Signaling => signaling::tables(),
    };
    let scenarios = match options.suite {
        Suite::Turn => turn::scenarios(),
        Suite::Signaling => signaling::scenarios(),
    };
    let scenarios = options.chosen(scenarios)?;
    let programs = setup::run(repo, &scenarios)?;
    let samples = rounds::measure(&options, &scenarios, &programs, &children)?;
    let outcomes: Vec<Outcome> =
        tables.iter().map(|table| Outcome::of(table, &samples)).filter(Outcome::has_rows).collect();
    for outcome in &outcomes {
        report::line(print::text(outcome));
    }
    write(&options, &outcomes)?;
    let broken: Vec<String> = outcomes.iter().flat_map(Outcome::broken).collect();
    if options.gate && !broken.is_empty() {
        return Err(format!("over budget:\n  {}", broken.join("\n  ")));
    }
    Ok(())
}

/// The figures as JSON, and a chart of each table in the same folder.
fn write(options: &Options, outcomes: &[Outcome]) -> Result {
    let told = |error: std::io::Error| format!("{}: {error}", options.json.display());
    let folder = options.json.parent().ok_or("--json needs a file")?;
    fs::create_dir_all(folder).map_err(told)?;
    let json = print::json(options, outcomes);
    fs::write(&options.json, format!("{json:#}\n")).map_err(told)?;
    for outcome in outcomes {
        let chart = folder.join(format!("{}.svg", outcome.name));
        fs::write(&chart, chart::svg(outcome)).map_err(told)?;
    }
    report::line(format_args!("\nfigures and charts: {}", folder.display()));
    Ok(())
}
