//! What rooms put out, in the words of each dialect. Remembers nothing.

use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{Call, Event, Refusal, Reply};

use crate::ice::Ice;
use crate::session::Dialect;
use crate::{channels, json, matchbox, native, sse, ywebrtc};

/// An event, which goes to so many hearers, in the words of a dialect; `None` where the dialect has none for it.
#[must_use]
pub fn encode_event(dialect: Dialect, event: &Event, hearers: usize) -> Option<Bytes> {
    match dialect {
        Dialect::Native => Some(native::encode_event(event)),
        Dialect::Sse => Some(sse::encode_event(event)),
        Dialect::Json => json::encode_event(event),
        Dialect::Channels => channels::encode_event(event),
        Dialect::YWebrtc => ywebrtc::encode_event(event, hearers),
        Dialect::Matchbox => matchbox::encode_event(event),
        Dialect::Echo | Dialect::PeerJs | Dialect::SocketIo => None,
    }
}

/// New servers for peer connections, in the words of a dialect; `None` where the dialect has none for them.
#[must_use]
pub fn encode_ice_servers(dialect: Dialect, ice: &Ice) -> Option<Bytes> {
    match dialect {
        Dialect::Native => Some(native::encode_ice_servers(ice)),
        Dialect::Sse => Some(sse::encode_ice_servers(ice)),
        Dialect::Json
        | Dialect::Channels
        | Dialect::Echo
        | Dialect::YWebrtc
        | Dialect::Matchbox
        | Dialect::PeerJs
        | Dialect::SocketIo => None,
    }
}

/// That the server ends in so long, and where to go then, in the words of a dialect; `None` where the dialect has none
/// for it: its clients see the connection close, and come back by themselves.
#[must_use]
pub fn encode_going_away(dialect: Dialect, rest: Duration, go_to: Option<&str>) -> Option<Bytes> {
    match dialect {
        Dialect::Native => Some(native::encode_going_away(rest, go_to)),
        Dialect::Sse => Some(sse::encode_going_away(rest, go_to)),
        Dialect::Json
        | Dialect::Channels
        | Dialect::Echo
        | Dialect::YWebrtc
        | Dialect::Matchbox
        | Dialect::PeerJs
        | Dialect::SocketIo => None,
    }
}

/// An answer in the words of a dialect: the frames to send, in order. `ice` is for whoever has joined.
#[must_use]
pub fn encode_reply(
    dialect: Dialect,
    call: Call,
    reply: &Result<Reply, Refusal>,
    ice: &Ice,
) -> Vec<Bytes> {
    match dialect {
        Dialect::Native => vec![native::encode_reply(call, reply, ice)],
        Dialect::Json => json::encode_reply(reply),
        Dialect::Channels => channels::encode_reply(reply),
        Dialect::YWebrtc => ywebrtc::encode_reply(reply),
        Dialect::Matchbox => matchbox::encode_reply(reply),
        // Answers to requests over streams are answers of HTTP.
        Dialect::Sse | Dialect::Echo | Dialect::PeerJs | Dialect::SocketIo => Vec::new(),
    }
}
