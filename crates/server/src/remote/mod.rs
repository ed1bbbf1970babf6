//! `parlor rooms`, `members`, `kick` and their like: a client of the admin API of a server, this one or another.

mod acts;
mod arguments;
#[expect(clippy::indexing_slicing, reason = "of JSON, which is null where nothing is")]
mod client;
#[expect(clippy::indexing_slicing, reason = "of JSON, which is null where nothing is")]
mod commands;
mod show;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use arguments::Parsed;
use client::{Client, Failure};

const REFUSED: u8 = 1;
const BAD_USAGE: u8 = 2;
/// The first words that are for this part of the program.
pub const WORDS: [&str; 7] = ["rooms", "members", "kick", "mute", "say", "revoke", "stats"];

/// The arguments after `parlor`, which begin with one of [`WORDS`].
pub fn run(
    word: &str,
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let asked = match arguments::parse(word, arguments, environment) {
        Ok(Parsed::Print(text)) => {
            // `parlor rooms --help | head` closes the pipe early, which is fine.
            _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::Ask(asked)) => *asked,
        Err(mistake) => return complain(BAD_USAGE, &mistake),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(REFUSED, &format!("cannot start: {error}")),
    };
    let client = Client::new(asked.server, asked.token);
    let done = runtime.block_on(commands::carry_out(&client, &asked.command));
    // A resolver that does not answer is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(answer) => {
            let text = if asked.json { show::json(&answer) } else { show::text(&answer) };
            _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Failure(why)) => complain(REFUSED, &why),
    }
}

fn complain(code: u8, why: &str) -> ExitCode {
    _ = writeln!(io::stderr(), "parlor: {why}");
    code.into()
}
