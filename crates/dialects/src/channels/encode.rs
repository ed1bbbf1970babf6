//! What rooms put out, for clients that expect the bare data of the others. Remembers nothing.

use bytes::Bytes;
use parlor_rooms::{Body, Event, Refusal, Reply};
use serde_json::json;

use crate::error::Problem;
use crate::native::raw;
use crate::payload::args_with_binary;

/// These clients tell each other `{userLeft, userid}` themselves, so a leave is said in their words.
#[must_use]
pub fn encode_event(event: &Event) -> Option<Bytes> {
    let value = match &event.body {
        Body::Message { data, .. } => return Some(data.as_str().to_owned().into()),
        Body::Emitted { name, args, attachments, .. } => {
            json!({ "event": name.as_str(), "args": args_with_binary(args, attachments) })
        }
        Body::MemberLeft { peer, .. } => json!({ "userLeft": true, "userid": peer.to_string() }),
        Body::Chat { from, name, text, .. } => {
            json!({ "chat": text, "name": name.as_str(), "userid": from.to_string() })
        }
        Body::Offer { from, sdp } => {
            json!({ "sdp": { "type": "offer", "sdp": sdp }, "userid": from.to_string() })
        }
        Body::Answer { from, sdp } => {
            json!({ "sdp": { "type": "answer", "sdp": sdp }, "userid": from.to_string() })
        }
        Body::Candidate { from, candidate } => {
            json!({ "candidate": raw(candidate), "userid": from.to_string() })
        }
        Body::MemberJoined(_)
        | Body::MemberUpdated(_)
        | Body::Knock(_)
        | Body::KnockEnded { .. }
        | Body::RoomUpdated(_)
        | Body::TokenExpiring { .. } => return None,
    };
    Some(value.to_string().into())
}

#[must_use]
pub fn encode_reply(reply: &Result<Reply, Refusal>) -> Vec<Bytes> {
    match reply {
        Ok(Reply::Presence(presence)) => {
            let answer = json!({ "isChannelPresent": !presence.names.is_empty() });
            vec![answer.to_string().into()]
        }
        Ok(
            Reply::Joined(_)
            | Reply::Resumed(_)
            | Reply::Waiting(_)
            | Reply::Done { .. }
            | Reply::Left
            | Reply::Pong { .. },
        ) => Vec::new(),
        Err(refusal) => vec![encode_problem(&Problem::Refused(*refusal))],
    }
}

pub(super) fn encode_problem(problem: &Problem) -> Bytes {
    let (message, hint) = (problem.to_string(), problem.hint());
    let error = json!({ "code": problem.code(), "message": message, "hint": hint });
    json!({ "error": error }).to_string().into()
}
