//! Why the server closes a WebSocket: codes and reasons of RFC 6455, section 7.4, and our own from 4000.

use parlor_rooms::{LeaveReason, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    Left,
    ServerStopping,
    ProtocolError,
    InvalidUtf8,
    FrameTooLarge,
    InternalError,
    Replaced,
    /// By somebody who moderates, or by a token that was revoked.
    Removed,
    RoomEnded,
    /// Whoever moderates did not let the client in.
    Denied,
    /// The token's time is over.
    Expired,
    SlowConsumer,
    RateLimited,
    JoinTimeout,
    IdleTimeout,
    UnsupportedProtocol,
    /// The dialect has no word for a refusal, so the connection ends with it.
    Refused,
    /// The same, where it is the token's fault; with the refusal's code.
    Unadmitted(&'static str),
    DialectOff,
    TooManyConnections,
}

impl Close {
    /// How a connection ends with its last membership.
    #[must_use]
    pub fn after(reason: LeaveReason) -> Self {
        match reason {
            LeaveReason::Left | LeaveReason::Timeout => Self::Left,
            LeaveReason::Replaced => Self::Replaced,
            LeaveReason::Removed => Self::Removed,
            LeaveReason::Ended => Self::RoomEnded,
            LeaveReason::Expired => Self::Expired,
        }
    }

    /// How a connection ends whose client has waited in vain.
    #[must_use]
    pub fn not_let_in(refusal: Refusal) -> Self {
        match refusal.code() {
            "room-ended" => Self::RoomEnded,
            "removed" | "banned" => Self::Removed,
            _ => Self::Denied,
        }
    }

    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Left => 1000,
            Self::ServerStopping => 1001,
            Self::ProtocolError => 1002,
            Self::InvalidUtf8 => 1007,
            Self::FrameTooLarge => 1009,
            Self::InternalError => 1011,
            Self::Replaced => 4001,
            Self::SlowConsumer => 4002,
            Self::RateLimited => 4003,
            Self::JoinTimeout => 4004,
            Self::IdleTimeout => 4005,
            Self::Removed => 4006,
            Self::UnsupportedProtocol => 4007,
            Self::TooManyConnections => 4008,
            Self::Refused => 4009,
            Self::DialectOff => 4010,
            Self::Unadmitted(_) => 4401,
            Self::RoomEnded => 4011,
            Self::Denied => 4012,
            Self::Expired => 4013,
        }
    }

    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::ServerStopping => "server-stopping",
            Self::ProtocolError => "protocol-error",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::FrameTooLarge => "frame-too-large",
            Self::InternalError => "internal-error",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::RoomEnded => "room-ended",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::SlowConsumer => "slow-consumer",
            Self::RateLimited => "rate-limited",
            Self::JoinTimeout => "join-timeout",
            Self::IdleTimeout => "idle-timeout",
            Self::UnsupportedProtocol => "unsupported-protocol",
            Self::Refused => "refused",
            Self::DialectOff => "dialect-off",
            Self::TooManyConnections => "too-many-connections",
            Self::Unadmitted(code) => code,
        }
    }
}
