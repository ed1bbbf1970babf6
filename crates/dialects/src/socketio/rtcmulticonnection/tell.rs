//! What these clients are told: their events, and the answers to their own.

use std::sync::Arc;

use parlor_rooms::{Json, MemberView, PeerId, Refusal};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::join::extra_of;
use super::talk::Said;
use super::{Client, Way};
use crate::error::Problem;
use crate::native::raw;
use crate::socketio::packet::Args;

pub(in crate::socketio) type Named = (Arc<str>, Args);

const NOT_AVAILABLE: &str = "Room not available";
const NOT_PERMITTED: &str = "Room permission denied";
const FULL: &str = "Room full";
const TAKEN: &str = "User ID already taken";
const NO_USER: &str = "User ID does not exist";
const NO_ROOM: &str = "Did not join any room yet";
const NO_PASSWORD: &str = "This room has no password.";
const NO_IDENTIFIER: &str = "publicRoomIdentifier is required";

pub(super) fn args(values: &Value) -> Args {
    Args::trusted(values.to_string(), Vec::new())
}

pub(super) fn event(name: &str, values: &Value) -> Named {
    (name.into(), args(values))
}

/// A message to the client, as it would come from a client of its kind.
pub(super) struct Envelope<'a> {
    pub(super) event: &'a Arc<str>,
    pub(super) to: &'a str,
    pub(super) from: &'a str,
    pub(super) sender: &'a MemberView,
}

impl Envelope<'_> {
    pub(super) fn seal(&self, message: &RawValue) -> Named {
        let (to, from) = (json!(self.to), json!(self.from));
        let extra = extra_of(self.sender);
        let message = message.get();
        let letter = format!(
            r#"[{{"remoteUserId":{to},"sender":{from},"message":{message},"extra":{extra}}}]"#
        );
        (self.event.clone(), Args::trusted(letter, Vec::new()))
    }

    pub(super) fn seal_json(&self, message: &Json) -> Named {
        self.seal(raw(message))
    }

    /// In the words of another dialect's member, put into this one's. [`Said::StartOver`] is no message.
    pub(super) fn seal_signal(&self, said: &Said) -> Option<Named> {
        let extra = raw_json(&extra_of(self.sender));
        match said {
            Said::Offer { sdp, renegotiating } => {
                let offer = json!({
                    "type": "offer", "sdp": &**sdp, "renegotiatingPeer": renegotiating, "extra": extra,
                });
                Some(self.seal_json(&Json::from_checked(&offer.to_string())))
            }
            Said::Answer(sdp) => {
                let answer = json!({ "type": "answer", "sdp": &**sdp, "extra": extra });
                Some(self.seal_json(&Json::from_checked(&answer.to_string())))
            }
            Said::Candidate(candidate) => Some(self.seal_json(candidate)),
            Said::StartOver => None,
        }
    }

    /// What one who comes would say, for those who don't know that they have to.
    pub(super) fn seal_request(&self) -> Named {
        self.seal_json(&Json::from_checked(r#"{"newParticipationRequest":true}"#))
    }

    /// The answer to "have your camera ready", for those who have nothing to make ready.
    pub(super) fn seal_ready(&self, preferences: &RawValue) -> Named {
        let preferences = preferences.get();
        let ready = format!(r#"{{"readyForOffer":true,"userPreferences":{preferences}}}"#);
        self.seal_json(&Json::from_checked(&ready))
    }
}

pub(super) fn raw_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Comes in.
pub(in crate::socketio) fn opened() -> Args {
    args(&json!([true]))
}

/// Does not come in.
pub(in crate::socketio) fn refused_entry(way: Way, problem: &Problem) -> Args {
    let Problem::Refused(refusal) = problem else {
        return args(&json!([false, problem.to_string()]));
    };
    let why = match (refusal, way) {
        (Refusal::RoomFull | Refusal::AliasTaken, Way::Open) | (Refusal::NotJoined, _) => {
            NOT_AVAILABLE.into()
        }
        (Refusal::RoomFull, Way::Join) => FULL.into(),
        (Refusal::AliasTaken, Way::Join) => TAKEN.into(),
        (Refusal::NotPermitted | Refusal::RoomUnknown, _) => NOT_PERMITTED.into(),
        // A sentence is all that a page gets, so the code stands in it.
        (Refusal::Token(why), _) => format!("{}: {why}", why.code()),
        (
            Refusal::AlreadyJoined
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
            | Refusal::TooManyRooms
            | Refusal::Draining
            | Refusal::TooLarge { .. }
            | Refusal::TooManyAttributes
            | Refusal::RequestOutOfOrder,
            _,
        ) => refusal.to_string(),
    };
    args(&json!([false, why]))
}

/// The client takes another id when it hears this, and comes in by that.
pub(in crate::socketio) fn taken(userid: &str, free: PeerId) -> Named {
    event("userid-already-taken", &json!([userid, free.to_string()]))
}

/// Who asks whether a room exists asks whether anybody is in it.
pub(in crate::socketio) fn looked_up(room: &str, members: usize, capacity: usize) -> Args {
    let is_full = members >= capacity;
    let extra = json!({ "_room": { "isFull": is_full, "isPasswordProtected": false } });
    args(&json!([members > 0, room, extra]))
}

pub(in crate::socketio) fn nothing() -> Args {
    args(&json!([]))
}

pub(in crate::socketio) fn set_no_password(client: &Client) -> Args {
    match &client.room {
        Some(room) => args(&json!([false, room.said(), NOT_PERMITTED])),
        None => args(&json!([null, null, NO_ROOM])),
    }
}

pub(in crate::socketio) fn no_password(said: &str) -> Args {
    args(&json!([false, said, NO_PASSWORD]))
}

/// Nobody is told which rooms there are.
pub(in crate::socketio) fn no_rooms(named: bool) -> Args {
    if named { args(&json!([[]])) } else { args(&json!([null, NO_IDENTIFIER])) }
}

pub(in crate::socketio) fn extra(client: &Client, of: &str) -> Args {
    let member = client.room.as_ref().and_then(|room| room.find(of));
    match member {
        Some(member) => args(&json!([raw_json(&extra_of(member)), of])),
        None => args(&json!([NO_USER])),
    }
}

pub(in crate::socketio) fn not_found(userid: &str) -> Named {
    event("user-not-found", &json!([userid]))
}

pub(in crate::socketio) fn denied() -> Args {
    args(&json!([false, NOT_PERMITTED]))
}

pub(in crate::socketio) fn closed_nothing() -> Args {
    args(&json!([false, NOT_AVAILABLE]))
}
