//! What a client is told when it asks for something that it can't have. Codes never change their meaning.

use std::fmt;

use crate::limits::Limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotJoined,
    AlreadyJoined,
    SessionUnknown,
    BadSecret,
    UnknownTarget,
    NotPermitted,
    IdentityTaken,
    AliasTaken,
    /// Asks for more than `max_members`: the client is told, nothing is logged.
    RoomFull,
    TooManyRooms,
    TooLarge {
        what: &'static str,
        max_bytes: usize,
    },
    TooManyAttributes,
    RequestOutOfOrder,
}

impl Refusal {
    /// The stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJoined => "not-joined",
            Self::AlreadyJoined => "already-joined",
            Self::SessionUnknown => "session-unknown",
            Self::BadSecret => "bad-secret",
            Self::UnknownTarget => "unknown-target",
            Self::NotPermitted => "not-permitted",
            Self::IdentityTaken => "identity-taken",
            Self::AliasTaken => "alias-taken",
            Self::RoomFull => "room-full",
            Self::TooManyRooms => "too-many-rooms",
            Self::TooLarge { .. } | Self::TooManyAttributes => "too-large",
            Self::RequestOutOfOrder => "request-out-of-order",
        }
    }

    /// What to do about it, for people.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotJoined => "Send `join` first and wait for `joined`.".into(),
            Self::AlreadyJoined => "Open another connection for another membership.".into(),
            Self::SessionUnknown => {
                "Join again: the session is over or the server was started anew.".into()
            }
            Self::BadSecret => {
                "Use the secret of the last `joined` or `resumed`; it changes with each use.".into()
            }
            Self::UnknownTarget => "Address only members of your own room, by their `peer`.".into(),
            Self::NotPermitted => "Your `permissions` in this room don't include this.".into(),
            Self::IdentityTaken => {
                "Leave with the other client first, or join under another identity.".into()
            }
            Self::AliasTaken => {
                "Choose another address, or give the token of the one who has it.".into()
            }
            Self::RoomFull => "Wait until somebody leaves, or raise `limits.max_members`.".into(),
            Self::TooManyRooms => "Wait until a room ends, or raise `limits.max_rooms`.".into(),
            Self::TooLarge { max_bytes, .. } => format!("The limit is {max_bytes} bytes."),
            Self::TooManyAttributes => "A member has at most 32 attributes.".into(),
            Self::RequestOutOfOrder => {
                format!(
                    "Ids must increase; only the last {} can be repeated.",
                    Limits::MAX_OUTCOMES
                )
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJoined => f.write_str("this connection is not a member of the room"),
            Self::AlreadyJoined => f.write_str("this connection is a member of the room already"),
            Self::SessionUnknown => f.write_str("there is no such session"),
            Self::BadSecret => f.write_str("the secret is not this session's"),
            Self::UnknownTarget => f.write_str("a target is not a member of the room"),
            Self::NotPermitted => f.write_str("this member may not do that"),
            Self::IdentityTaken => f.write_str("a member of this identity is in the room"),
            Self::AliasTaken => f.write_str("somebody else in the room has this address"),
            Self::RoomFull => f.write_str("the room is full"),
            Self::TooManyRooms => f.write_str("the server has as many rooms as it may"),
            Self::TooLarge { what, .. } => write!(f, "{what} is too large"),
            Self::TooManyAttributes => f.write_str("attributes has too many entries"),
            Self::RequestOutOfOrder => {
                f.write_str("the request's id is older than what is remembered")
            }
        }
    }
}
