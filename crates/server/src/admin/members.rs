//! Members of a room: listed, looked at.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlor_rooms::{MemberRef, MemberView, RoomName, Rooms};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answering::{self, Answer};
use super::asking::{Asked, InRoom, OfMember};
use super::page;
use super::problem::{Code, Problem};
use super::rooms::unknown;
use super::views::{MemberShown, TrackOfMember, tracks_of};
use crate::node::Node;

/// How many members at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Members at once.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(maximum = 9_007_199_254_740_991_u64)]
    cursor: Option<u64>,
}

/// A page of members, in the order in which they came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberPage)]
pub struct Page {
    members: Vec<MemberShown>,
    /// The cursor of the next page; null on the last one.
    next: Option<u64>,
}

/// Lists the members of a room.
///
/// In the order in which they came. Who comes and goes meanwhile neither repeats nor hides others.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/members", tag = "Members", params(Wanted),
    responses((status = 200, description = "A page of members.", body = Page)))]
pub async fn list_members(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    Asked(wanted): Asked<Wanted>,
) -> Answer {
    let limit = page::limit(wanted.limit)?;
    let after = wanted.cursor.unwrap_or_default();
    let found = node.rooms.administer(|rooms, _| everybody(rooms, &room));
    let members = found.flatten().ok_or_else(|| unknown(&room))?;
    let rest = members.into_iter().skip_while(|member| member.order <= after).take(limit + 1);
    let (members, next) = page::cut(rest.collect(), limit, |member| member.order);
    answering::json(StatusCode::OK, &Page { members, next })
}

/// In the order in which they came. `None`: there is no such room.
fn everybody(rooms: &Rooms, room: &RoomName) -> Option<Vec<MemberShown>> {
    rooms.room(room)?;
    let seen = rooms.members(room).into_iter().map(|member| (member, false));
    let hidden = rooms.hidden_members(room).into_iter().map(|member| (member, true));
    let shown = seen.chain(hidden).map(|(member, hidden)| MemberShown::new(&member, hidden));
    let mut shown: Vec<MemberShown> = shown.collect();
    shown.sort_unstable_by_key(|member| member.order);
    Some(shown)
}

/// Shows a member.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/members/{peer}", tag = "Members",
    responses((status = 200, description = "The member.", body = MemberShown, headers(("ETag" = String)))))]
pub async fn get_member(
    State(node): State<Arc<Node>>,
    OfMember(who): OfMember,
    headers: HeaderMap,
) -> Answer {
    let found = node.rooms.administer(|rooms, _| look(rooms, &who));
    answering::versioned(StatusCode::OK, &found.ok_or(Code::Internal)??, &headers)
}

pub fn look(rooms: &Rooms, who: &MemberRef) -> Result<MemberShown, Problem> {
    let (member, hidden) = find(rooms, who)?;
    Ok(MemberShown::new(&member, hidden))
}

fn find(rooms: &Rooms, who: &MemberRef) -> Result<(Arc<MemberView>, bool), Problem> {
    rooms.member(&who.room, who.peer).ok_or_else(|| unknown_member(who))
}

/// Everything that is published in a room.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackList {
    tracks: Vec<TrackOfMember>,
}

/// Lists what the members of a room publish.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/tracks", tag = "Members",
    responses((status = 200, description = "What is published, in the order in which the members came.", body = TrackList)))]
pub async fn list_tracks(State(node): State<Arc<Node>>, InRoom(room): InRoom) -> Answer {
    let found = node.rooms.administer(|rooms, _| rooms.room(&room).map(|_| rooms.members(&room)));
    let members = found.flatten().ok_or_else(|| unknown(&room))?;
    let tracks = members.iter().flat_map(|member| tracks_of(member.peer, &member.tracks));
    answering::json(StatusCode::OK, &TrackList { tracks: tracks.collect() })
}

/// Lists what a member publishes.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/members/{peer}/tracks", tag = "Members",
    responses((status = 200, description = "What the member publishes.", body = TrackList)))]
pub async fn list_tracks_of_member(
    State(node): State<Arc<Node>>,
    OfMember(who): OfMember,
) -> Answer {
    let found = node.rooms.administer(|rooms, _| find(rooms, &who));
    let (member, _) = found.ok_or(Code::Internal)??;
    let tracks = tracks_of(member.peer, &member.tracks);
    answering::json(StatusCode::OK, &TrackList { tracks })
}

/// Whether it is the room or the member that is not there makes no difference to who asks for the member.
pub fn unknown_member(who: &MemberRef) -> Problem {
    Problem::new(Code::MemberUnknown, format!("{} is not in {:?}", who.peer, who.room.as_str()))
}
