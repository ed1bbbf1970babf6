//! What rooms put out, in the tutorials' words. Remembers nothing.

use bytes::Bytes;
use parlor_rooms::{Body, Event, Joined, Json, PeerId, Refusal, Reply};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::native::raw;
use crate::payload::args_with_binary;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Outgoing<'a> {
    UserJoined { user_id: String, room_id: &'a str, name: &'a str },
    ExistingUser { user_id: String, room_id: &'a str, name: &'a str },
    UserLeft { user_id: String, room_id: &'a str },
    Offer { sdp: Description<'a>, room_id: &'a str, sender: String },
    Answer { sdp: Description<'a>, room_id: &'a str, sender: String },
    IceCandidate { candidate: &'a RawValue, room_id: &'a str, sender: String },
    Chat { text: &'a str, name: &'a str, room_id: &'a str, sender: String },
    Event { name: &'a str, args: Value, room_id: &'a str, sender: String },
    Error { code: &'a str, message: String, hint: String },
}

/// The clients hand this to `new RTCSessionDescription`, which takes an object only.
#[derive(Serialize)]
struct Description<'a> {
    r#type: &'static str,
    sdp: &'a str,
}

/// `None`: these clients know no such event.
#[must_use]
pub fn encode_event(event: &Event) -> Option<Bytes> {
    let room_id = event.room.as_str();
    let sender = |peer: &PeerId| peer.to_string();
    let message = match &event.body {
        Body::MemberJoined(member) => {
            let (user_id, name) = (member.peer.to_string(), member.name.as_str());
            Outgoing::UserJoined { user_id, room_id, name }
        }
        Body::MemberLeft { peer, .. } => Outgoing::UserLeft { user_id: sender(peer), room_id },
        Body::MemberUpdated(_)
        | Body::Knock(_)
        | Body::KnockEnded { .. }
        | Body::RoomUpdated(_)
        | Body::TokenExpiring { .. } => return None,
        Body::Chat { from, name, text, .. } => {
            Outgoing::Chat { text, name: name.as_str(), room_id, sender: sender(from) }
        }
        Body::Message { from, data } => return Some(encode_message(room_id, *from, data)),
        Body::Emitted { from, name, args, attachments } => Outgoing::Event {
            name: name.as_str(),
            args: args_with_binary(args, attachments),
            room_id,
            sender: sender(from),
        },
        Body::Offer { from, sdp } => {
            let sdp = Description { r#type: "offer", sdp };
            Outgoing::Offer { sdp, room_id, sender: sender(from) }
        }
        Body::Answer { from, sdp } => {
            let sdp = Description { r#type: "answer", sdp };
            Outgoing::Answer { sdp, room_id, sender: sender(from) }
        }
        Body::Candidate { from, candidate } => {
            Outgoing::IceCandidate { candidate: raw(candidate), room_id, sender: sender(from) }
        }
    };
    Some(write(&message))
}

/// What is relayed most: put together from parts that are JSON already, in a buffer that is neither too large nor too small.
fn encode_message(room_id: &str, from: PeerId, data: &Json) -> Bytes {
    // Texts have no failing `Serialize`.
    let room_id = serde_json::to_vec(room_id).unwrap_or_default();
    let from = from.letters();
    let parts: [&[u8]; 7] = [
        br#"{"type":"message","data":"#,
        data.as_str().as_bytes(),
        br#","roomId":"#,
        &room_id,
        br#","sender":""#,
        &from,
        br#""}"#,
    ];
    parts.concat().into()
}

/// Success is silent, but for the newcomer, who is told who was there before.
#[must_use]
pub fn encode_reply(reply: &Result<Reply, Refusal>) -> Vec<Bytes> {
    match reply {
        Ok(Reply::Joined(joined)) => existing_users(joined),
        Ok(
            Reply::Resumed(_)
            | Reply::Waiting(_)
            | Reply::Done { .. }
            | Reply::Left
            | Reply::Presence(_)
            | Reply::Pong { .. },
        ) => Vec::new(),
        Err(refusal) => vec![encode_problem(&Problem::Refused(*refusal))],
    }
}

fn existing_users(joined: &Joined) -> Vec<Bytes> {
    let others = joined.members.iter().filter(|member| member.peer != joined.peer);
    let room_id = joined.room.as_str();
    let message = others.map(|member| {
        let (user_id, name) = (member.peer.to_string(), member.name.as_str());
        write(&Outgoing::ExistingUser { user_id, room_id, name })
    });
    message.collect()
}

pub(super) fn encode_problem(problem: &Problem) -> Bytes {
    let (message, hint) = (problem.to_string(), problem.hint());
    write(&Outgoing::Error { code: problem.code(), message, hint })
}

/// Our own messages have string keys and no failing `Serialize`, so there is always a text.
fn write(message: &Outgoing<'_>) -> Bytes {
    serde_json::to_vec(message).unwrap_or_default().into()
}
