//! A frame of the channels dialect, read into what it asks for.

use std::borrow::Cow;

use parlor_rooms::{Json, RoomName};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::object::{explain, object, room_name};
use crate::token::JoinToken;

pub(super) enum Request {
    CheckPresence(RoomName, Option<JoinToken>),
    Open(RoomName, Option<JoinToken>),
    Data(RoomName, Json),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    channel: Option<&'a RawValue>,
    check_presence: Option<serde::de::IgnoredAny>,
    open: Option<serde::de::IgnoredAny>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
}

/// In this order: a frame that asks for several things gets the first.
pub(super) fn read(text: &str) -> Result<Request, Problem> {
    let message: Message<'_> = serde_json::from_str(object(text)?).map_err(|why| explain(&why))?;
    let missing = |field: &str| Problem::BadMessage(format!("`{field}` is missing"));
    let channel = message.channel.ok_or_else(|| missing("channel"))?;
    let room = room_name("channel", channel)?;
    let token = message.token.as_deref().and_then(JoinToken::new);
    if message.check_presence.is_some() {
        return Ok(Request::CheckPresence(room, token));
    }
    if message.open.is_some() {
        return Ok(Request::Open(room, token));
    }
    let data = message.data.ok_or_else(|| missing("data"))?;
    Ok(Request::Data(room, Json::from_checked(data.get())))
}

/// `null` is data like any other.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}
