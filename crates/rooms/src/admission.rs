//! What the server has found out about somebody who wants to join, before the room is asked.

use std::fmt;
use std::sync::Arc;

use crate::ids::Timestamp;
use crate::permissions::{Permissions, Role};
use crate::text::{DisplayName, Identity, Invalid};

/// Made by the driver for each join, from a token or from the policy for those who have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// `None`: what the room's rules say.
    pub role: Option<Role>,
    /// `None`: those of the role.
    pub permissions: Option<Permissions>,
    /// Proven, so that it stands in place of a claim.
    pub identity: Option<Identity>,
    /// In place of the name that the client gives.
    pub name: Option<DisplayName>,
    /// The others neither see nor hear of this member.
    pub hidden: bool,
    /// Whether the room may come to be by this join.
    pub may_create: bool,
    /// The token behind it.
    pub pass: Option<Pass>,
    /// Where the client comes from, for bans of those who have no identity.
    pub address: Option<AddressKey>,
    /// How the room is made, if this join makes it.
    pub rules: Arc<Rules>,
}

/// Of somebody unknown to a room that is open to everybody.
impl Default for Admission {
    fn default() -> Self {
        Self {
            role: None,
            permissions: None,
            identity: None,
            name: None,
            hidden: false,
            may_create: true,
            pass: None,
            address: None,
            rules: Arc::default(),
        }
    }
}

/// What the room has to know of a token: whether it is one of those that a removal made worthless, and how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    pub id: Option<PassId>,
    pub issued_at: Timestamp,
    /// `None`: the membership outlives the token.
    pub ends_at: Option<Timestamp>,
}

/// The `jti` of a token (RFC 7519, section 4.1.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PassId(Arc<str>);

impl PassId {
    pub const MAX_CHARS: usize = 128;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        crate::text::check_name(text, Self::MAX_CHARS).map(|text| Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stands for a client's address (an IPv4 address, or an IPv6 /64 network). Not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(pub [u8; 16]);

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(…)")
    }
}

/// How a room is run: from a template of the configuration, and what moderators have changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one room")]
pub struct Rules {
    /// Nobody but those who moderate comes in.
    pub locked: bool,
    /// Those who come wait until somebody who moderates admits them.
    pub waiting_room: bool,
    /// Kept while it is empty.
    pub permanent: bool,
    /// Whoever made the room owns it, and if nobody is left who moderates, whoever has been there longest.
    pub creator_owns: bool,
    /// Microphones of those who come are muted; they may unmute themselves.
    pub mute_on_entry: bool,
    /// What those are whose token names no role.
    pub role: Role,
    /// Fewer members than the server's limit.
    pub max_members: Option<usize>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            locked: false,
            waiting_room: false,
            permanent: false,
            creator_owns: true,
            mute_on_entry: false,
            role: Role::Speaker,
            max_members: None,
        }
    }
}
