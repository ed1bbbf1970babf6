//! Rooms: listed, looked at.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlor_rooms::{RoomName, RoomView, Rooms};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answering::{self, Answer};
use super::asking::{Asked, InRoom, room_name};
use super::page;
use super::problem::{Code, Problem};
use super::views::RoomShown;
use crate::node::Node;

/// Which rooms, and how many at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Rooms at once.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    cursor: Option<String>,
    /// Only rooms whose names begin like this.
    #[param(max_length = 64)]
    prefix: Option<String>,
    /// Only rooms with somebody in them, or only empty ones.
    occupied: Option<bool>,
}

/// A page of rooms, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoomPage)]
pub struct Page {
    rooms: Vec<RoomShown>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// Lists rooms.
///
/// In the order of their names. Rooms that come and go meanwhile neither repeat nor hide others.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "Rooms", params(Wanted),
    responses((status = 200, description = "A page of rooms.", body = Page)))]
pub async fn list_rooms(State(node): State<Arc<Node>>, Asked(wanted): Asked<Wanted>) -> Answer {
    let limit = page::limit(wanted.limit)?;
    if wanted.prefix.as_ref().is_some_and(|prefix| prefix.chars().count() > RoomName::MAX_CHARS) {
        return Err(Problem::new(Code::BadParameter, "`prefix` is longer than any name"));
    }
    let after = wanted.cursor.as_deref().map(room_name).transpose()?;
    let found = node.rooms.administer(|rooms, _| pick(rooms, &wanted, after.as_ref(), limit + 1));
    let (rooms, next) =
        page::cut(found.ok_or(Code::Internal)?, limit, |room| room.name.as_str().into());
    let rooms = rooms.into_iter().map(RoomShown::from).collect();
    answering::json(StatusCode::OK, &Page { rooms, next })
}

/// The first so many after a name. Never holds more than those.
fn pick(rooms: &Rooms, wanted: &Wanted, after: Option<&RoomName>, count: usize) -> Vec<RoomView> {
    let prefix = wanted.prefix.as_deref().unwrap_or_default();
    let is_fit = |name: &&RoomName| {
        let occupied =
            |want| rooms.room(name).is_some_and(|room| (room.members + room.hidden > 0) == want);
        after.is_none_or(|after| *name > after)
            && name.as_str().starts_with(prefix)
            && wanted.occupied.is_none_or(occupied)
    };
    let mut first = BTreeSet::new();
    for name in rooms.names().filter(is_fit) {
        first.insert(name);
        if first.len() > count {
            first.pop_last();
        }
    }
    first.into_iter().filter_map(|name| rooms.room(name)).collect()
}

/// Shows a room.
///
/// Without a token, only the names of those who are there are shown, whether the room exists or not.
#[utoipa::path(get, path = "/api/v1/rooms/{room}", tag = "Rooms", security(("token" = []), ()),
    responses((status = 200, description = "The room, or for those without a token who is there.", body = RoomOrPresence)))]
pub async fn get_room(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
) -> Answer {
    let picture = node.rooms.administer(|rooms, _| rooms.room(&room)).flatten();
    let picture = picture.ok_or_else(|| unknown(&room))?;
    answering::versioned(StatusCode::OK, &RoomShown::from(picture), &headers)
}

pub fn unknown(room: &RoomName) -> Problem {
    Problem::new(Code::RoomUnknown, format!("there is no room {:?}", room.as_str()))
}

/// Who is in a room, for those who are about to come in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Presence {
    #[schema(pattern = "^presence$")]
    r#type: String,
    room: String,
    members: Vec<Present>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Present {
    name: String,
}

/// A room, or who is there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the rooms write")]
pub enum RoomOrPresence {
    Room(RoomShown),
    Presence(Presence),
}
