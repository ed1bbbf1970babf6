//! Clients that connect to `/` are told apart by their first frame.

use parlor_rooms::ConnectionId;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::session::{Frame, Session};
use crate::{channels, echo, json, ywebrtc};

/// The fields that give a kind of client away.
#[derive(Deserialize)]
struct Clue<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
    channel: Option<IgnoredAny>,
    open: Option<IgnoredAny>,
    #[serde(rename = "checkPresence")]
    check_presence: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
}

/// A client that has not said anything yet.
#[derive(Clone, Copy, Debug)]
pub struct Unknown {
    pub(crate) connection: ConnectionId,
    /// Whether what is no JSON is for the echo. Otherwise it is a mistake, and its client is told so.
    pub(crate) echoes: bool,
}

pub(crate) fn recognise(frame: Frame<'_>, Unknown { connection, echoes }: Unknown) -> Session {
    let bytes = match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
    };
    if echoes && !begins_like_json(bytes) {
        return Session::Echo(echo::Session::default());
    }
    // What looks like an object but can't be read is a mistake, and `json` says which.
    let json = || Session::Json(json::Session::new(connection));
    let Ok(clue) = serde_json::from_slice::<Clue<'_>>(bytes) else { return json() };
    match clue.kind.as_deref() {
        Some("subscribe" | "unsubscribe" | "publish" | "ping") => {
            Session::YWebrtc(ywebrtc::Session::new(connection))
        }
        Some(_) => json(),
        None => {
            let asks = clue.open.or(clue.check_presence).or(clue.data);
            match clue.channel.and(asks) {
                Some(_) => Session::Channels(channels::Session::new(connection)),
                None => json(),
            }
        }
    }
}

/// All clients but the echo's begin with an object; a list is one gone wrong.
fn begins_like_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}
