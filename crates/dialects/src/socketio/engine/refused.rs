//! Why a request is not served, in the words and numbers that Engine.IO clients know.

/// One request that is answered with an error; the session, if there is one, may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    UnknownTransport,
    UnknownSession,
    /// A session is opened with GET.
    BadMethod,
    /// Not in this state: a second poll, a poll after the upgrade, bytes that are no payload.
    BadRequest,
    Forbidden,
    UnsupportedVersion,
}

impl Refused {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    #[must_use]
    pub fn http_status(self) -> u16 {
        if self == Self::Forbidden { 403 } else { 400 }
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(self) -> String {
        self.body_with(self.message())
    }

    /// The body of an answer that says more.
    #[must_use]
    pub fn body_with(self, message: &str) -> String {
        let message = serde_json::to_string(message).unwrap_or_default();
        format!(r#"{{"code":{},"message":{message}}}"#, self.code())
    }
}
