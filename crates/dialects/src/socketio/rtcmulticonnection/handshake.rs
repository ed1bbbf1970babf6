//! What a client says of itself in the address that it opens.

use std::sync::Arc;

use parlor_rooms::EventName;
use percent_encoding::percent_decode_str;

use crate::depth::is_too_deep;
use crate::socketio::engine::find;
use crate::socketio::packet::is_event_name;

const MESSAGE_EVENT: &str = "RTCMultiConnection-Message";
/// As the original has it; the server's own limit is lower.
const CAPACITY: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    pub(super) userid: Option<Arc<str>>,
    /// The name of the event that carries messages to and from this client.
    pub(super) message_event: Arc<str>,
    pub(super) capacity: usize,
    /// Whether the session ends for all when this client, having opened it, goes.
    pub(super) closes: bool,
    /// JSON of the client's own.
    pub(super) extra: Option<Arc<str>>,
}

impl Default for Handshake {
    fn default() -> Self {
        let message_event = MESSAGE_EVENT.into();
        Self { userid: None, message_event, capacity: CAPACITY, closes: false, extra: None }
    }
}

impl Handshake {
    /// `None` if the address is another client's.
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        find(query, "msgEvent").or_else(|| find(query, "userid"))?;
        let value = |key: &str| {
            let value = find(query, key)?.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let event = value("msgEvent").filter(|name| is_usable(name));
        let capacity = value("maxParticipantsAllowed").and_then(|number| number.parse().ok());
        let extra = value("extra").filter(|extra| is_json(extra));
        Some(Self {
            userid: value("userid").map(Into::into),
            message_event: event.map_or_else(|| MESSAGE_EVENT.into(), Into::into),
            capacity: capacity.filter(|capacity| *capacity > 0).unwrap_or(CAPACITY),
            closes: value("autoCloseEntireSession").as_deref() == Some("true"),
            extra: extra.map(Into::into),
        })
    }

    pub(in crate::socketio) fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Other names would make the client's decoder close its connection.
fn is_usable(name: &str) -> bool {
    EventName::parse(name).is_ok() && is_event_name(name)
}

fn is_json(text: &str) -> bool {
    !is_too_deep(text) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_who_comes() {
        let query = "userid=ada%201&sessionid=tea&msgEvent=m&socketCustomEvent=c&autoCloseEntireSession=true\
            &maxParticipantsAllowed=4&extra=%7B%22fullName%22%3A%22Ada%22%7D&EIO=4&transport=polling";
        let wanted = Handshake {
            userid: Some("ada 1".into()),
            message_event: "m".into(),
            capacity: 4,
            closes: true,
            extra: Some(r#"{"fullName":"Ada"}"#.into()),
        };
        assert_eq!(Handshake::read(query), Some(wanted));
    }

    #[test]
    fn what_makes_no_sense_in_it_counts_as_left_out() {
        for query in [
            "msgEvent=",
            "msgEvent=disconnect&userid=",
            "userid=&maxParticipantsAllowed=0&extra=%7B",
            "userid=&maxParticipantsAllowed=-1&autoCloseEntireSession=1&msgEvent=%07",
        ] {
            assert_eq!(Handshake::read(query), Some(Handshake::default()), "{query}");
        }
        for query in ["", "EIO=4&transport=websocket", "sessionid=tea&extra=1"] {
            assert_eq!(Handshake::read(query), None, "{query}");
        }
    }
}
