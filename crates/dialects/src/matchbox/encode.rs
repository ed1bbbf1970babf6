//! What rooms put out, in the words of matchbox: peers come, signal and go. Remembers nothing.

use bytes::Bytes;
use parlor_rooms::{Body, Event, Refusal, Reply};
use serde_json::{Value, json};

use super::uuid::uuid;

#[must_use]
pub fn encode_event(event: &Event) -> Option<Bytes> {
    let signal = |from, data: Value| json!({ "Signal": { "sender": uuid(from), "data": data } });
    let value = match &event.body {
        Body::MemberJoined(member) => json!({ "NewPeer": uuid(member.peer) }),
        Body::MemberLeft { peer, .. } => json!({ "PeerLeft": uuid(*peer) }),
        Body::Offer { from, sdp } => signal(*from, json!({ "Offer": sdp })),
        Body::Answer { from, sdp } => signal(*from, json!({ "Answer": sdp })),
        Body::Candidate { from, candidate } => {
            signal(*from, json!({ "IceCandidate": candidate.as_str() }))
        }
        Body::MemberUpdated(_)
        | Body::Chat { .. }
        | Body::Message { .. }
        | Body::Emitted { .. }
        | Body::Knock(_)
        | Body::KnockEnded { .. }
        | Body::RoomUpdated(_)
        | Body::TokenExpiring { .. } => {
            return None;
        }
    };
    Some(value.to_string().into())
}

/// The newcomer is told who it is; those who were there before are told of it, and offer.
#[must_use]
pub fn encode_reply(reply: &Result<Reply, Refusal>) -> Vec<Bytes> {
    match reply {
        Ok(Reply::Joined(joined)) => {
            vec![json!({ "IdAssigned": uuid(joined.peer) }).to_string().into()]
        }
        Ok(
            Reply::Resumed(_)
            | Reply::Waiting(_)
            | Reply::Done { .. }
            | Reply::Left
            | Reply::Presence(_)
            | Reply::Pong { .. },
        )
        | Err(_) => Vec::new(),
    }
}
