//! The program `parlor`: reads what it is told, runs the server, answers with an exit code.

mod admin;
mod auth;
mod config;
mod doctor;
mod drivers;
mod ending;
mod health;
mod limits;
mod logs;
mod metrics;
mod node;
mod origin;
mod otel;
mod outgoing;
mod reload;
mod remote;
mod shutdown;
mod tls;
mod transports;
mod web;
mod webhooks;

use config::{Config, Mistake, Request};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Most memory is asked for by the message, and given back in the order in which it was asked for: `docs/decisions/0007`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CANNOT_START: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "doctor").is_some() {
        return doctor::run(arguments, std::env::vars_os());
    }
    if arguments.next_if(|first| first == "health").is_some() {
        return health::run(arguments, std::env::vars_os());
    }
    if arguments.next_if(|first| first == "loadtest").is_some() {
        return parlor_loadtest::run("parlor loadtest", arguments);
    }
    if arguments.next_if(|first| first == "token").is_some() {
        return auth::command::run(arguments, std::env::vars_os());
    }
    if let Some(word) = arguments.next_if(|first| remote::WORDS.iter().any(|word| first == word)) {
        return remote::run(&word.to_string_lossy(), arguments, std::env::vars_os());
    }
    let arguments: Vec<_> = arguments.collect();
    match config::load(arguments.clone(), std::env::vars_os()) {
        Ok(Request::Print(text)) => {
            // `parlor --help | head` closes the pipe early, which is fine.
            _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Request::Run(config)) => {
            match node::run(*config, Box::new(move || reread(&arguments))) {
                Ok(code) => code.into(),
                Err(error) => fail(CANNOT_START, [error]),
            }
        }
        Err(mistakes) => fail(BAD_CONFIGURATION, mistakes),
    }
}

/// The configuration as it is now: same file, same flags.
fn reread(arguments: &[OsString]) -> Result<Config, Vec<Mistake>> {
    match config::load(arguments.iter().cloned(), std::env::vars_os())? {
        Request::Run(config) => Ok(*config),
        // The flags are those that have started the server.
        Request::Print(_) => Ok(Config::default()),
    }
}

/// One line per reason.
fn fail(code: u8, reasons: impl IntoIterator<Item = impl std::fmt::Display>) -> ExitCode {
    let mut out = io::stderr().lock();
    for reason in reasons {
        _ = writeln!(out, "parlor: {reason}");
    }
    code.into()
}
