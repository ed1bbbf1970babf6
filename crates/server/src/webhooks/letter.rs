//! One event as receivers read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parlor_rooms::{LeaveReason, MemberView, RoomName, State, Timestamp, Track};
use serde::Serialize;

use super::kinds::EventKind;

/// From the moment that a room comes to be until it ends. A later room of the same name has another life.
#[derive(Debug, PartialEq, Eq)]
pub struct Life {
    pub number: u64,
    /// Of the process that it is in.
    pub server: Arc<str>,
    /// `None`: the server itself.
    pub room: Option<RoomName>,
}

impl Life {
    pub fn id(&self) -> String {
        format!("{}-{}", self.server, self.number)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub life: Arc<Life>,
    pub sequence: u64,
    pub at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    ServerStarted,
    RoomStarted,
    RoomEnded(RoomEnd),
    MemberJoined(Arc<MemberView>),
    MemberLeft(Arc<MemberView>, LeaveReason),
    MemberUpdated(Arc<MemberView>),
    TrackPublished(Arc<MemberView>, Track),
    TrackUnpublished(Arc<MemberView>, Track),
    ChatMessage { from: Arc<MemberView>, text: Arc<str> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomEnd {
    /// By itself, or by somebody who may end it.
    Ended,
    /// The server stops.
    Stopped,
    /// By a bug of the server.
    Failed,
}

impl What {
    pub fn kind(&self) -> EventKind {
        match self {
            Self::ServerStarted => EventKind::ServerStarted,
            Self::RoomStarted => EventKind::RoomStarted,
            Self::RoomEnded(_) => EventKind::RoomEnded,
            Self::MemberJoined(_) => EventKind::MemberJoined,
            Self::MemberLeft(..) => EventKind::MemberLeft,
            Self::MemberUpdated(_) => EventKind::MemberUpdated,
            Self::TrackPublished(..) => EventKind::TrackPublished,
            Self::TrackUnpublished(..) => EventKind::TrackUnpublished,
            Self::ChatMessage { .. } => EventKind::ChatMessage,
        }
    }

    fn member(&self) -> Option<&MemberView> {
        match self {
            Self::ServerStarted | Self::RoomStarted | Self::RoomEnded(_) => None,
            Self::MemberJoined(member)
            | Self::MemberLeft(member, _)
            | Self::MemberUpdated(member)
            | Self::TrackPublished(member, _)
            | Self::TrackUnpublished(member, _)
            | Self::ChatMessage { from: member, .. } => Some(member),
        }
    }

    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::RoomEnded(end) => Some(match end {
                RoomEnd::Ended => "ended",
                RoomEnd::Stopped => "server-stopping",
                RoomEnd::Failed => "internal-error",
            }),
            Self::MemberLeft(_, reason) => Some(match reason {
                LeaveReason::Left => "left",
                LeaveReason::Timeout => "timeout",
                LeaveReason::Replaced => "replaced",
                LeaveReason::Removed => "removed",
                LeaveReason::Ended => "ended",
                LeaveReason::Expired => "expired",
            }),
            Self::ServerStarted
            | Self::RoomStarted
            | Self::MemberJoined(_)
            | Self::MemberUpdated(_)
            | Self::TrackPublished(..)
            | Self::TrackUnpublished(..)
            | Self::ChatMessage { .. } => None,
        }
    }

    fn track(&self) -> Option<Track> {
        match self {
            Self::TrackPublished(_, track) | Self::TrackUnpublished(_, track) => Some(*track),
            Self::ServerStarted
            | Self::RoomStarted
            | Self::RoomEnded(_)
            | Self::MemberJoined(_)
            | Self::MemberLeft(..)
            | Self::MemberUpdated(_)
            | Self::ChatMessage { .. } => None,
        }
    }

    fn text(&self) -> Option<&str> {
        if let Self::ChatMessage { text, .. } = self { Some(text) } else { None }
    }
}

impl Letter {
    /// An estimate of what it takes in memory and on the wire.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 512;
        let attributes = self.what.member().map_or(0, |member| {
            member.attributes.iter().map(|(key, value)| key.len() + value.len()).sum()
        });
        OVERHEAD + attributes + self.what.text().map_or(0, str::len)
    }

    /// The same for a repetition, which is how a receiver knows one.
    pub fn id(&self) -> String {
        format!("{}.{}", self.life.id(), self.sequence)
    }

    pub fn encode(&self) -> Vec<u8> {
        let life = self.life.id();
        let words = Words {
            id: self.id(),
            r#type: self.what.kind().word(),
            at: self.at.0,
            server: &self.life.server,
            room: self.life.room.as_ref().map(|name| Room { name: name.as_str(), id: &life }),
            sequence: self.sequence,
            member: self.what.member().map(Member::of),
            track: self.what.track().map(TrackWords::of),
            reason: self.what.reason(),
            text: self.what.text(),
        };
        // Texts and numbers, nothing that could fail.
        serde_json::to_vec(&words).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Words<'a> {
    id: String,
    r#type: &'static str,
    at: u64,
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Room<'a>>,
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Member<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track: Option<TrackWords>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct TrackWords {
    source: &'static str,
    muted: bool,
}

impl TrackWords {
    fn of(track: Track) -> Self {
        Self { source: track.source.word(), muted: track.muted }
    }
}

#[derive(Serialize)]
struct Room<'a> {
    name: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Member<'a> {
    peer: String,
    identity: Option<&'a str>,
    name: &'a str,
    role: &'static str,
    state: &'static str,
    attributes: BTreeMap<&'a str, &'a str>,
}

impl<'a> Member<'a> {
    fn of(member: &'a MemberView) -> Self {
        Self {
            peer: member.peer.to_string(),
            identity: member.identity.as_ref().map(|identity| identity.as_str()),
            name: member.name.as_str(),
            role: member.role.word(),
            state: match member.state {
                State::Connected => "connected",
                State::Reconnecting => "reconnecting",
            },
            attributes: member.attributes.iter().collect(),
        }
    }
}
