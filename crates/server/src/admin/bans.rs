//! Who is not let into a room for a while, and how that is lifted.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::asking::{InRoom, OfMember};
use super::problem::{Code, Problem};
use crate::node::Node;

/// Somebody who is not let in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ban)]
pub struct BanShown {
    /// Under which id the room knew them.
    #[schema(example = "q6sPF2xYQ0S5mBzW8N1JxQ")]
    peer: String,
    /// Who it is to the application; null: whoever comes from the same network address.
    identity: Option<String>,
    /// Until when, in milliseconds since 1970.
    until: u64,
}

/// The bans of a room, the oldest first. There are never more than one page of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BanList)]
pub struct Bans {
    bans: Vec<BanShown>,
}

/// Lists who is not let into a room.
///
/// Bans hold also while the room doesn't exist; such a room has an empty list, or the one that is left of it.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/bans", tag = "Bans",
    responses((status = 200, description = "The bans.", body = Bans)))]
pub async fn list_bans(State(node): State<Arc<Node>>, InRoom(room): InRoom) -> Answer {
    let bans = node.rooms.administer(|rooms, now| rooms.bans(&room, now)).ok_or(Code::Internal)?;
    let bans = bans.into_iter().map(|ban| BanShown {
        peer: ban.peer.to_string(),
        identity: ban.identity.map(|identity| identity.as_str().into()),
        until: ban.until.0,
    });
    answering::json(StatusCode::OK, &Bans { bans: bans.collect() })
}

/// Lifts a ban.
///
/// What opened the session that was ended stays worthless: they need a new token, or join anew.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/bans/{peer}", tag = "Bans",
    responses((status = 204, description = "They may come in again.")))]
pub async fn lift_ban(State(node): State<Arc<Node>>, OfMember(who): OfMember) -> Answer {
    let lifted = node.rooms.administer(|rooms, now| rooms.handle_pardon(&who.room, who.peer, now));
    if lifted.ok_or(Code::Internal)? {
        return answering::done();
    }
    let text = format!("no ban of {:?} is about {}", who.room.as_str(), who.peer);
    Err(Problem::new(Code::BanUnknown, text))
}
