//! What is written about the running server, and how little of it is about people.
//!
//! No line has a name, a text, a description, a candidate, a token or a secret in it; a path and a query may have them,
//! so neither is written. What belongs together is found by ids: `connection` (one line to the rooms), `session` (the address of a
//! member), `request` (of HTTP).

mod address;
mod line;
mod request;

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::{Config, LogFormat, Server};
pub use address::shown;
pub use line::{answered, entered, left};
pub use request::{RequestId, RequestLog};

/// Codecs that write a line for each packet that is none, at levels of their choice, and what carries HTTP/2, which writes
/// what it carries.
const SILENT: [&str; 3] = ["stun_types", "turn_types", "h2"];
/// What of a panic's own words is written at most.
const MAX_WORDS: usize = 200;

/// Changes which lines are written.
pub struct Log(Handle<Targets, Registry>);

pub fn start(config: &Config) -> Log {
    use tracing_subscriber::{fmt::layer, registry};
    address::choose(config.server.log_addresses);
    let lines = match config.server.log_format {
        LogFormat::Text => {
            layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
    };
    let (filter, handle) = reload::Layer::new(wanted(&config.server));
    registry().with(lines.with_filter(filter)).init();
    // One request or one room may fail alone; what is left of it is a line.
    panic::set_hook(Box::new(report));
    Log(handle)
}

impl Log {
    pub fn change(&self, server: &Server) {
        if let Err(error) = self.0.reload(wanted(server)) {
            tracing::error!(%error, "the log stays as it is");
        }
    }
}

fn wanted(server: &Server) -> Targets {
    let silent = SILENT.map(|target| (target, LevelFilter::OFF));
    server.log.targets.clone().with_targets(silent)
}

fn report(bug: &PanicHookInfo<'_>) {
    let at = bug.location().map(ToString::to_string).unwrap_or_default();
    let words = bug.payload_as_str().map(unquoted).unwrap_or_default();
    tracing::error!(at, "bug: {words}");
}

/// What stands in quotation marks may be a client's: a text that was cut in the middle of a letter, a value that was none.
fn unquoted(words: &str) -> String {
    let mut quote = None;
    let mut kept = String::new();
    for c in words.chars().take(MAX_WORDS) {
        match quote {
            None if matches!(c, '"' | '`' | '\'') => {
                quote = Some(c);
                kept.push('…');
            }
            None => kept.push(if c.is_control() { ' ' } else { c }),
            Some(open) if open == c => quote = None,
            Some(_) => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_does_not_tell_what_somebody_said() {
        let cut =
            "byte index 5 is not a char boundary; it is inside 'é' (bytes 4..6) of `Grüße, Ada`";
        assert_eq!(
            unquoted(cut),
            "byte index 5 is not a char boundary; it is inside … (bytes 4..6) of …"
        );
        assert_eq!(
            unquoted("called `Result::unwrap()` on an `Err` value: \"Ada"),
            "called … on an … value: …"
        );
        assert_eq!(
            unquoted("index out of bounds: the len is 3\nbut"),
            "index out of bounds: the len is 3 but"
        );
        assert!(unquoted(&"x".repeat(1_000)).len() <= MAX_WORDS);
    }
}
