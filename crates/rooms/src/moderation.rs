//! What those who moderate may do to a room and to the others in it.

use std::time::Duration;

use crate::ids::PeerId;
use crate::permissions::{Permissions, Role};
use crate::tracks::Source;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moderation {
    /// Out, at once; neither the token nor the resume secret opens the room again. With a time: nor does another token of the same
    /// identity, or without an identity the same address, for so long.
    Remove {
        peer: PeerId,
        ban: Option<Duration>,
    },
    /// Their sources are off until they switch them on again themselves; who may not at all loses the permission instead.
    Mute {
        whom: Whom,
        source: Source,
    },
    /// Only who owns the room makes or unmakes owners and moderators.
    SetRole {
        peer: PeerId,
        role: Role,
    },
    SetPermissions {
        peer: PeerId,
        permissions: Permissions,
    },
    LowerHand {
        peer: PeerId,
    },
    /// Lets somebody in who waits.
    Admit {
        peer: PeerId,
    },
    /// Sends somebody away who waits.
    Deny {
        peer: PeerId,
    },
    SetRules(RulesChange),
    /// Everybody out; the room is over.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Peer(PeerId),
    /// Everybody who does not moderate.
    Others,
}

/// `None` leaves a rule as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RulesChange {
    pub locked: Option<bool>,
    pub waiting_room: Option<bool>,
    pub mute_on_entry: Option<bool>,
    pub max_members: Option<Option<usize>>,
}
