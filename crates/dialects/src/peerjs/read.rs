//! A PeerJS client's frame, read into what it asks for.

use std::borrow::Cow;
use std::sync::Arc;

use parlor_rooms::Json;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::object::object;
use crate::session::Frame;

/// What one peer tells another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Offer,
    Answer,
    Candidate,
    Leave,
    Expire,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Offer, Self::Answer, Self::Candidate, Self::Leave, Self::Expire];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Offer => "OFFER",
            Self::Answer => "ANSWER",
            Self::Candidate => "CANDIDATE",
            Self::Leave => "LEAVE",
            Self::Expire => "EXPIRE",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it waits for a peer who is not there yet.
    pub(super) fn can_wait(self) -> bool {
        match self {
            Self::Offer | Self::Answer | Self::Candidate => true,
            Self::Leave | Self::Expire => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) dst: Arc<str>,
    pub(super) payload: Option<Json>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Relay(Message),
    /// Gives the id back, and keeps the socket.
    Leave,
}

/// All fields but these are dropped, as the original does: `src` above all.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    dst: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// `None` for heartbeats and for what the original ignores: a client that is told of an error gives up altogether.
pub(super) fn read(frame: Frame<'_>) -> Option<Request> {
    let text = match frame {
        Frame::Text(text) => text,
        Frame::Binary(bytes) => std::str::from_utf8(bytes).ok()?,
    };
    let raw: Raw<'_> = serde_json::from_str(object(text).ok()?).ok()?;
    let kind = Kind::of(&raw.kind)?;
    let Some(dst) = raw.dst.filter(|dst| !dst.is_empty()) else {
        return (kind == Kind::Leave).then_some(Request::Leave);
    };
    let payload = raw.payload.map(|payload| Json::from_checked(payload.get()));
    Some(Request::Relay(Message { kind, dst: dst.as_ref().into(), payload }))
}
