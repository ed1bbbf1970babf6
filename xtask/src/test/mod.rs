//! `cargo xtask test`: runs every step, goes on after a failure, and ends with one line that says how it went.

mod sdk_size;
mod setup;
mod steps;
mod tally;

use crate::repo::Repo;
use crate::{Result, report};
use std::time::{Duration, Instant};
use steps::{STEPS, Step};
use tally::Tally;

pub fn run(repo: &Repo, arguments: &[&str]) -> Result {
    match Selection::parse(arguments)? {
        Selection::List => {
            for step in STEPS {
                report::line(format_args!("{:<10} {}", step.name, step.about));
            }
            Ok(())
        }
        Selection::Steps(steps) => run_all(repo, &steps),
    }
}

enum Selection {
    List,
    Steps(Vec<&'static Step>),
}

impl Selection {
    fn parse(mut arguments: &[&str]) -> Result<Self> {
        let mut chosen = Vec::new();
        loop {
            arguments = match arguments {
                [] if chosen.is_empty() => return Ok(Self::Steps(STEPS.iter().collect())),
                [] => return Ok(Self::Steps(chosen)),
                ["--list"] => return Ok(Self::List),
                ["--only", name, rest @ ..] => {
                    chosen.push(find(name)?);
                    rest
                }
                _ => return Err("usage: cargo xtask test [--list] [--only <step>]…".into()),
            }
        }
    }
}

fn find(name: &str) -> Result<&'static Step> {
    STEPS
        .iter()
        .find(|step| step.name == name)
        .ok_or_else(|| format!("no step {name:?}; `cargo xtask test --list` names them"))
}

struct Finished {
    step: &'static Step,
    tally: Tally,
    outcome: Result,
    took: Duration,
}

fn run_all(repo: &Repo, steps: &[&'static Step]) -> Result {
    let finished: Vec<Finished> = steps
        .iter()
        .enumerate()
        .map(|(done, step)| run_one(repo, step, done, steps.len()))
        .collect();
    report::heading("summary");
    let total = finished.iter().map(summarise).sum::<Tally>();
    report::line(format_args!("\n{total}"));
    if total.failed == 0 { Ok(()) } else { Err(String::new()) }
}

fn run_one(repo: &Repo, step: &'static Step, done: usize, of: usize) -> Finished {
    report::heading(format_args!("[{}/{of}] {}: {}", done + 1, step.name, step.about));
    let started = Instant::now();
    let (tally, outcome) = (step.run)(repo);
    if let Err(reason) = &outcome {
        report::line(format_args!("FAILED {}: {reason}", step.name));
    }
    Finished { step, tally: tally.settled(&outcome), outcome, took: started.elapsed() }
}

fn summarise(finished: &Finished) -> Tally {
    let Finished { step, tally, outcome, took } = finished;
    let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
    let seconds = took.as_secs_f32();
    report::line(format_args!("{verdict:<7} {:<10} {seconds:>6.1} s   {tally}", step.name));
    if let Err(reason) = outcome {
        report::line(format_args!("        {}", reason.lines().next().unwrap_or_default()));
    }
    *tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Vec<&'static str> {
        match Selection::parse(arguments) {
            Ok(Selection::Steps(steps)) => steps.iter().map(|step| step.name).collect(),
            Ok(Selection::List) | Err(_) => Vec::new(),
        }
    }

    #[test]
    fn without_a_choice_every_step_runs() {
        assert_eq!(names(&[]).len(), STEPS.len());
    }

    #[test]
    fn chosen_steps_run_in_the_order_of_the_choice() {
        assert_eq!(names(&["--only", "tidy", "--only", "fmt"]), ["tidy", "fmt"]);
    }

    #[test]
    fn a_step_that_does_not_exist_is_refused() {
        assert!(Selection::parse(&["--only", "tiddy"]).is_err());
    }
}
