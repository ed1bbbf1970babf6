//! What is done to one member: another role, other permissions, silence, the door.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlor_rooms::{MemberRef, Moderation, Permission, Permissions, Rooms, Timestamp, Whom};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answering::{self, Answer};
use super::asking::{Asked, Condition, OfMember, Told};
use super::members::look;
use super::problem::{Code, Problem};
use super::views::{MemberShown, Right, Role, Source};
use crate::node::Node;

/// As the rooms keep a ban at most.
const MAX_BAN_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// What is to change; the rest stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangedMember {
    /// With its permissions, unless others are given.
    role: Option<Role>,
    /// All that the member may do.
    #[schema(max_items = 10)]
    permissions: Option<Vec<Right>>,
    /// What is switched off. Only the member can switch it on again.
    #[schema(max_items = 3)]
    mute: Vec<Source>,
    /// Takes the raised hand down.
    lower_hand: bool,
}

impl ChangedMember {
    fn check(&self) -> Result<(), Problem> {
        let permissions = self.permissions.as_ref().map_or(0, Vec::len);
        if permissions > Permission::EVERY.len()
            || self.mute.len() > parlor_rooms::Source::EVERY.len()
        {
            return Err(Problem::new(
                Code::BadBody,
                "a list has more entries than there are words",
            ));
        }
        Ok(())
    }

    fn moderations(&self, who: &MemberRef) -> Vec<Moderation> {
        let peer = who.peer;
        let role = self.role.map(|role| Moderation::SetRole { peer, role: role.into() });
        let permissions = self.permissions.as_ref().map(|rights| {
            let rights: Vec<Permission> = rights.iter().map(|right| (*right).into()).collect();
            Moderation::SetPermissions { peer, permissions: Permissions::of(&rights) }
        });
        let mute = self
            .mute
            .iter()
            .map(|source| Moderation::Mute { whom: Whom::Peer(peer), source: (*source).into() });
        let hand = self.lower_hand.then_some(Moderation::LowerHand { peer });
        role.into_iter().chain(permissions).chain(mute).chain(hand).collect()
    }
}

/// Changes what a member is and may do.
///
/// Everybody in the room hears of it at once.
#[utoipa::path(patch, path = "/api/v1/rooms/{room}/members/{peer}", tag = "Members", request_body = ChangedMember,
    responses(
        (status = 200, description = "The member as it is now.", body = MemberShown, headers(("ETag" = String))),
        (status = 412, description = "It has changed meanwhile."),
        (status = 428, description = "Without `If-Match`."),
    ))]
pub async fn patch_member(
    State(node): State<Arc<Node>>,
    OfMember(who): OfMember,
    headers: HeaderMap,
    Told(asked): Told<ChangedMember>,
) -> Answer {
    let condition = Condition::required(&headers)?;
    asked.check()?;
    let changed = node.rooms.administer(|rooms, now| {
        check(rooms, &who, &condition)?;
        for moderation in asked.moderations(&who) {
            rooms.handle_moderation(&who.room, moderation, now)?;
        }
        look(rooms, &who)
    });
    answering::versioned(StatusCode::OK, &changed.ok_or(Code::Internal)??, &HeaderMap::new())
}

/// How somebody is sent out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Removal {
    /// For so many milliseconds nobody of the same identity comes in again, or without an identity from the same address.
    #[param(minimum = 1, maximum = 2_592_000_000_u64)]
    ban_ms: Option<u64>,
}

/// Sends a member out.
///
/// Neither the token nor the session opens the room again; with a ban, nor does another token of the same identity.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}/members/{peer}", tag = "Members", params(Removal),
    responses(
        (status = 204, description = "The member is out."),
        (status = 412, description = "It has changed meanwhile."),
    ))]
pub async fn remove_member(
    State(node): State<Arc<Node>>,
    OfMember(who): OfMember,
    Asked(asked): Asked<Removal>,
    headers: HeaderMap,
) -> Answer {
    let condition = Condition::of(&headers)?;
    if asked.ban_ms.is_some_and(|ms| !(1..=MAX_BAN_MS).contains(&ms)) {
        return Err(Problem::new(
            Code::BadParameter,
            format!("`ban_ms` must be from 1 to {MAX_BAN_MS}"),
        ));
    }
    let removal =
        Moderation::Remove { peer: who.peer, ban: asked.ban_ms.map(Duration::from_millis) };
    let removed = node.rooms.administer(|rooms: &mut Rooms, now: Timestamp| {
        check(rooms, &who, &condition)?;
        rooms.handle_moderation(&who.room, removal, now).map_err(Problem::from)
    });
    removed.ok_or(Code::Internal)??;
    answering::done()
}

fn check(rooms: &Rooms, who: &MemberRef, condition: &Condition) -> Result<(), Problem> {
    condition.check(&answering::tag(&look(rooms, who)?)?)
}
