//! What is wrong with a request, as a status of HTTP and the native protocol's `error` object.

use bytes::Bytes;
use parlor_rooms::{Refusal, Unadmitted};

use crate::error::Problem;
use crate::native::{self, ServerMessage};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Problem(Problem),
    NoToken,
    BadToken,
    /// The session is over because its member has left.
    Left,
    KeyReused,
    BodyTooLarge {
        max_bytes: usize,
    },
    BodyTooSlow,
    MediaType,
    Method {
        allowed: &'static str,
    },
    /// With the sentence for whoever runs the page.
    Origin(String),
    TooManyStreams,
    Stopping,
    Internal,
}

impl Trouble {
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Problem(problem) => status_of(problem),
            Self::NoToken | Self::BadToken => 401,
            Self::Origin(_) => 403,
            Self::Method { .. } => 405,
            Self::BodyTooSlow => 408,
            Self::Left => 410,
            Self::BodyTooLarge { .. } => 413,
            Self::MediaType => 415,
            Self::KeyReused => 422,
            Self::Internal => 500,
            Self::TooManyStreams | Self::Stopping => 503,
        }
    }

    #[must_use]
    pub fn encode(&self) -> Bytes {
        let Self::Problem(problem) = self else {
            return native::write(&ServerMessage::Error {
                id: None,
                code: self.code(),
                message: self.message(),
                hint: self.hint(),
                retry_after_ms: None,
            });
        };
        native::encode_problem(None, problem)
    }

    /// The stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Problem(problem) => problem.code(),
            Self::NoToken => "no-token",
            Self::BadToken => "bad-token",
            Self::Left => "session-unknown",
            Self::KeyReused => "key-reused",
            Self::BodyTooLarge { .. } => "too-large",
            Self::BodyTooSlow => "too-slow",
            Self::MediaType => "unsupported-media-type",
            Self::Method { .. } => "wrong-method",
            Self::Origin(_) => "origin-refused",
            Self::TooManyStreams => "too-many-connections",
            Self::Stopping => "server-stopping",
            Self::Internal => "internal-error",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Problem(problem) => problem.to_string(),
            Self::NoToken => "nobody has said who posts".into(),
            Self::BadToken => "no session in this room has this token".into(),
            Self::Left => "this member has left".into(),
            Self::KeyReused => "this Idempotency-Key was used with another body".into(),
            Self::BodyTooLarge { .. } => "the body is too large".into(),
            Self::BodyTooSlow => "the body did not come in time".into(),
            Self::MediaType => "this Content-Type is not read here".into(),
            Self::Method { .. } => "this method does nothing here".into(),
            Self::Origin(why) => why.clone(),
            Self::TooManyStreams => "there are too many streams".into(),
            Self::Stopping => "the server is about to stop".into(),
            Self::Internal => "the server could not do this".into(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Problem(problem) => problem.hint(),
            Self::NoToken => {
                "Send `Authorization: Bearer <token>` with the token of `joined` or `resumed`.".into()
            }
            Self::BadToken => {
                "Use the token of the last `joined` or `resumed`, in its own room; it ends with the session.".into()
            }
            Self::Left => "GET …/events joins again.".into(),
            Self::KeyReused => "Make a new key for each request, and repeat a request as it was.".into(),
            Self::BodyTooLarge { max_bytes } => format!("The limit is {max_bytes} bytes."),
            Self::BodyTooSlow => "Not carried out. Try again.".into(),
            Self::MediaType => "Send application/json, or text/plain for a chat message.".into(),
            Self::Method { allowed } => format!("Use {allowed}."),
            Self::Origin(_) => "Pages of this machine need no permission.".into(),
            Self::TooManyStreams | Self::Stopping | Self::Internal => "Try again in a while.".into(),
        }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn status_of(problem: &Problem) -> u16 {
    match problem {
        Problem::BadJson
        | Problem::TooDeep
        | Problem::UnknownType(_)
        | Problem::BadMessage(_)
        | Problem::BinaryUnsupported
        | Problem::UnsupportedProtocol { .. } => 400,
        Problem::RateLimited { .. } => 429,
        Problem::Refused(refusal) => match refusal {
            Refusal::BadDescription => 400,
            Refusal::BadSecret => 401,
            Refusal::NotPermitted
            | Refusal::Lacks(_)
            | Refusal::Outranked
            | Refusal::Hidden
            | Refusal::Denied
            | Refusal::Removed
            | Refusal::Banned => 403,
            Refusal::UnknownTarget | Refusal::RoomUnknown => 404,
            Refusal::NotJoined
            | Refusal::AlreadyJoined
            | Refusal::IdentityTaken
            | Refusal::AliasTaken
            | Refusal::RequestOutOfOrder => 409,
            Refusal::SessionUnknown | Refusal::RoomEnded => 410,
            Refusal::TooLarge { .. } | Refusal::TooManyAttributes | Refusal::TooManySections => 413,
            Refusal::RoomLocked => 423,
            Refusal::RoomFull
            | Refusal::TooManyRooms
            | Refusal::Draining
            | Refusal::WaitingRoomFull => 503,
            Refusal::Token(why) => match why {
                Unadmitted::OtherRoom | Unadmitted::NoGrant(_) => 403,
                Unadmitted::Unverified => 503,
                Unadmitted::TooManyAttempts(_) => 429,
                Unadmitted::Missing
                | Unadmitted::Invalid(_)
                | Unadmitted::Expired
                | Unadmitted::Early
                | Unadmitted::Revoked => 401,
            },
        },
    }
}
