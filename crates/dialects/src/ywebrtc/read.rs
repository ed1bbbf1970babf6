//! A frame of y-webrtc, read into what it asks for.

use std::borrow::Cow;

use parlor_rooms::{Json, Refusal, RoomName};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::object::{explain, object, room_name};

/// Topics of one frame. Each may be refused in a frame of its own.
const MAX_TOPICS: usize = 64;

pub(super) enum Request {
    Subscribe(Vec<RoomName>),
    Unsubscribe(Vec<RoomName>),
    Publish(RoomName, Json),
    Ping,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    topics: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

pub(super) fn read(text: &str) -> Result<Request, Problem> {
    let message: Message<'_> = serde_json::from_str(object(text)?).map_err(|why| explain(&why))?;
    match message.kind.as_ref() {
        "subscribe" => topics(message.topics).map(Request::Subscribe),
        "unsubscribe" => topics(message.topics).map(Request::Unsubscribe),
        "publish" => {
            let missing = |field: &str| Problem::BadMessage(format!("`{field}` is missing"));
            let topic = message.topic.ok_or_else(|| missing("topic"))?;
            let data = message.data.unwrap_or(RawValue::NULL);
            Ok(Request::Publish(room_name("topic", topic)?, Json::from_checked(data.get())))
        }
        "ping" => Ok(Request::Ping),
        other => Err(Problem::UnknownType(other.into())),
    }
}

fn topics(topics: Option<Vec<&RawValue>>) -> Result<Vec<RoomName>, Problem> {
    let topics = topics.ok_or_else(|| Problem::BadMessage("`topics` is missing".into()))?;
    if topics.len() > MAX_TOPICS {
        return Err(Refusal::TooManyRooms.into());
    }
    topics.into_iter().map(|topic| room_name("topics", topic)).collect()
}
