//! What is written about one line to the rooms: when it came, what it was answered, when it went.

use parlor_dialects::Dialect;
use parlor_rooms::{ConnectionId, PeerId, Refusal, Reply};

use crate::metrics::{dialect_word, transport_word};

/// Whom a line is about.
#[derive(Debug, Clone, Copy)]
struct About {
    connection: u64,
    transport: &'static str,
    dialect: &'static str,
}

impl About {
    fn new(connection: ConnectionId, dialect: Option<Dialect>) -> Self {
        Self {
            connection: connection.0,
            transport: dialect.map_or("-", transport_word),
            dialect: dialect.map_or("-", dialect_word),
        }
    }
}

macro_rules! line {
    ($about:expr, $session:expr, $($rest:tt)+) => {{
        let About { connection, transport, dialect } = $about;
        tracing::debug!(connection, transport, dialect, session = %$session, $($rest)+);
    }};
}

pub fn entered(connection: ConnectionId, dialect: Option<Dialect>, session: PeerId) {
    line!(About::new(connection, dialect), session, "came");
}

pub fn left(connection: ConnectionId, dialect: Option<Dialect>, session: PeerId) {
    line!(About::new(connection, dialect), session, "went");
}

pub fn answered(
    connection: ConnectionId,
    dialect: Option<Dialect>,
    session: PeerId,
    reply: &Result<Reply, Refusal>,
) {
    let about = About::new(connection, dialect);
    match reply {
        Err(refusal) => line!(about, session, code = refusal.code(), "refused"),
        Ok(Reply::Joined(joined)) => {
            line!(about, joined.peer, members = joined.members.len(), "joined")
        }
        Ok(Reply::Resumed(resumed)) => {
            line!(about, resumed.peer, replayed = resumed.replayed, "resumed")
        }
        Ok(Reply::Waiting(waiting)) => line!(about, waiting.peer, "waits"),
        Ok(Reply::Left) => line!(about, session, "left"),
        Ok(Reply::Done { .. } | Reply::Presence(_) | Reply::Pong { .. }) => {}
    }
}
