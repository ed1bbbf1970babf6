//! What has to hold, cheapest first, so that a slip shows before the long builds.

use super::tally::Tally;
use super::{sdk_size, setup};
use crate::repo::Repo;
use crate::shell::Command;
use crate::{Result, report, tidy, types};

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&Repo) -> (Tally, Result),
}

pub const STEPS: &[Step] = &[
    Step {
        name: "setup",
        about: "Chromium, coturn, promtool, Node and npm packages are here",
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

/// Pages with video cost a good part of a core each, and the tests time what they see. A file that does not end by
/// itself is ended.
const WITH_BROWSERS: [&str; 2] = ["--test-concurrency=1", "--test-timeout=600000"];

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

/// A browser on a busy machine may stand still for longer than any patience. So a file that failed is run once more, by
/// itself, and both outcomes are shown: what fails twice is broken.
fn end_to_end(repo: &Repo) -> (Tally, Result) {
    if let failed @ Err(_) = Command::cargo(repo.root()).args(["build", "--release"]).run() {
        return untallied(failed);
    }
    let files = match test_files(repo, &["tests/"]) {
        Ok(files) => files,
        failed @ Err(_) => return untallied(failed.map(drop)),
    };
    let (seen, outcome) = run_node(repo, &WITH_BROWSERS, &files);
    let (tally, again) = (Tally::of_node_test(&seen), failed_files(&seen));
    if outcome.is_ok() || again.is_empty() {
        return (tally, outcome);
    }
    report::heading(format_args!("once more, by themselves: {}", again.join(", ")));
    match run_node(repo, &WITH_BROWSERS, &again) {
        (_, Ok(())) => {
            report::line(format_args!("passed the second time: {}", again.join(", ")));
            (Tally { passed: tally.passed + tally.failed, failed: 0 }, Ok(()))
        }
        (_, outcome) => (tally, outcome),
    }
}

fn node_tests(repo: &Repo, folders: &[&str], flags: &[&str]) -> (Tally, Result) {
    match test_files(repo, folders) {
        Ok(files) => {
            let (seen, outcome) = run_node(repo, flags, &files);
            (Tally::of_node_test(&seen), outcome)
        }
        failed @ Err(_) => untallied(failed.map(drop)),
    }
}

/// Names each file: Node 20 knows no patterns, and later versions no folders.
fn test_files(repo: &Repo, folders: &[&str]) -> Result<Vec<String>> {
    let mut files = repo.files()?;
    files.retain(|file| {
        file.ends_with(".test.js") && folders.iter().any(|folder| file.starts_with(folder))
    });
    if files.is_empty() {
        return Err(format!("no *.test.js in {}", folders.join(", ")));
    }
    Ok(files)
}

fn run_node(repo: &Repo, flags: &[&str], files: &[String]) -> (String, Result) {
    Command::new("node", repo.root())
        .args(["--test", "--test-reporter=spec"])
        .args(flags)
        .args(files)
        .env("PARLOR_BINARY", repo.target().join("release/parlor"))
        .watch()
}

/// The files of `test at tests/calls.test.js:46:3`, as the reporter lists what failed; each once.
fn failed_files(output: &str) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for place in output.lines().filter_map(|line| line.trim().strip_prefix("test at ")) {
        let file = place.split(':').next().unwrap_or_default().to_owned();
        if file.ends_with(".test.js") && !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

fn untallied(outcome: Result) -> (Tally, Result) {
    (Tally::default(), outcome)
}

#[cfg(test)]
mod tests {
    use super::failed_files;

    #[test]
    fn each_file_that_failed_is_named_once() {
        let output = "ok\n\ntest at tests/tls.test.js:1:1\n\u{2716} a\ntest at tests/tls.test.js:9:3\n\
            test at tests/calls.test.js:46:3\n  at file:///x/tests/web.test.js:1:2\n";
        assert_eq!(failed_files(output), ["tests/tls.test.js", "tests/calls.test.js"]);
        assert!(failed_files("\u{2139} pass 3\n").is_empty());
    }
}
