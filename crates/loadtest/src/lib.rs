//! The client side of every benchmark: makes load, and counts what it costs the server. Starts no server.

mod command;
mod floor;
mod histogram;
#[cfg(target_os = "linux")]
mod junk;
mod limits;
mod meter;
mod process;
mod report;
mod signaling;
#[cfg(target_os = "linux")]
mod turn;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// What went wrong, for the person who ran it.
type Result<T = (), E = String> = std::result::Result<T, E>;

/// `parlor loadtest …`: what follows these two words, and what the program is called in the help.
pub fn run(program: &str, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match command::parse(program, arguments).and_then(command::Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is left to tell when standard error is closed.
            _ = writeln!(std::io::stderr(), "{program}: {reason}");
            ExitCode::FAILURE
        }
    }
}
