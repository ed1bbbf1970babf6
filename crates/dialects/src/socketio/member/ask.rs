//! The events of a Socket.IO client, read into what they ask for.

use std::borrow::Cow;
use std::sync::Arc;

use parlor_rooms::{
    Attachments, Command, Delivery, DisplayName, EventName, Json, PeerId, RoomName, Signal, Targets,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::native::{self, candidate_init};
use crate::object::explain;
use crate::socketio::packet::{Args, Namespace};
use crate::token::JoinToken;

use super::OUR_OWN;

/// What an event asks for. A room left out means the only one that the client is in.
pub(super) enum Wish {
    Join {
        room: RoomName,
        name: DisplayName,
    },
    Leave(Option<RoomName>),
    LeaveAll,
    Signal {
        room: Option<RoomName>,
        /// As the client says; who can be meant by it is told by the room.
        target: Option<PeerId>,
        signal: Signal,
    },
    /// To everybody else in all rooms of the client.
    Say(Command),
    /// A newer token, for all rooms that the client is in or comes into.
    Refresh(JoinToken),
    /// To hear our own words.
    Listen,
    /// In one room.
    Do(Option<RoomName>, Command),
}

/// Whether an event of that name asks for something else than to be told on.
pub(super) fn has_meaning(name: &str) -> bool {
    let plain = matches!(
        name,
        "join-room"
            | "join"
            | "leave-room"
            | "leave"
            | "disconnecting"
            | "offer"
            | "answer"
            | "ice-candidate"
            | "chat"
    );
    plain || name.starts_with(OUR_OWN)
}

pub(super) fn read(namespace: &Namespace, name: &str, args: &Args) -> Result<Wish, Problem> {
    let raw: Vec<&RawValue> = serde_json::from_str(args.json()).map_err(|_| Problem::BadJson)?;
    let arg = |at: usize| raw.get(at).copied().filter(|raw| raw.get() != "null");
    let room = |at: usize| arg(at).map(|raw| room_name(namespace, raw)).transpose();
    match name {
        "join-room" | "join" => {
            let room = room(0)?.ok_or_else(|| missing("the name of a room"))?;
            Ok(Wish::Join { room, name: display_name(arg(1)) })
        }
        "leave-room" | "leave" => room(0).map(Wish::Leave),
        "disconnecting" => Ok(Wish::LeaveAll),
        "offer" => signal(Signal::Offer(sdp(arg(0), "offer")?), room(1)?, arg(2)),
        "answer" => signal(Signal::Answer(sdp(arg(0), "answer")?), room(1)?, arg(2)),
        "ice-candidate" => {
            let candidate = candidate_init(arg(0).unwrap_or(RawValue::NULL))?;
            signal(Signal::Candidate(candidate), room(1)?, arg(2))
        }
        "chat" => chat(arg(0)).map(Wish::Say),
        "parlor:token" => {
            let token = arg(0).and_then(text).and_then(|token| JoinToken::new(&token));
            token.map(Wish::Refresh).ok_or_else(|| missing("a token, a string,"))
        }
        "parlor:listen" => Ok(Wish::Listen),
        "parlor:moderate" => Ok(Wish::Do(room(1)?, native::moderate(&fields(arg(0))?)?)),
        "parlor:publish" => Ok(Wish::Do(room(1)?, native::publish(&fields(arg(0))?)?)),
        "parlor:unpublish" => Ok(Wish::Do(room(1)?, native::unpublish(&fields(arg(0))?)?)),
        "parlor:raise-hand" => {
            let hand: native::RaiseHand = fields(arg(0))?;
            Ok(Wish::Do(room(1)?, Command::RaiseHand(hand.raised)))
        }
        "message" if args.attachments().is_empty() && raw.len() <= 1 => {
            let data = Json::from_checked(raw.first().copied().unwrap_or(RawValue::NULL).get());
            let (to, delivery) = (Targets::Others, Delivery::Reliable);
            Ok(Wish::Say(Command::Message { to, data, delivery }))
        }
        other => relay(other, args).map(Wish::Say),
    }
}

/// The fields that the native protocol has for it.
fn fields<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, Problem> {
    let raw = raw.ok_or_else(|| missing("an object"))?;
    if !raw.get().starts_with('{') {
        return Err(missing("an object"));
    }
    serde_json::from_str(raw.get()).map_err(|why| explain(&why))
}

fn signal(
    signal: Signal,
    room: Option<RoomName>,
    target: Option<&RawValue>,
) -> Result<Wish, Problem> {
    let target = target.and_then(text).and_then(|target| PeerId::parse(&target));
    Ok(Wish::Signal { room, target, signal })
}

fn relay(name: &str, args: &Args) -> Result<Command, Problem> {
    let name = EventName::parse(name).map_err(Problem::field("event name"))?;
    let parts = args.attachments().iter().map(|part| Arc::from(part.as_ref())).collect();
    let (to, delivery) = (Targets::Others, Delivery::Reliable);
    let (args, attachments) = (Json::from_checked(args.json()), Attachments::new(parts));
    Ok(Command::Emit { to, name, args, attachments, delivery })
}

/// A text, or an object with one.
fn chat(raw: Option<&RawValue>) -> Result<Command, Problem> {
    #[derive(Deserialize)]
    struct Chat<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }
    let wrong = || missing("a text, or an object with `text`,");
    let raw = raw.ok_or_else(wrong)?;
    let said = match text(raw) {
        Some(said) => said,
        None if raw.get().starts_with('{') => {
            let chat: Chat<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
            chat.text.into_owned()
        }
        None => return Err(wrong()),
    };
    if said.is_empty() {
        return Err(Problem::BadMessage("the text must not be empty".into()));
    }
    Ok(Command::Chat { text: said.into(), key: None })
}

/// The browser's object, or its `sdp` alone.
fn sdp(raw: Option<&RawValue>, kind: &str) -> Result<Arc<str>, Problem> {
    #[derive(Deserialize)]
    struct Description<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<Cow<'a, str>>,
        #[serde(borrow)]
        sdp: Cow<'a, str>,
    }
    let wrong = || missing(&format!("{{type: \"{kind}\", sdp: string}}"));
    let raw = raw.ok_or_else(wrong)?;
    if let Some(sdp) = text(raw) {
        return Ok(sdp.into());
    }
    if !raw.get().starts_with('{') {
        return Err(wrong());
    }
    let description: Description<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
    if description.kind.is_some_and(|given| given != kind) {
        return Err(wrong());
    }
    Ok(description.sdp.as_ref().into())
}

/// A string, or a number taken as its text. Rooms of another namespace than the main one bear its name.
fn room_name(namespace: &Namespace, raw: &RawValue) -> Result<RoomName, Problem> {
    let name = match text(raw) {
        Some(name) => name,
        None if raw.get().parse::<f64>().is_ok() => raw.get().to_owned(),
        None => return Err(missing("the name of a room, a string,")),
    };
    room_in(namespace, &name)
}

pub(in crate::socketio) fn room_in(namespace: &Namespace, name: &str) -> Result<RoomName, Problem> {
    let name = match namespace.as_str().strip_prefix('/') {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}/{name}"),
        Some(_) | None => name.to_owned(),
    };
    RoomName::parse(&name).map_err(Problem::field("room"))
}

/// Many tutorials give their user's id or name here; what can't be one is none.
fn display_name(raw: Option<&RawValue>) -> DisplayName {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
    }
    let raw = raw.map_or("", RawValue::get);
    let name = match serde_json::from_str::<String>(raw) {
        Ok(name) => Some(name),
        Err(_) if raw.starts_with('{') => {
            serde_json::from_str::<Named<'_>>(raw).ok().map(|named| named.name.into_owned())
        }
        Err(_) => None,
    };
    name.and_then(|name| DisplayName::parse(&name).ok()).unwrap_or_default()
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn missing(what: &str) -> Problem {
    Problem::BadMessage(format!("{what} is missing among the arguments"))
}
