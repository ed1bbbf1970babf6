//! Those who wait to be let into a room.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use parlor_rooms::{Knocker, MemberRef, Moderation, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::asking::{InRoom, OfMember};
use super::problem::{Code, Problem};
use super::rooms::unknown;
use crate::node::Node;

/// Somebody who waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Waiting)]
pub struct WaitingShown {
    #[schema(example = "q6sPF2xYQ0S5mBzW8N1JxQ")]
    peer: String,
    name: String,
    /// Who it is to the application.
    identity: Option<String>,
    /// Since when, in milliseconds since 1970.
    since: u64,
}

impl From<&Knocker> for WaitingShown {
    fn from(knocker: &Knocker) -> Self {
        Self {
            peer: knocker.peer.to_string(),
            name: knocker.name.as_str().into(),
            identity: knocker.identity.as_ref().map(|identity| identity.as_str().into()),
            since: knocker.since.0,
        }
    }
}

/// Everybody who waits, longest first. There are never more than one page of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingList)]
pub struct Everybody {
    waiting: Vec<WaitingShown>,
}

/// Lists those who wait to be let in.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/waiting", tag = "Waiting room",
    responses((status = 200, description = "Those who wait, longest first.", body = Everybody)))]
pub async fn list_waiting(State(node): State<Arc<Node>>, InRoom(room): InRoom) -> Answer {
    let found = node.rooms.administer(|rooms, _| rooms.room(&room).map(|_| rooms.waiting(&room)));
    let waiting = found.flatten().ok_or_else(|| unknown(&room))?;
    let waiting = waiting.iter().map(|knocker| WaitingShown::from(&**knocker)).collect();
    answering::json(StatusCode::OK, &Everybody { waiting })
}

/// Lets somebody in who waits.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/waiting/{peer}/admit", tag = "Waiting room",
    responses(
        (status = 204, description = "They are in."),
        (status = 409, description = "The room is full."),
    ))]
pub async fn admit(State(node): State<Arc<Node>>, OfMember(who): OfMember) -> Answer {
    decide(&node, &who, Moderation::Admit { peer: who.peer })
}

/// Sends somebody away who waits.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/waiting/{peer}/deny", tag = "Waiting room",
    responses((status = 204, description = "They are told so.")))]
pub async fn deny(State(node): State<Arc<Node>>, OfMember(who): OfMember) -> Answer {
    decide(&node, &who, Moderation::Deny { peer: who.peer })
}

fn decide(node: &Node, who: &MemberRef, moderation: Moderation) -> Answer {
    let done =
        node.rooms.administer(|rooms, now| rooms.handle_moderation(&who.room, moderation, now));
    match done.ok_or(Code::Internal)? {
        Ok(_) => answering::done(),
        Err(Refusal::UnknownTarget) => {
            let text = format!("{} does not wait for {:?}", who.peer, who.room.as_str());
            Err(Problem::new(Code::NobodyWaits, text))
        }
        Err(other) => Err(other.into()),
    }
}
