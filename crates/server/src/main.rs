//! The program `parlor`: reads what it is told, runs the server, answers with an exit code.

mod config;
mod doctor;
mod drivers;
mod node;
mod origin;
mod shutdown;
mod tls;
mod transports;
mod web;

use config::Request;
use std::io::{self, Write};
use std::process::ExitCode;

const CANNOT_START: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "doctor").is_some() {
        return doctor::run(arguments, std::env::vars_os());
    }
    if arguments.next_if(|first| first == "loadtest").is_some() {
        return parlor_loadtest::run("parlor loadtest", arguments);
    }
    match config::load(arguments, std::env::vars_os()) {
        Ok(Request::Print(text)) => {
            // `parlor --help | head` closes the pipe early, which is fine.
            _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Request::Run(config)) => match node::run(*config) {
            Ok(code) => code.into(),
            Err(error) => fail(CANNOT_START, [error]),
        },
        Err(mistakes) => fail(BAD_CONFIGURATION, mistakes),
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
