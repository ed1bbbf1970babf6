//! What a dialect asks of the rooms, in values that are valid by their types.

use std::sync::Arc;

use crate::admission::Admission;
use crate::ids::{ConnectionId, PeerId, RequestId, RoomName, Secret, Seq};
use crate::moderation::Moderation;
use crate::text::{
    Alias, Attachments, Attributes, ChatKey, DisplayName, EventName, Identity, Json, Nonce,
};
use crate::tracks::Source;

/// Where a request comes from and what its answer is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub connection: ConnectionId,
    /// Without one, success is not answered and a repetition is not noticed.
    pub request: Option<RequestId>,
}

/// One membership; a connection may have several, in different rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRef {
    pub room: RoomName,
    pub peer: PeerId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    pub room: RoomName,
    pub name: DisplayName,
    pub attributes: Attributes,
    pub identity: Option<Identity>,
    pub nonce: Option<Nonce>,
    pub alias: Option<AliasClaim>,
    /// Fewer members than the server's limit, for clients that fill one room after the other.
    pub capacity: Option<usize>,
    pub on_disconnect: OnDisconnect,
}

/// An address that the client chose itself. Who has the token takes it over from a connection that lingers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasClaim {
    pub alias: Alias,
    pub token: Nonce,
}

/// Whether a session outlives its connection: only where the client's dialect can resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisconnect {
    Keep,
    Leave,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    pub member: MemberRef,
    pub secret: Secret,
    /// The last event that the client has; without it the client starts anew as the same member.
    pub since: Option<Seq>,
}

/// All that one join needs: what the client asks, what the server has found out about it, and entropy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub join: Join,
    pub admission: Admission,
    pub fresh: Fresh,
}

/// Entropy for one join or resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    pub peer: PeerId,
    pub secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Chat {
        text: Arc<str>,
        key: Option<ChatKey>,
    },
    Message {
        to: Targets,
        data: Json,
        delivery: Delivery,
    },
    /// A message with a name and arguments, for clients whose messages are such.
    Emit {
        to: Targets,
        name: EventName,
        args: Json,
        attachments: Attachments,
        delivery: Delivery,
    },
    Signal {
        to: Targets,
        signal: Signal,
    },
    Update(Update),
    /// Says that this source is published, or how it is now.
    Publish {
        source: Source,
        muted: bool,
    },
    Unpublish(Source),
    RaiseHand(bool),
    Moderate(Moderation),
    Leave,
}

/// What a member may ask on another way than its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    Command(Command),
    /// "I have everything up to here."
    Ack(Seq),
    Ping,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Everybody else in the room.
    Others,
    /// Everybody in the room, the sender too.
    All,
    Peers(Vec<PeerId>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Through the log: in order, once, also after a reconnect.
    Reliable,
    /// To those who are connected now, if they keep up.
    Volatile,
}

/// What two peers tell each other to connect (RFC 8829). Always reliable: a lost candidate is a call that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    Offer(Arc<str>),
    Answer(Arc<str>),
    /// An `RTCIceCandidateInit`, or `null` for the end of candidates.
    Candidate(Json),
}

/// Attributes are merged: `None` removes a key.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Update {
    pub name: Option<DisplayName>,
    pub attributes: Vec<(Arc<str>, Option<Arc<str>>)>,
}
