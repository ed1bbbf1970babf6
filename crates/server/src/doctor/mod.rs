//! `parlor doctor`: says why a call would not connect, and the one thing that mends it.

mod arguments;
mod examine;
mod exchange;
mod findings;
mod plan;
mod probes;
mod relays;
mod report;
mod show;
pub mod target;
mod turn_client;
mod verdict;

use arguments::{Asked, Command};
use examine::{Entropy, examine};
use plan::plan;
use report::{Area, Check};
use show::{Paint, Subject};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CHECKS_FAILED: u8 = 1;
const BAD_USAGE: u8 = 2;
/// Two for each relay, one for STUN.
const SEEDS: usize = 20;

/// The arguments after `doctor`.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let asked = match arguments::parse(arguments, environment) {
        Ok(Command::Print(text)) => {
            print(&text);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Examine(asked)) => *asked,
        Err(mistakes) => return refuse(&mistakes),
    };
    match report(asked) {
        Ok(code) => code,
        Err(error) => {
            _ = writeln!(io::stderr(), "parlor: cannot start the checks: {error}");
            CHECKS_FAILED.into()
        }
    }
}

fn report(asked: Asked) -> io::Result<ExitCode> {
    let json = asked.json;
    let began = Instant::now();
    let (target, checks) = match plan(asked) {
        Ok(plan) => {
            let target = plan.asked.map_or_else(
                || plan.target.origin().split("://").last().unwrap_or_default().to_owned(),
                |_| plan.target.origin(),
            );
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let checks = runtime.block_on(examine(&plan, entropy()?, &progress(json)));
            // A resolver that does not answer is not waited for.
            runtime.shutdown_background();
            (Some(target), checks)
        }
        Err(mistakes) => (None, vec![broken(&mistakes)]),
    };
    let verdict = verdict::verdict(&checks);
    let subject = Subject { target: target.as_deref(), took: began.elapsed() };
    if json {
        print(&show::json(&subject, &verdict, &checks));
    } else {
        if io::stderr().is_terminal() {
            _ = write!(io::stderr(), "{}", show::NO_PROGRESS);
        }
        print(&show::text(&subject, &verdict, &checks, paint()));
    }
    Ok(match verdict.result {
        report::Result::Failed => CHECKS_FAILED.into(),
        report::Result::Ok | report::Result::Skipped | report::Result::Warning => ExitCode::SUCCESS,
    })
}

fn broken(mistakes: &[String]) -> Check {
    let finding = findings::machine::configuration(mistakes);
    Check { area: Area::Configuration, took: Duration::ZERO, finding }
}

fn entropy() -> io::Result<Entropy> {
    let mut bytes = [0; 16 * (SEEDS + 1)];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let (numbers, _) = bytes.as_chunks::<16>();
    let mut seeds = numbers.iter().map(|number| u128::from_be_bytes(*number));
    let key = seeds.next().unwrap_or_default().to_be_bytes();
    Ok(Entropy { key, seeds: seeds.collect() })
}

/// Written as the checks end, where somebody looks on.
fn progress(json: bool) -> impl Fn(&Check) + Sync {
    let shown = !json && io::stderr().is_terminal();
    let done = AtomicUsize::new(0);
    move |check: &Check| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if shown {
            let line = show::progress(done, check.area, check.finding.result);
            _ = write!(io::stderr(), "{line}");
        }
    }
}

fn paint() -> Paint {
    let wanted = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if wanted { Paint::Colours } else { Paint::Plain }
}

/// A reader that goes away early, as `head` does, is no failure.
fn print(text: &str) {
    _ = io::stdout().write_all(text.as_bytes());
}

fn refuse(mistakes: &[String]) -> ExitCode {
    let mut out = io::stderr().lock();
    for mistake in mistakes {
        _ = writeln!(out, "parlor: {mistake}");
    }
    BAD_USAGE.into()
}
