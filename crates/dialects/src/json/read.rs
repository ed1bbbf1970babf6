//! A tutorial client's frame, read into what it asks for.

use std::borrow::Cow;
use std::sync::Arc;

use parlor_rooms::{
    Attachments, ChatKey, Command, Delivery, DisplayName, EventName, Json, PeerId, Refusal,
    RoomName, Signal, Targets,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::quick;
use crate::error::Problem;
use crate::native::candidate_init;
use crate::object::{explain, object, room_name};
use crate::token::JoinToken;

/// What a frame asks for. A room left out means the only one that the client is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Join { room: RoomName, name: DisplayName, token: Option<JoinToken> },
    Command { room: Option<RoomName>, command: Command },
}

/// All fields of all types, unread: which ones count is told by the type, and the others may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    room_id: Option<&'a RawValue>,
    #[serde(borrow)]
    target: Option<&'a RawValue>,
    #[serde(borrow)]
    sdp: Option<&'a RawValue>,
    #[serde(borrow)]
    candidate: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
}

/// `null` is data too.
fn even_null<'de, D: Deserializer<'de>>(given: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(given).map(Some)
}

#[derive(Deserialize)]
struct Description<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sdp: Cow<'a, str>,
}

pub(super) fn read(text: &str) -> Result<Request, Problem> {
    match quick::read(text) {
        Some((room, command)) => Ok(Request::Command { room, command }),
        None => read_carefully(text),
    }
}

pub(super) fn read_carefully(text: &str) -> Result<Request, Problem> {
    let message: Message<'_> = serde_json::from_str(object(text)?).map_err(|why| explain(&why))?;
    let room = message.room_id.map(|raw| room_name("roomId", raw)).transpose()?;
    let command = match message.kind.as_ref() {
        "join" => {
            let room = room.ok_or_else(|| missing("roomId"))?;
            let name =
                string(message.name, "name")?.map(|name| DisplayName::parse(&name)).transpose();
            let name = name.map_err(Problem::field("name"))?.unwrap_or_default();
            let token = string(message.token, "token")?.as_deref().and_then(JoinToken::new);
            return Ok(Request::Join { room, name, token });
        }
        "leave" => Command::Leave,
        "offer" => signal(&message, Signal::Offer(sdp(&message, "offer")?))?,
        "answer" => signal(&message, Signal::Answer(sdp(&message, "answer")?))?,
        "ice-candidate" => {
            // A field that is `null` looks like one that is absent; both mean the end of candidates.
            let candidate = candidate_init(message.candidate.unwrap_or(RawValue::NULL))?;
            signal(&message, Signal::Candidate(candidate))?
        }
        "chat" => {
            let text = string(message.text, "text")?.ok_or_else(|| missing("text"))?;
            if text.is_empty() {
                return Err(Problem::BadMessage("`text` must not be empty".into()));
            }
            Command::Chat { text: text.into(), key: None::<ChatKey> }
        }
        "message" => {
            let data = Json::from_checked(message.data.ok_or_else(|| missing("data"))?.get());
            let to = targets(message.target)?;
            Command::Message { to, data, delivery: Delivery::Reliable }
        }
        "event" => emit(&message)?,
        other => return Err(Problem::UnknownType(other.into())),
    };
    Ok(Request::Command { room, command })
}

fn emit(message: &Message<'_>) -> Result<Command, Problem> {
    let name = string(message.name, "name")?.ok_or_else(|| missing("name"))?;
    let args = message.args.filter(|args| args.get().starts_with('['));
    let args = args.ok_or_else(|| Problem::BadMessage("`args` must be a list".into()))?;
    Ok(Command::Emit {
        to: targets(message.target)?,
        name: EventName::parse(&name).map_err(Problem::field("name"))?,
        args: Json::from_checked(args.get()),
        attachments: Attachments::default(),
        delivery: Delivery::Reliable,
    })
}

fn signal(message: &Message<'_>, signal: Signal) -> Result<Command, Problem> {
    Ok(Command::Signal { to: targets(message.target)?, signal })
}

/// Without a target these clients mean everybody else.
fn targets(target: Option<&RawValue>) -> Result<Targets, Problem> {
    let Some(target) = string(target, "target")? else { return Ok(Targets::Others) };
    let peer = PeerId::parse(&target).ok_or(Refusal::UnknownTarget)?;
    Ok(Targets::Peers(vec![peer]))
}

/// The tutorials say "string" and send the browser's object: both are taken.
fn sdp(message: &Message<'_>, kind: &str) -> Result<Arc<str>, Problem> {
    let wrong = || Problem::BadMessage(format!("`sdp` must be {{type: \"{kind}\", sdp: string}}"));
    let raw = message.sdp.ok_or_else(wrong)?.get();
    if let Ok(text) = serde_json::from_str::<String>(raw) {
        return Ok(text.into());
    }
    let object: Description<'_> =
        if raw.starts_with('{') { serde_json::from_str(raw) } else { return Err(wrong()) }
            .map_err(|_| wrong())?;
    if object.kind.is_some_and(|given| given != kind) {
        return Err(wrong());
    }
    Ok(object.sdp.as_ref().into())
}

fn string(raw: Option<&RawValue>, field: &str) -> Result<Option<String>, Problem> {
    let text = raw.map(|raw| serde_json::from_str(raw.get())).transpose();
    text.map_err(|why| {
        if why.is_data() {
            Problem::BadMessage(format!("`{field}` must be a string"))
        } else {
            Problem::BadJson
        }
    })
}

fn missing(field: &str) -> Problem {
    Problem::BadMessage(format!("`{field}` is missing"))
}
