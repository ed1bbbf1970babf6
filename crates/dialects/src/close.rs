//! Why the server closes a WebSocket: codes and reasons of RFC 6455, section 7.4, and our own from 4000.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    Left,
    ServerStopping,
    ProtocolError,
    InvalidUtf8,
    FrameTooLarge,
    InternalError,
    Replaced,
    SlowConsumer,
    RateLimited,
    JoinTimeout,
    IdleTimeout,
    UnsupportedProtocol,
    /// The dialect has no word for a refusal, so the connection ends with it.
    Refused,
    DialectOff,
    TooManyConnections,
}

impl Close {
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
            Self::UnsupportedProtocol => 4007,
            Self::TooManyConnections => 4008,
            Self::Refused => 4009,
            Self::DialectOff => 4010,
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
            Self::SlowConsumer => "slow-consumer",
            Self::RateLimited => "rate-limited",
            Self::JoinTimeout => "join-timeout",
            Self::IdleTimeout => "idle-timeout",
            Self::UnsupportedProtocol => "unsupported-protocol",
            Self::Refused => "refused",
            Self::DialectOff => "dialect-off",
            Self::TooManyConnections => "too-many-connections",
        }
    }
}
