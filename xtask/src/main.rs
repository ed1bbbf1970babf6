//! The project's own commands, `cargo xtask <command>`. Each one lives in the module of its name.

mod bench;
mod conformance;
mod deny;
mod fuzz;
mod repo;
mod report;
mod shell;
mod strip;
mod test;
mod tidy;
mod timing;
mod tools;
mod types;

use std::process::ExitCode;

/// What a command that did not succeed tells the person who ran it.
type Result<T = (), E = String> = std::result::Result<T, E>;

const USAGE: &str = "\
cargo xtask <command>

  test [--list] [--only <step>]…   everything that must hold
  tidy                             the repository's own rules
  types [--check]                  Rust message types → docs/protocol.schema.json, web/sdk/protocol.d.ts
  strip <file>…                    modules of web/ as the binary serves them
  deny [--without-advisories]      licences, advisories and sources of the dependencies
  fuzz [target] [seconds]          one fuzz target, or each in turn
  timing                           whether the time of a refusal tells anything of a secret
  conformance serve --listen ADDR  what the official suites of WebSocket, Engine.IO and Socket.IO test";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = repo::Repo::open().and_then(|repo| run(&repo, &arguments));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The summary of the tests has said it all, and its last line stays the last.
        Err(message) if message.is_empty() => ExitCode::FAILURE,
        Err(message) => {
            report::error(&message);
            ExitCode::FAILURE
        }
    }
}

fn run(repo: &repo::Repo, arguments: &[String]) -> Result {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test", rest @ ..] => test::run(repo, rest),
        ["tidy"] => tidy::run(repo),
        ["types"] => types::write(repo),
        ["types", "--check"] => types::check(repo),
        ["strip", files @ ..] => strip::print(repo, files),
        ["deny"] => deny::run(repo, deny::Checks::All),
        ["deny", "--without-advisories"] => deny::run(repo, deny::Checks::WithoutAdvisories),
        ["fuzz", rest @ ..] => fuzz::run(repo, rest),
        ["timing"] => timing::run(repo),
        ["bench", rest @ ..] => bench::run(repo, rest),
        ["conformance", rest @ ..] => conformance::run(repo, rest),
        [] | ["help" | "--help" | "-h", ..] => {
            report::line(format_args!("{USAGE}\n{}", bench::USAGE));
            Ok(())
        }
        _ => Err(format!("no such command: {}\n\n{USAGE}", arguments.join(" "))),
    }
}
