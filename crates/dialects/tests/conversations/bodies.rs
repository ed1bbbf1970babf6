//! A client of one dialect that sends anything, in a room with two that behave: nothing of it may break anything.

use std::time::Duration;

use parlor_dialects::{Door, Frame};
use parlor_rooms::{Counters, Limits};

use crate::table::{Said, Table};

const ECHO: &[u8] = b"Server received your message => ";

/// Enough for every limit that a story can reach.
const MOST_FRAMES: usize = 64;

/// One frame per line. `~` alone: the connection breaks and a new one is opened. `%`: a minute goes by.
pub fn converse(door: Door, input: &[u8]) {
    let mut table = Table::with(Limits { log_events: 8, ..Limits::default() });
    table.open("ada", Door::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"r","name":"Ada"}"#);
    table.open("bob", Door::Root);
    table.say("bob", r#"{"type":"join","roomId":"r"}"#);
    table.open("anybody", door.clone());
    for line in input.split(|byte| *byte == b'\n').take(MOST_FRAMES) {
        if !table.is_open("anybody") {
            check(&table.open("anybody", door.clone()));
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
        if frame.starts_with(b"closed ") || frame.starts_with(ECHO) {
            continue;
        }
        // Two dialects have frames without a type.
        let json: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(frame);
        assert!(json.is_ok(), "{to} was sent {:?}", String::from_utf8_lossy(frame));
    }
}
