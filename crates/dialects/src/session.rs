//! The shape that all dialects share, and the choice among them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{
    Call, Command, ConnectionId, Event, Join, MemberRef, Refusal, Reply, Resume, RoomName, Seq,
};

use crate::close::Close;
use crate::terms::Terms;
use crate::{json, native};

/// Which kind of client a connection serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Native,
    Json,
}

/// A whole message as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// What a dialect wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Send(Bytes),
    Ask(Ask),
    Close(Close),
}

/// What a client asks of the rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Join(Call, Join),
    Resume(Call, Resume),
    Command(Call, MemberRef, Command),
    Presence(Call, RoomName),
    Ping(Call, MemberRef),
    Ack(MemberRef, Seq),
}

impl Ask {
    #[must_use]
    pub fn room(&self) -> &RoomName {
        match self {
            Self::Join(_, join) => &join.room,
            Self::Resume(_, resume) => &resume.member.room,
            Self::Presence(_, room) => room,
            Self::Command(_, who, _) | Self::Ping(_, who) | Self::Ack(who, _) => &who.room,
        }
    }
}

/// One client's side of the conversation.
#[derive(Debug)]
pub enum Session {
    Native(native::Session),
    Json(json::Session),
}

impl Session {
    #[must_use]
    pub fn new(dialect: Dialect, connection: ConnectionId, terms: Arc<Terms>) -> Self {
        match dialect {
            Dialect::Native => Self::Native(native::Session::new(connection, terms)),
            Dialect::Json => Self::Json(json::Session::new(connection)),
        }
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Native(_) => Dialect::Native,
            Self::Json(_) => Dialect::Json,
        }
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        match self {
            Self::Native(session) => session.handle_frame(frame),
            Self::Json(session) => session.handle_frame(frame),
        }
    }

    /// A frame that came over the rate limit: it is refused unread.
    pub fn handle_excess(&mut self, frame: Frame<'_>, retry_after: Duration) {
        match self {
            Self::Native(session) => session.handle_excess(frame, retry_after),
            Self::Json(session) => session.handle_excess(retry_after),
        }
    }

    /// What the rooms answered to this connection. It has been sent already; here it is only taken note of.
    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        match self {
            Self::Native(session) => session.handle_reply(reply),
            Self::Json(session) => session.handle_reply(reply),
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        match self {
            Self::Native(session) => session.poll_output(),
            Self::Json(session) => session.poll_output(),
        }
    }

    /// Whether the client is, or has been, a member of a room.
    #[must_use]
    pub fn has_joined(&self) -> bool {
        match self {
            Self::Native(session) => session.has_joined(),
            Self::Json(session) => session.has_joined(),
        }
    }
}

/// An event in the words of a dialect; `None` where the dialect has none for it.
#[must_use]
pub fn encode_event(dialect: Dialect, event: &Event) -> Option<Bytes> {
    match dialect {
        Dialect::Native => Some(native::encode_event(event)),
        Dialect::Json => json::encode_event(event),
    }
}

/// An answer in the words of a dialect: the frames to send, in order.
#[must_use]
pub fn encode_reply(
    dialect: Dialect,
    call: Call,
    reply: &Result<Reply, Refusal>,
    terms: &Terms,
) -> Vec<Bytes> {
    match dialect {
        Dialect::Native => vec![native::encode_reply(call, reply, terms)],
        Dialect::Json => json::encode_reply(reply),
    }
}
