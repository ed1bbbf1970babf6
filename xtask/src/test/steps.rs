//! What has to hold, cheapest first, so that a slip shows before the long builds.

use super::tally::Tally;
use super::{sdk_size, setup};
use crate::repo::Repo;
use crate::shell::Command;
use crate::{Result, tidy, types};

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&Repo) -> (Tally, Result),
}

pub const STEPS: &[Step] = &[
    Step {
        name: "setup",
        about: "Chromium, coturn, Node and npm packages are here",
        run: setup_step,
    },
    Step { name: "fmt", about: "Rust is formatted", run: fmt },
    Step { name: "tidy", about: "the repository's own rules", run: tidy_step },
    Step { name: "types", about: "generated protocol files are fresh", run: types_step },
    Step { name: "sdk-size", about: "the SDK stays small on the wire", run: sdk_size_step },
    Step { name: "web-types", about: "tsc finds no mistake in the JavaScript", run: web_types },
    Step { name: "web", about: "tests of the SDK's and the app's pure modules", run: web },
    Step { name: "clippy", about: "the linter has no complaint", run: clippy },
    Step { name: "rust", about: "tests of all crates, replay of the fuzz corpora", run: rust },
    Step { name: "e2e", about: "release build, real browsers against it", run: end_to_end },
];

/// Pages with video cost a good part of a core each, and the tests time what they see.
const BROWSER_TESTS_AT_ONCE: &str = "--test-concurrency=1";

fn setup_step(repo: &Repo) -> (Tally, Result) {
    untallied(setup::run(repo))
}

fn fmt(repo: &Repo) -> (Tally, Result) {
    untallied(Command::cargo(repo.root()).args(["fmt", "--all", "--check"]).run())
}

fn tidy_step(repo: &Repo) -> (Tally, Result) {
    untallied(tidy::run(repo))
}

fn types_step(repo: &Repo) -> (Tally, Result) {
    untallied(types::check(repo))
}

fn sdk_size_step(repo: &Repo) -> (Tally, Result) {
    untallied(sdk_size::run(repo))
}

fn web_types(repo: &Repo) -> (Tally, Result) {
    let tsc = repo.path("node_modules/.bin/tsc");
    untallied(Command::new(tsc, repo.root()).args(["-p", "web/tsconfig.json"]).run())
}

fn web(repo: &Repo) -> (Tally, Result) {
    node_tests(repo, &["web/test/", "web/app/test/"], &[])
}

fn clippy(repo: &Repo) -> (Tally, Result) {
    let lint = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    untallied(Command::cargo(repo.root()).args(lint).run())
}

fn rust(repo: &Repo) -> (Tally, Result) {
    let (seen, outcome) =
        Command::cargo(repo.root()).args(["test", "--workspace", "--no-fail-fast"]).watch();
    (Tally::of_cargo_test(&seen), outcome)
}

fn end_to_end(repo: &Repo) -> (Tally, Result) {
    match Command::cargo(repo.root()).args(["build", "--release"]).run() {
        Ok(()) => node_tests(repo, &["tests/"], &[BROWSER_TESTS_AT_ONCE]),
        failed @ Err(_) => untallied(failed),
    }
}

/// Names each file: Node 20 knows no patterns, and later versions no folders.
fn node_tests(repo: &Repo, folders: &[&str], flags: &[&str]) -> (Tally, Result) {
    let files = match repo.files() {
        Ok(files) => files,
        Err(error) => return untallied(Err(error)),
    };
    let is_test = |file: &&String| {
        file.ends_with(".test.js") && folders.iter().any(|folder| file.starts_with(folder))
    };
    let tests: Vec<&String> = files.iter().filter(is_test).collect();
    if tests.is_empty() {
        return untallied(Err(format!("no *.test.js in {}", folders.join(", "))));
    }
    let (seen, outcome) = Command::new("node", repo.root())
        .args(["--test", "--test-reporter=spec"])
        .args(flags)
        .args(tests)
        .env("PARLOR_BINARY", repo.target().join("release/parlor"))
        .watch();
    (Tally::of_node_test(&seen), outcome)
}

fn untallied(outcome: Result) -> (Tally, Result) {
    (Tally::default(), outcome)
}
