//! Rooms and members as the API shows them.

use std::collections::BTreeMap;

use parlor_rooms::{MemberView, PeerId, Permission, Permissions, RoomView, Rules, State, Tracks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A set of words: the same in tokens, in the protocol and here.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident of $inner:path { $($variant:ident,)+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        $(#[$meta])*
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($variant,)+ }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                use $inner as Inner;
                match inner { $(Inner::$variant => Self::$variant,)+ }
            }
        }

        impl From<$name> for $inner {
            fn from(word: $name) -> Self {
                use $inner as Inner;
                match word { $($name::$variant => Inner::$variant,)+ }
            }
        }
    };
}

words! {
    /// What somebody is in a room; ordered by how much they may do.
    Role of parlor_rooms::Role { Listener, Speaker, Moderator, Owner, }
}

words! {
    /// One thing that a member may do.
    #[schema(as = Permission)]
    Right of Permission {
        Chat, Message, Signal, Update, Microphone, Camera, Screen, Subscribe, Moderate, Record,
    }
}

words! {
    /// Where something that is published comes from.
    Source of parlor_rooms::Source { Microphone, Camera, Screen, }
}

pub fn rights(permissions: Permissions) -> Vec<Right> {
    permissions.iter().map(Right::from).collect()
}

/// How a room is run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Rules)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one room")]
pub struct RulesShown {
    /// Nobody but those who moderate comes in.
    locked: bool,
    /// Those who come wait until somebody who moderates admits them.
    waiting_room: bool,
    /// Microphones of those who come are muted; they may unmute themselves.
    mute_on_entry: bool,
    /// Fewer members than the server's limit; null: the server's.
    max_members: Option<usize>,
    /// Kept while it is empty.
    permanent: bool,
    /// Whoever comes first owns the room.
    creator_owns: bool,
    /// What those are whose token names no role.
    role: Role,
}

impl From<&Rules> for RulesShown {
    fn from(rules: &Rules) -> Self {
        Self {
            locked: rules.locked,
            waiting_room: rules.waiting_room,
            mute_on_entry: rules.mute_on_entry,
            max_members: rules.max_members,
            permanent: rules.permanent,
            creator_owns: rules.creator_owns,
            role: rules.role.into(),
        }
    }
}

/// A room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Room)]
pub struct RoomShown {
    #[schema(example = "standup")]
    pub name: String,
    /// Since when it has been there, in milliseconds since 1970.
    started_at: u64,
    /// How many are in it and seen, those who are reconnecting included.
    members: usize,
    /// How many are in it and not seen by the others.
    hidden: usize,
    /// How many wait to be let in.
    waiting: usize,
    /// The number of the room's newest event.
    seq: u64,
    rules: RulesShown,
}

impl From<RoomView> for RoomShown {
    fn from(room: RoomView) -> Self {
        Self {
            name: room.name.as_str().into(),
            started_at: room.started_at.0,
            members: room.members,
            hidden: room.hidden,
            waiting: room.waiting,
            seq: room.seq.0,
            rules: (&room.rules).into(),
        }
    }
}

/// What is published from one source.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Track)]
pub struct TrackShown {
    source: Source,
    muted: bool,
}

pub fn tracks(tracks: &Tracks) -> Vec<TrackShown> {
    let tracks = tracks.iter();
    tracks.map(|track| TrackShown { source: track.source.into(), muted: track.muted }).collect()
}

/// The same, with whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackOfMember {
    peer: String,
    #[serde(flatten)]
    #[schema(inline)]
    track: TrackShown,
}

pub fn tracks_of(peer: PeerId, published: &Tracks) -> Vec<TrackOfMember> {
    let named = |track| TrackOfMember { peer: peer.to_string(), track };
    tracks(published).into_iter().map(named).collect()
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    Connected,
    Reconnecting,
}

/// A member of a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberShown {
    /// The id under which everybody in the room knows the member; a new one with each join.
    #[schema(example = "q6sPF2xYQ0S5mBzW8N1JxQ", min_length = 22, max_length = 22)]
    peer: String,
    #[schema(example = "Ada")]
    name: String,
    /// Who the member is to the application.
    identity: Option<String>,
    attributes: BTreeMap<String, String>,
    role: Role,
    permissions: Vec<Right>,
    /// Since when the hand is raised, in milliseconds since 1970; null: it is down.
    hand_raised_at: Option<u64>,
    tracks: Vec<TrackShown>,
    state: Link,
    /// The others neither see nor hear of this member.
    hidden: bool,
    /// Grows with each join of the room.
    pub order: u64,
}

impl MemberShown {
    pub fn new(member: &MemberView, hidden: bool) -> Self {
        let attributes = member.attributes.iter();
        Self {
            peer: member.peer.to_string(),
            name: member.name.as_str().into(),
            identity: member.identity.as_ref().map(|identity| identity.as_str().into()),
            attributes: attributes.map(|(key, value)| (key.into(), value.into())).collect(),
            role: member.role.into(),
            permissions: rights(member.permissions),
            hand_raised_at: member.hand.map(|at| at.0),
            tracks: tracks(&member.tracks),
            hidden,
            state: match member.state {
                State::Connected => Link::Connected,
                State::Reconnecting => Link::Reconnecting,
            },
            order: member.order,
        }
    }
}
