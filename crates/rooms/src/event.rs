//! What members hear: events of a room, and the answers to their own requests.

use std::sync::Arc;
use std::time::Duration;

use crate::admission::Rules;
use crate::ids::{PeerId, RoomName, Secret, Seq, Timestamp};
use crate::permissions::{Permissions, Role};
use crate::text::{
    Alias, Attachments, Attributes, ChatKey, DisplayName, EventName, Identity, Json,
};
use crate::tracks::Tracks;

/// Something that happened in a room. The same value goes to everybody who hears it, so a dialect encodes it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub room: RoomName,
    /// `None`: volatile, may be dropped under pressure.
    pub seq: Option<Seq>,
    pub at: Timestamp,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    MemberJoined(Arc<MemberView>),
    MemberLeft {
        peer: PeerId,
        reason: LeaveReason,
    },
    MemberUpdated(Arc<MemberView>),
    Chat {
        from: PeerId,
        name: DisplayName,
        text: Arc<str>,
        key: Option<ChatKey>,
    },
    Message {
        from: PeerId,
        data: Json,
    },
    Emitted {
        from: PeerId,
        name: EventName,
        args: Json,
        attachments: Attachments,
    },
    Offer {
        from: PeerId,
        sdp: Arc<str>,
    },
    Answer {
        from: PeerId,
        sdp: Arc<str>,
    },
    Candidate {
        from: PeerId,
        candidate: Json,
    },
    /// For those who moderate: somebody waits to be let in.
    Knock(Arc<Knocker>),
    /// For those who moderate: nobody waits under this address any more.
    KnockEnded {
        peer: PeerId,
        how: KnockEnd,
    },
    RoomUpdated(Rules),
    /// For one member: its token ends then, and with it the membership, unless a newer one is given.
    TokenExpiring {
        ends_at: Timestamp,
    },
}

impl Event {
    /// An estimate of what keeping this event costs, for the byte limits of logs.
    #[must_use]
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 128;
        OVERHEAD
            + match &self.body {
                Body::MemberJoined(member) | Body::MemberUpdated(member) => member.cost(),
                Body::MemberLeft { .. }
                | Body::Knock(_)
                | Body::KnockEnded { .. }
                | Body::RoomUpdated(_)
                | Body::TokenExpiring { .. } => 0,
                Body::Chat { text, .. } => text.len(),
                Body::Message { data, .. } => data.as_str().len(),
                Body::Emitted { args, attachments, .. } => {
                    args.as_str().len() + attachments.bytes()
                }
                Body::Offer { sdp, .. } | Body::Answer { sdp, .. } => sdp.len(),
                Body::Candidate { candidate, .. } => candidate.as_str().len(),
            }
    }
}

/// A member as the others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    pub peer: PeerId,
    pub name: DisplayName,
    pub identity: Option<Identity>,
    pub alias: Option<Alias>,
    pub attributes: Attributes,
    pub role: Role,
    pub permissions: Permissions,
    pub tracks: Tracks,
    /// Since when the hand is raised.
    pub hand: Option<Timestamp>,
    pub state: State,
    /// Grows when the client started anew while the membership went on.
    pub incarnation: u64,
    /// Grows with each join of the room.
    pub order: u64,
}

impl MemberView {
    fn cost(&self) -> usize {
        /// Two shared texts and their place in the map.
        const ATTRIBUTE: usize = 80;
        let attributes = self.attributes.iter();
        attributes.map(|(key, value)| ATTRIBUTE + key.len() + value.len()).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Connected,
    Reconnecting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    Left,
    /// The grace time passed without a resume.
    Timeout,
    /// Somebody of the same identity joined.
    Replaced,
    /// Put out by whoever moderates, or by a token that was revoked.
    Removed,
    /// The room was ended for everybody.
    Ended,
    /// The token's time is over.
    Expired,
}

/// Somebody who waits to be let in, as those who moderate see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knocker {
    pub peer: PeerId,
    pub name: DisplayName,
    pub identity: Option<Identity>,
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnockEnd {
    Admitted,
    Denied,
    /// Not waiting any longer.
    Left,
}

/// The answer to a request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Joined(Box<Joined>),
    Resumed(Resumed),
    /// The join goes on when somebody who moderates has admitted the client.
    Waiting(Waiting),
    Done {
        seq: Option<Seq>,
    },
    Left,
    Presence(Presence),
    /// Everybody who can resume has everything up to `stable`.
    Pong {
        stable: Seq,
    },
}

/// The whole picture of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    pub room: RoomName,
    pub peer: PeerId,
    pub secret: Secret,
    /// Everything up to here is in the picture; what follows is larger.
    pub seq: Seq,
    pub members: Vec<Arc<MemberView>>,
    pub history: Vec<Arc<Event>>,
    pub rules: Rules,
    /// Those who wait to be let in; nobody, for members who don't moderate.
    pub waiting: Vec<Arc<Knocker>>,
    pub grace: Duration,
    pub picture: Picture,
}

/// Where somebody waits, and under which address those who moderate see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub room: RoomName,
    pub peer: PeerId,
}

/// Why a client gets the whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// It is a new member.
    New,
    /// It is the same member, started anew.
    Restarted,
    /// It is the same member, but events meant for it are gone from the log.
    Lost,
}

/// What was missed follows as ordinary events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    pub room: RoomName,
    pub peer: PeerId,
    pub secret: Secret,
    pub seq: Seq,
    pub replayed: usize,
}

/// Who is in a room, for somebody outside: names, no addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    pub room: RoomName,
    pub names: Vec<DisplayName>,
}
