//! What rooms put out, in the words of y-webrtc, which knows published data only. Remembers nothing.

use bytes::Bytes;
use parlor_rooms::{Body, Event, Refusal, Reply};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::native::raw;

#[derive(Serialize)]
struct Publish<'a> {
    r#type: &'static str,
    topic: &'a str,
    data: &'a RawValue,
    /// How many subscribers this goes to.
    clients: usize,
}

#[must_use]
pub fn encode_event(event: &Event, hearers: usize) -> Option<Bytes> {
    let Body::Message { data, .. } = &event.body else { return None };
    let topic = event.room.as_str();
    let publish = Publish { r#type: "publish", topic, data: raw(data), clients: hearers };
    Some(serde_json::to_vec(&publish).unwrap_or_default().into())
}

#[must_use]
pub fn encode_reply(reply: &Result<Reply, Refusal>) -> Vec<Bytes> {
    match reply {
        Ok(
            Reply::Joined(_)
            | Reply::Resumed(_)
            | Reply::Waiting(_)
            | Reply::Done { .. }
            | Reply::Left
            | Reply::Presence(_)
            | Reply::Pong { .. },
        ) => Vec::new(),
        Err(refusal) => vec![encode_problem(&Problem::Refused(*refusal))],
    }
}

pub(super) fn encode_pong() -> Bytes {
    Bytes::from_static(br#"{"type":"pong"}"#)
}

/// These clients ignore types that they don't know.
pub(super) fn encode_problem(problem: &Problem) -> Bytes {
    let (message, hint) = (problem.to_string(), problem.hint());
    let error =
        json!({ "type": "error", "code": problem.code(), "message": message, "hint": hint });
    error.to_string().into()
}
