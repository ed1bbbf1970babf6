//! What a client is told when it asks for something that it can't have. Codes never change their meaning.

use std::fmt;

use crate::limits::Limits;
use crate::permissions::Permission;
use crate::unadmitted::Unadmitted;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotJoined,
    AlreadyJoined,
    SessionUnknown,
    BadSecret,
    UnknownTarget,
    NotPermitted,
    /// One permission, or the like of it, would be enough.
    Lacks(Permission),
    /// Only who stands above somebody may do this to them.
    Outranked,
    /// Nobody hears who is not seen.
    Hidden,
    RoomUnknown,
    RoomLocked,
    /// Said to those who waited: the room is over.
    RoomEnded,
    WaitingRoomFull,
    /// Whoever moderates does not want this one who waited.
    Denied,
    Removed,
    Banned,
    BadDescription,
    TooManySections,
    IdentityTaken,
    AliasTaken,
    /// Asks for more than `max_members`: the client is told, nothing is logged.
    RoomFull,
    TooManyRooms,
    /// The server is about to end: rooms that are there go on for a while, new ones begin elsewhere.
    Draining,
    TooLarge {
        what: &'static str,
        max_bytes: usize,
    },
    TooManyAttributes,
    RequestOutOfOrder,
    /// Found out by the server before the room is asked.
    Token(Unadmitted),
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
            Self::NotPermitted | Self::Lacks(_) => "not-permitted",
            Self::Outranked => "outranked",
            Self::Hidden => "hidden",
            Self::RoomUnknown => "room-unknown",
            Self::RoomLocked => "room-locked",
            Self::RoomEnded => "room-ended",
            Self::WaitingRoomFull => "waiting-room-full",
            Self::Denied => "denied",
            Self::Removed => "removed",
            Self::Banned => "banned",
            Self::BadDescription => "bad-description",
            Self::IdentityTaken => "identity-taken",
            Self::AliasTaken => "alias-taken",
            Self::RoomFull => "room-full",
            Self::TooManyRooms => "too-many-rooms",
            Self::Draining => "draining",
            Self::TooLarge { .. } | Self::TooManyAttributes | Self::TooManySections => "too-large",
            Self::RequestOutOfOrder => "request-out-of-order",
            Self::Token(why) => why.code(),
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
            Self::Lacks(permission) => {
                format!("Your `permissions` in this room don't include `{}`.", permission.word())
            }
            Self::Outranked => {
                "An owner is above moderators, and these above all others; nobody is above their equals.".into()
            }
            Self::Hidden => "Join without `hidden` to be seen and heard.".into(),
            Self::RoomUnknown => "Only rooms that exist can be joined with this token.".into(),
            Self::RoomLocked => "Ask somebody who is in the room to unlock it.".into(),
            Self::RoomEnded => "Join again to begin anew.".into(),
            Self::WaitingRoomFull => "Try again when somebody was let in.".into(),
            Self::Denied => "Ask those in the room before you knock again.".into(),
            Self::Removed => "What opened this session opens the room no more.".into(),
            Self::Banned => "The ban ends by itself; who moderates the room knows when.".into(),
            Self::BadDescription => "End each line of the description with CR LF, or with LF.".into(),
            Self::TooManySections => {
                format!("A description has at most {} media sections.", crate::sdp::MAX_SECTIONS)
            }
            Self::IdentityTaken => {
                "Leave with the other client first, or join under another identity.".into()
            }
            Self::AliasTaken => {
                "Choose another address, or give the token of the one who has it.".into()
            }
            Self::RoomFull => "Wait until somebody leaves, or raise `limits.max_members`.".into(),
            Self::TooManyRooms => "Wait until a room ends, or raise `limits.max_rooms`.".into(),
            Self::Draining => "Try again in a moment: another server takes over.".into(),
            Self::TooLarge { max_bytes, .. } => format!("The limit is {max_bytes} bytes."),
            Self::TooManyAttributes => "A member has at most 32 attributes.".into(),
            Self::RequestOutOfOrder => {
                format!(
                    "Ids must increase; only the last {} can be repeated.",
                    Limits::MAX_OUTCOMES
                )
            }
            Self::Token(why) => why.hint(),
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
            Self::Lacks(permission) => {
                write!(f, "this member lacks the permission `{}`", permission.word())
            }
            Self::Outranked => f.write_str("this member is not below the one who asks"),
            Self::Hidden => f.write_str("a hidden member is not heard"),
            Self::RoomUnknown => f.write_str("there is no such room"),
            Self::RoomLocked => f.write_str("the room is locked"),
            Self::RoomEnded => f.write_str("the room is over"),
            Self::WaitingRoomFull => f.write_str("too many wait to be let in"),
            Self::Denied => f.write_str("nobody was let in"),
            Self::Removed => f.write_str("this member was removed from the room"),
            Self::Banned => f.write_str("this client is banned from the room"),
            Self::BadDescription => {
                f.write_str("the description has a line that readers end differently")
            }
            Self::TooManySections => f.write_str("the description has too many media sections"),
            Self::IdentityTaken => f.write_str("a member of this identity is in the room"),
            Self::AliasTaken => f.write_str("somebody else in the room has this address"),
            Self::RoomFull => f.write_str("the room is full"),
            Self::TooManyRooms => f.write_str("the server has as many rooms as it may"),
            Self::Draining => f.write_str("the server is about to stop"),
            Self::TooLarge { what, .. } => write!(f, "{what} is too large"),
            Self::TooManyAttributes => f.write_str("attributes has too many entries"),
            Self::RequestOutOfOrder => {
                f.write_str("the request's id is older than what is remembered")
            }
            Self::Token(why) => write!(f, "{why}"),
        }
    }
}
