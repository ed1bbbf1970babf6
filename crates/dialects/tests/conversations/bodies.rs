//! A client of one dialect that sends anything, in a room with two that behave: nothing of it may break anything.

use std::time::Duration;

use parlor_dialects::{Dialect, Frame};
use parlor_rooms::{Counters, Limits};

use crate::table::{Said, Table};

/// Enough for every limit that a story can reach.
const MOST_FRAMES: usize = 64;

/// One frame per line. `~` alone: the connection breaks and a new one is opened. `%`: a minute goes by.
pub fn converse(dialect: Dialect, input: &[u8]) {
    let mut table = Table::with(Limits { log_events: 8, ..Limits::default() });
    table.open("ada", Dialect::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"r","name":"Ada"}"#);
    table.open("bob", Dialect::Json);
    table.say("bob", r#"{"type":"join","roomId":"r"}"#);
    table.open("anybody", dialect);
    for line in input.split(|byte| *byte == b'\n').take(MOST_FRAMES) {
        if !table.is_open("anybody") {
            check(&table.open("anybody", dialect));
        }
        let said = match (line, std::str::from_utf8(line)) {
            (b"~", _) => table.cut("anybody"),
            (b"%", _) => table.pass(Duration::from_secs(60)),
            (_, Ok(text)) => table.say("anybody", text),
            (bytes, Err(_)) => table.hear("anybody", Frame::Binary(bytes)),
        };
        check(&said);
    }
    for name in ["anybody", "bob", "ada"] {
        check(&table.cut(name));
    }
    for _ in 0..3 {
        table.pass(Duration::from_secs(60));
    }
    assert_eq!(table.counters(), Counters::default());
}

fn check(said: &[Said]) {
    for Said { to, frame, .. } in said {
        if frame.starts_with(b"closed ") {
            continue;
        }
        let object: Result<Typed, _> = serde_json::from_slice(frame);
        assert!(object.is_ok(), "{to} was sent {:?}", String::from_utf8_lossy(frame));
    }
}

/// A JSON object with a `type`, whatever else is in it.
#[derive(serde::Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    _kind: String,
}
