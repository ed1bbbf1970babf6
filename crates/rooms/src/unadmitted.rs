//! Why a token lets nobody in, or a room lets nobody in without one. Judged by the server; told like every refusal.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unadmitted {
    /// The room needs a token, and none was shown.
    Missing,
    /// With what is wrong with it, as a clause.
    Invalid(&'static str),
    Expired,
    Early,
    Revoked,
    /// It is for other rooms than this one.
    OtherRoom,
    /// Its `grants` lack this word.
    NoGrant(&'static str),
    /// The key that it names is being looked for; the same token may be good in a moment.
    Unverified,
    /// So many bad ones came from the same network that none is looked at for a while.
    TooManyAttempts(Duration),
}

impl Unadmitted {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "token-required",
            Self::Invalid(_) => "token-invalid",
            Self::Expired => "token-expired",
            Self::Early => "token-early",
            Self::Revoked => "token-revoked",
            Self::OtherRoom => "token-other-room",
            Self::NoGrant(_) => "token-no-grant",
            Self::Unverified => "token-unverified",
            Self::TooManyAttempts(_) => "too-many-attempts",
        }
    }

    #[must_use]
    pub fn hint(self) -> String {
        match self {
            Self::Missing => "Join with a `token`; docs/tokens.md says where each client puts it.".into(),
            Self::Invalid(_) => "docs/tokens.md says how a token is made; `parlor token --check` says what is wrong with one.".into(),
            Self::Expired => "Get a new token from whoever made this one.".into(),
            Self::Early => "Wait, or set the clock of whoever makes the tokens.".into(),
            Self::Revoked => "Whoever runs the rooms has taken it back.".into(),
            Self::OtherRoom => "The claim `room` names the rooms that a token is for.".into(),
            Self::NoGrant(word) => format!("The claim `grants` of the token lacks `{word}`."),
            Self::Unverified => "Try again in a second: the keys are being fetched.".into(),
            Self::TooManyAttempts(wait) => {
                format!("Wait {} s, then show a token that is good.", wait.as_secs() + 1)
            }
        }
    }
}

impl fmt::Display for Unadmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("only those who have a token come in"),
            Self::Invalid(why) => write!(f, "the token is not good: {why}"),
            Self::Expired => f.write_str("the token has expired"),
            Self::Early => f.write_str("the token does not hold yet"),
            Self::Revoked => f.write_str("the token was revoked"),
            Self::OtherRoom => f.write_str("the token is for another room"),
            Self::NoGrant(word) => write!(f, "the token does not grant `{word}`"),
            Self::Unverified => f.write_str("the token can't be checked yet"),
            Self::TooManyAttempts(_) => f.write_str("too many bad tokens came from this network"),
        }
    }
}
