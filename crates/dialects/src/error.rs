//! What is wrong with a frame, before the rooms ever see it.

use std::fmt;
use std::time::Duration;

use parlor_rooms::{Invalid, Refusal, Unadmitted};

/// Most sets of keys are fetched by then.
const KEYS_FETCHED_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    BadJson,
    TooDeep,
    UnknownType(String),
    BadMessage(String),
    BinaryUnsupported,
    UnsupportedProtocol { wanted: u64 },
    RateLimited { retry_after: Duration },
    Refused(Refusal),
}

impl Problem {
    /// A field whose text was not accepted.
    pub(crate) fn field(name: &str) -> impl Fn(Invalid) -> Self {
        move |why| Self::BadMessage(format!("`{name}` {why}"))
    }

    /// The stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson => "bad-json",
            Self::TooDeep => "too-deep",
            Self::UnknownType(_) => "unknown-type",
            Self::BadMessage(_) => "bad-message",
            Self::BinaryUnsupported => "binary-unsupported",
            Self::UnsupportedProtocol { .. } => "unsupported-protocol",
            Self::RateLimited { .. } => "rate-limited",
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// What to do about it, for people.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::BadJson => "Send one JSON object per text frame, in UTF-8.".into(),
            Self::TooDeep => format!("Nest at most {} levels.", crate::depth::MAX_DEPTH),
            Self::UnknownType(_) => "See the list of types in docs/protocol.md.".into(),
            Self::BadMessage(_) => "See the fields of this type in docs/protocol.md.".into(),
            Self::BinaryUnsupported => "Send text frames.".into(),
            Self::UnsupportedProtocol { .. } => "Use a version that `welcome` names.".into(),
            Self::RateLimited { .. } => {
                "Not carried out. Send more slowly; `welcome` names the rate.".into()
            }
            Self::Refused(refusal) => refusal.hint(),
        }
    }

    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        const DRAINED: Duration = Duration::from_secs(1);
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Refused(Refusal::Draining) => Some(DRAINED),
            Self::Refused(Refusal::Token(Unadmitted::Unverified)) => Some(KEYS_FETCHED_AFTER),
            Self::Refused(Refusal::Token(Unadmitted::TooManyAttempts(wait))) => Some(*wait),
            Self::BadJson
            | Self::TooDeep
            | Self::UnknownType(_)
            | Self::BadMessage(_)
            | Self::BinaryUnsupported
            | Self::UnsupportedProtocol { .. }
            | Self::Refused(_) => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadJson => f.write_str("the frame is not a JSON object"),
            Self::TooDeep => f.write_str("the frame is nested too deeply"),
            Self::UnknownType(kind) => write!(f, "there is no message type `{}`", shortened(kind)),
            Self::BadMessage(why) => f.write_str(&shortened(why)),
            Self::BinaryUnsupported => f.write_str("binary frames are not understood here"),
            Self::UnsupportedProtocol { wanted } => {
                write!(f, "version {wanted} is not spoken here")
            }
            Self::RateLimited { .. } => f.write_str("too many messages"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A client's own words are given back only in part.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
