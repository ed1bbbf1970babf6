//! What PeerJS clients are told, in their words.

use bytes::Bytes;
use parlor_rooms::{Json, Refusal};
use serde::Serialize;
use serde_json::value::RawValue;

use super::read::Kind;
use crate::native::raw;

/// Field by field as the original's clients expect it.
#[derive(Serialize)]
struct Outgoing<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dst: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Complaint<'a> {
    r#type: &'a str,
    payload: Reason<'a>,
}

#[derive(Serialize)]
struct Reason<'a> {
    msg: &'a str,
}

pub(super) fn open() -> Bytes {
    write(&Outgoing { r#type: "OPEN", src: None, dst: None, payload: None })
}

pub(super) fn message(kind: Kind, src: &str, dst: &str, payload: Option<&Json>) -> Bytes {
    let payload = payload.map(raw);
    write(&Outgoing { r#type: kind.word(), src: Some(src), dst: Some(dst), payload })
}

/// The client gives up after it.
pub(super) fn error(msg: &str) -> Bytes {
    write(&Complaint { r#type: "ERROR", payload: Reason { msg } })
}

/// Why somebody may not come in, in the original's sentences where it has one.
pub(super) fn refused(refusal: Refusal) -> Bytes {
    match refusal {
        Refusal::AliasTaken => {
            write(&Complaint { r#type: "ID-TAKEN", payload: Reason { msg: "ID is taken" } })
        }
        Refusal::RoomFull | Refusal::TooManyRooms | Refusal::Draining => {
            error("Server has reached its concurrent user limit")
        }
        Refusal::NotPermitted | Refusal::RoomUnknown => error("Invalid key provided"),
        Refusal::NotJoined
        | Refusal::AlreadyJoined
        | Refusal::SessionUnknown
        | Refusal::BadSecret
        | Refusal::UnknownTarget
        | Refusal::Lacks(_)
        | Refusal::Outranked
        | Refusal::Hidden
        | Refusal::RoomLocked
        | Refusal::RoomEnded
        | Refusal::WaitingRoomFull
        | Refusal::Denied
        | Refusal::Removed
        | Refusal::Banned
        | Refusal::BadDescription
        | Refusal::TooManySections
        | Refusal::IdentityTaken
        | Refusal::TooLarge { .. }
        | Refusal::TooManyAttributes
        | Refusal::RequestOutOfOrder => error(&refusal.to_string()),
        // The client shows nothing but the sentence, so the code stands in it.
        Refusal::Token(why) => error(&format!("{}: {why}", why.code())),
    }
}

/// Our own messages have string keys and no failing `Serialize`, so there is always a text.
fn write(message: &impl Serialize) -> Bytes {
    serde_json::to_vec(message).unwrap_or_default().into()
}
