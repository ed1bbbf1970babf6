//! Messages of the native protocol as events of a stream. Remembers nothing.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{Call, ConnectionId, Event, Refusal, Reply, RequestId, Waiting};

use super::ids::{EventId, Token};
use crate::close::Close;
use crate::error::Problem;
use crate::ice::Ice;
use crate::native;

/// Some proxies and old browsers pass nothing on before they have so much.
const PADDING: usize = 2048;

/// An event in one encoding for all streams. A reliable one ends in the middle of its id, which [`Tail`] completes.
#[must_use]
pub fn encode_event(event: &Event) -> Bytes {
    let mut text = lines(&native::encode_event(event));
    if let Some(seq) = event.seq {
        _ = write!(text, "id: {}", seq.0);
    }
    text.into()
}

/// The end of every event of one stream: the session that its ids open again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail(Box<str>);

impl Tail {
    fn of(id: EventId) -> Self {
        Self(format!("{}\n", EventId { seq: None, ..id }).into())
    }

    /// A whole event from what [`encode_event`] has left open.
    pub fn complete(&self, frame: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(frame);
        if !frame.ends_with(b"\n") {
            out.extend_from_slice(self.0.as_bytes());
        }
        out.push(b'\n');
    }
}

/// What a stream begins with. `padded`: for one that is to be read while it goes on.
#[must_use]
pub fn opening(retry: Duration, padded: bool) -> String {
    let padding = if padded { PADDING } else { 0 };
    format!(":{:padding$}\nretry: {}\n\n", "", retry.as_millis())
}

/// `joined` or `resumed`, complete, and the tail of what follows. `resumed` has the id that the client came with:
/// what it has missed still follows. `None` for other answers.
#[must_use]
pub fn encode_entered(
    reply: &Reply,
    came_with: Option<EventId>,
    token: Token,
    ice: &Ice,
) -> Option<(Bytes, Tail)> {
    let id = match reply {
        Reply::Joined(joined) => {
            EventId { seq: Some(joined.seq), peer: joined.peer, secret: joined.secret }
        }
        Reply::Resumed(resumed) => {
            let seq = came_with.and_then(|id| id.seq);
            EventId { seq, peer: resumed.peer, secret: resumed.secret }
        }
        Reply::Waiting(_)
        | Reply::Done { .. }
        | Reply::Left
        | Reply::Presence(_)
        | Reply::Pong { .. } => return None,
    };
    let json = encode_answer(None, &Ok(reply.clone()), ice);
    let mut text = lines(&with_token(&json, token));
    _ = write!(text, "id: {id}\n\n");
    Some((text.into(), Tail::of(id)))
}

/// Unknown fields are ignored by every client, so the object is what `native` says, and more.
fn with_token(json: &[u8], token: Token) -> Vec<u8> {
    let mut json = json.strip_suffix(b"}").unwrap_or(json).to_vec();
    json.extend_from_slice(format!(",\"token\":\"{token}\"}}").as_bytes());
    json
}

/// New credentials, which belong to no place in the room's log.
#[must_use]
pub fn encode_ice_servers(ice: &Ice) -> Bytes {
    lines(&native::encode_ice_servers(ice)).into()
}

/// That the server ends in so long; it belongs to no place in the room's log either.
#[must_use]
pub fn encode_going_away(rest: Duration, go_to: Option<&str>) -> Bytes {
    lines(&native::encode_going_away(rest, go_to)).into()
}

/// Says on the stream why it does not go on as it was.
#[must_use]
pub fn encode_problem(problem: &Problem) -> Bytes {
    (lines(&native::encode_problem(None, problem)) + "\n").into()
}

/// The last event of a stream that the server ends.
#[must_use]
pub fn encode_closing(why: Close) -> Bytes {
    let (code, reason) = (why.code(), why.reason());
    let json = format!(r#"{{"type":"closing","code":{code},"reason":"{reason}"}}"#);
    (lines(json.as_bytes()) + "\n").into()
}

/// Says on the stream that somebody has to let the client in.
#[must_use]
pub fn encode_waiting(waiting: &Waiting) -> Bytes {
    let json = encode_answer(None, &Ok(Reply::Waiting(waiting.clone())), &Ice::default());
    (lines(&json) + "\n").into()
}

/// The answer to one request, as JSON.
#[must_use]
pub fn encode_answer(id: Option<RequestId>, reply: &Result<Reply, Refusal>, ice: &Ice) -> Bytes {
    // Whoever carries it knows where it goes.
    let call = Call { connection: ConnectionId(0), request: id };
    native::encode_reply(call, reply, ice)
}

/// `event:` and `data:`. What members send is passed on as they wrote it, and JSON may have line breaks between its
/// tokens: each begins a new `data:` line, or the rest could be taken for a field of the stream.
fn lines(json: &[u8]) -> String {
    let json = String::from_utf8_lossy(json);
    let kind = json.strip_prefix(r#"{"type":""#).and_then(|rest| rest.split('"').next());
    let mut text = format!("event: {}\n", kind.unwrap_or_default());
    for line in json.split(['\n', '\r']) {
        _ = writeln!(text, "data: {line}");
    }
    text
}
