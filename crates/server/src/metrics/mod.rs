//! What the server counts about itself, and who may read it. Engines count for themselves and are read by value.
//!
//! A process is one server, so what is counted by everybody is a static: no way to it has to be laid to where something
//! happens, and no connection has to keep one.

mod access;
mod collect;
mod counters;
mod ice;
mod labels;
mod process;
mod serve;
mod text;

use std::time::{Instant, SystemTime};

use parlor_dialects::socketio::engine::Transport;
use parlor_dialects::{Ask, Close, Dialect};
use parlor_rooms::{ConnectionId, Picture, Refusal, Reply};

use crate::otel::{self, Span};
pub use collect::page;
pub use counters::{BOUNDS, Distribution};
use counters::{Count, Histogram, Level, Striped, Tally};
pub use ice::router as ice_router;
pub use labels::{Direction, dialect as dialect_word, route, transport as transport_word};
pub use serve::{Separate, answer};
pub use text::{Kind, Metric, Sample};

const CELLS: usize = labels::DIALECTS.len() * 2;

static MESSAGES: Striped<CELLS> = Striped::new();
static BYTES: Striped<CELLS> = Striped::new();
static LINES: [Level; labels::DIALECTS.len()] = [const { Level::new() }; labels::DIALECTS.len()];
static POLLING: Level = Level::new();
static ENGINEIO_SOCKETS: Level = Level::new();
/// By dialect and result.
static JOINS: Tally<(&str, &str)> = Tally::new();
static RESUMES: Tally<(&str, &str)> = Tally::new();
static JOIN_SECONDS: Histogram = Histogram::new();
static REPLAYED: Count = Count::new();
static REFUSALS: Tally<&str> = Tally::new();
static CLOSES: Tally<&str> = Tally::new();
static VOLATILE_DROPS: Count = Count::new();
static HANDSHAKES: Tally<&str> = Tally::new();
/// By route and status.
static REQUESTS: Tally<(&str, u16)> = Tally::new();
/// By type and protocol.
static ICE_SELECTED: Tally<(&str, &str)> = Tally::new();

/// Messages of one dialect that have come or go, and their bytes.
pub fn passed(dialect: Dialect, direction: Direction, messages: usize, bytes: usize) {
    let cell = cell(dialect, direction);
    MESSAGES.add(cell, messages as u64);
    BYTES.add(cell, bytes as u64);
}

fn cell(dialect: Dialect, direction: Direction) -> usize {
    let way = match direction {
        Direction::In => 0,
        Direction::Out => 1,
    };
    2 * labels::index(dialect) + way
}

/// A connection has become known to the rooms.
pub fn line_entered(dialect: Option<Dialect>) {
    change_lines(dialect, 1);
}

pub fn line_left(dialect: Option<Dialect>) {
    change_lines(dialect, -1);
}

fn change_lines(dialect: Option<Dialect>, by: i64) {
    let level = dialect.and_then(|dialect| LINES.get(labels::index(dialect)));
    level.into_iter().for_each(|level| level.change(by));
}

/// Where one session of Engine.IO is counted, as long as it is.
#[derive(Debug, Default)]
pub struct CountedSession(Option<Transport>);

impl CountedSession {
    pub fn follow(&mut self, transport: Transport) {
        if self.0 != Some(transport) {
            change_sessions(self.0, -1);
            change_sessions(Some(transport), 1);
            self.0 = Some(transport);
        }
    }
}

impl Drop for CountedSession {
    fn drop(&mut self) {
        change_sessions(self.0, -1);
    }
}

fn change_sessions(transport: Option<Transport>, by: i64) {
    match transport {
        Some(Transport::Polling) => POLLING.change(by),
        Some(Transport::WebSocket) => ENGINEIO_SOCKETS.change(by),
        None => {}
    }
}

/// What the rooms are being asked, to tell joins from resumes in what they answer.
#[derive(Debug, Clone, Copy, Default)]
pub enum Asked {
    Join(Instant),
    Resume,
    /// An answer that comes later than the call: somebody was let in, or not.
    Before,
    #[default]
    Other,
}

impl Asked {
    pub fn of(ask: &Ask) -> Self {
        if matches!(ask, Ask::Join(..)) {
            Self::Join(Instant::now())
        } else if matches!(ask, Ask::Resume(..)) {
            Self::Resume
        } else {
            Self::Other
        }
    }

    /// What an answer to this connection is to.
    pub fn by(asked: Option<(ConnectionId, Self)>, connection: ConnectionId) -> Self {
        let now = asked.filter(|(asking, _)| *asking == connection);
        now.map_or(Self::Before, |(_, asked)| asked)
    }

    pub fn answered(self, dialect: Option<Dialect>, reply: &Result<Reply, Refusal>) {
        if let Err(refusal) = reply {
            refused(refusal.code());
        }
        let dialect = dialect.map_or("unknown", labels::dialect);
        match self {
            Self::Join(since) => {
                JOIN_SECONDS.observe(since.elapsed());
                JOINS.add((dialect, result(reply)), 1);
                span_of_join(since, dialect, reply);
            }
            Self::Resume => {
                RESUMES.add((dialect, result(reply)), 1);
                if let Ok(Reply::Resumed(resumed)) = reply {
                    REPLAYED.add(resumed.replayed as u64);
                }
            }
            Self::Before => {
                let word = if reply.is_ok() { "admitted" } else { result(reply) };
                JOINS.add((dialect, word), 1);
            }
            Self::Other => {}
        }
    }
}

fn span_of_join(since: Instant, dialect: &'static str, reply: &Result<Reply, Refusal>) {
    otel::record(|| Span {
        name: "join",
        kind: otel::Kind::Internal,
        ended: SystemTime::now(),
        took: since.elapsed(),
        attributes: vec![
            ("parlor.dialect", dialect.into()),
            ("parlor.result", result(reply).into()),
        ],
        status: if reply.is_ok() { otel::Status::Ok } else { otel::Status::Error },
    });
}

fn result(reply: &Result<Reply, Refusal>) -> &'static str {
    match reply {
        Err(refusal) => refusal.code(),
        Ok(Reply::Joined(joined)) => match joined.picture {
            Picture::New => "ok",
            Picture::Restarted => "restarted",
            Picture::Lost => "lost",
        },
        Ok(Reply::Waiting(_)) => "waiting",
        Ok(
            Reply::Resumed(_)
            | Reply::Done { .. }
            | Reply::Left
            | Reply::Presence(_)
            | Reply::Pong { .. },
        ) => "ok",
    }
}

/// By its stable code.
pub fn refused(code: &'static str) {
    REFUSALS.add(code, 1);
}

pub fn closed(why: Close) {
    CLOSES.add(why.reason(), 1);
}

/// Something that may be dropped was: its reader is slow.
pub fn dropped_volatile() {
    VOLATILE_DROPS.add(1);
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    Done,
    /// A certificate authority has looked.
    Challenge,
    Failed,
    TooSlow,
}

pub fn shaken(handshake: Handshake) {
    let word = match handshake {
        Handshake::Done => "ok",
        Handshake::Challenge => "acme",
        Handshake::Failed => "failed",
        Handshake::TooSlow => "timeout",
    };
    HANDSHAKES.add(word, 1);
}

/// A request of HTTP with the status of its answer.
pub fn answered(route: &'static str, status: u16) {
    REQUESTS.add((route, status), 1);
}
