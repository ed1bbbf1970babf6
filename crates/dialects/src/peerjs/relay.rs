//! How a message goes through the room from one PeerJS client to another: as an event of this name, its payload untouched.

use std::borrow::Cow;

use parlor_rooms::{Attachments, Command, Delivery, EventName, Json, PeerId, Targets};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::read::Kind;
use crate::native::raw;

const NAME: &str = "peerjs";

/// What a session lets the other's session know; no client ever says or hears it.
const BYE: &str = "BYE";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Message(Kind, Option<Json>),
    /// The other has closed its connection to the server on purpose, and keeps those to its peers.
    Bye,
}

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

pub(super) fn message(to: PeerId, kind: Kind, payload: Option<&Json>) -> Option<Command> {
    emit(to, kind.word(), payload)
}

pub(super) fn bye(to: PeerId) -> Option<Command> {
    emit(to, BYE, None)
}

fn emit(to: PeerId, kind: &str, payload: Option<&Json>) -> Option<Command> {
    let packed = Packed { kind: kind.into(), payload: payload.map(raw) };
    Some(Command::Emit {
        to: Targets::Peers(vec![to]),
        name: EventName::parse(NAME).ok()?,
        args: Json::from_checked(&serde_json::to_string(&[packed]).ok()?),
        attachments: Attachments::default(),
        delivery: Delivery::Reliable,
    })
}

/// Members of other dialects can make such events too, with anything in them.
pub(super) fn unpack(name: &EventName, args: &Json) -> Option<Passed> {
    if name.as_str() != NAME {
        return None;
    }
    let [packed]: [Packed<'_>; 1] = serde_json::from_str(args.as_str()).ok()?;
    if packed.kind == BYE {
        return Some(Passed::Bye);
    }
    let payload = packed.payload.map(|payload| Json::from_checked(payload.get()));
    Some(Passed::Message(Kind::of(&packed.kind)?, payload))
}
