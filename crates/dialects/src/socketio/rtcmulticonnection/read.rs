//! The events of such a client, read into what they ask for.

use std::sync::Arc;

use parlor_rooms::RoomName;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::join::Entry;
use super::{Client, Way};
use crate::error::Problem;
use crate::socketio::packet::{Args, Namespace};

#[derive(Debug)]
pub(in crate::socketio) enum Wish<'a> {
    Enter(Way, Result<Entry, Problem>),
    LookUp {
        room: RoomName,
        said: String,
    },
    SetPassword,
    TryPassword {
        said: String,
    },
    ListRooms {
        named: bool,
    },
    Part {
        from: String,
    },
    Close,
    Rename(String),
    SayExtra(&'a RawValue),
    AskExtra {
        of: String,
    },
    /// Custom events need nobody to listen for them here.
    Listen,
    Message {
        to: String,
        message: &'a RawValue,
    },
}

/// What a client says when it wants to come in.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    sessionid: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    extra: Option<&'a RawValue>,
    #[serde(borrow)]
    password: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Media<'a> {
    #[serde(borrow)]
    oneway: Option<&'a RawValue>,
    #[serde(borrow)]
    broadcast: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Letter<'a> {
    #[serde(rename = "remoteUserId", borrow)]
    to: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// `None`: the event is none of theirs.
pub(in crate::socketio) fn read<'a>(
    client: &Client,
    namespace: &Namespace,
    (name, args): (&str, &'a Args),
) -> Option<Result<Wish<'a>, Problem>> {
    let raw: Vec<&RawValue> = serde_json::from_str(args.json()).ok()?;
    let first = raw.first().copied().unwrap_or(RawValue::NULL);
    if let Some(way) = way(name)
        && let Some(said) = object::<Said<'_>>(first)
        && (client.known || said.sessionid.is_some())
    {
        return Some(Ok(Wish::Enter(way, entry(namespace, way, &said))));
    }
    if !client.known {
        return None;
    }
    if name == &*client.handshake.message_event {
        return Some(message(first, args));
    }
    let second = raw.get(1).copied().unwrap_or(RawValue::NULL);
    about(name, first, second).map(|wish| match wish {
        Ok(Asked::Wish(wish)) => Ok(wish),
        Ok(Asked::LookUp(said)) => room(namespace, &said).map(|room| Wish::LookUp { room, said }),
        Err(problem) => Err(problem),
    })
}

/// Whether a client may show by an event of that name that it is one of these.
pub(in crate::socketio) fn begins_with(name: &str) -> bool {
    way(name).is_some()
}

enum Asked<'a> {
    Wish(Wish<'a>),
    LookUp(String),
}

fn about<'a>(
    name: &str,
    first: &'a RawValue,
    second: &RawValue,
) -> Option<Result<Asked<'a>, Problem>> {
    let words = |raw: &RawValue| text(raw).ok_or_else(|| missing("an id, a string,"));
    let wish = match name {
        "check-presence" => return Some(words(first).map(Asked::LookUp)),
        "set-password" => Ok(Wish::SetPassword),
        "is-valid-password" => words(second).map(|said| Wish::TryPassword { said }),
        "get-public-rooms" => Ok(Wish::ListRooms { named: text(first).is_some_and(is_said) }),
        "disconnect-with" => words(first).map(|from| Wish::Part { from }),
        "close-entire-session" => Ok(Wish::Close),
        "changed-uuid" => words(first).map(Wish::Rename),
        "extra-data-updated" => Ok(Wish::SayExtra(first)),
        "get-remote-user-extra-data" => words(first).map(|of| Wish::AskExtra { of }),
        "set-custom-socket-event-listener" => Ok(Wish::Listen),
        _ => return None,
    };
    Some(wish.map(Asked::Wish))
}

fn way(name: &str) -> Option<Way> {
    match name {
        "open-room" => Some(Way::Open),
        "join-room" => Some(Way::Join),
        _ => None,
    }
}

fn entry(namespace: &Namespace, way: Way, said: &Said<'_>) -> Result<Entry, Problem> {
    let name = said.sessionid.and_then(text).ok_or_else(|| missing("`sessionid`, a string,"))?;
    if way == Way::Open && said.password.and_then(text).is_some_and(is_said) {
        return Err(Problem::BadMessage(NO_PASSWORDS.into()));
    }
    let media = said.session.and_then(object::<Media<'_>>).unwrap_or_default();
    let is_true = |field: Option<&RawValue>| field.is_some_and(|field| field.get() == "true");
    let extra = said.extra.filter(|extra| extra.get() != "null");
    Ok(Entry {
        room: room(namespace, &name)?,
        said: name,
        one_way: is_true(media.oneway) || is_true(media.broadcast),
        extra: extra.map(|extra| Arc::from(extra.get())),
    })
}

const NO_PASSWORDS: &str = "a room can't have a password: other clients would come in without it";

fn message<'a>(letter: &'a RawValue, args: &Args) -> Result<Wish<'a>, Problem> {
    let wrong = || missing("{remoteUserId: string, message}");
    if !args.attachments().is_empty() {
        return Err(Problem::BadMessage("a message has no binary parts".into()));
    }
    let letter = object::<Letter<'_>>(letter).ok_or_else(wrong)?;
    let to = letter.to.and_then(text).ok_or_else(wrong)?;
    Ok(Wish::Message { to, message: letter.message.ok_or_else(wrong)? })
}

/// Serde would take an array for a struct.
fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

/// A string, or a number taken as its text.
fn text(raw: &RawValue) -> Option<String> {
    let words = raw.get();
    let number = || words.parse::<f64>().is_ok().then(|| words.to_owned());
    serde_json::from_str(words).ok().or_else(number)
}

fn is_said(text: String) -> bool {
    !text.trim().is_empty()
}

fn room(namespace: &Namespace, name: &str) -> Result<RoomName, Problem> {
    crate::socketio::member::room_in(namespace, name)
}

fn missing(what: &str) -> Problem {
    Problem::BadMessage(format!("{what} is missing among the arguments"))
}
