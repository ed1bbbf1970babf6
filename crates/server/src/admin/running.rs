//! How rooms are run: made, changed, ended.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlor_rooms::{Moderation, RoomName, Rules, RulesChange, Whom};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::asking::{self, Condition, InRoom, Told, room_name};
use super::problem::{Code, Problem};
use super::rooms::unknown;
use super::views::{Role, RoomShown, RulesShown, Source};
use crate::node::Node;

/// As the configuration takes it.
const MAX_MEMBERS: usize = 100_000;

/// A room that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoom {
    /// Without one the server makes a name that nobody can guess.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "standup"
    )]
    name: Option<String>,
    #[serde(default)]
    rules: NewRules,
}

/// What is not said is as the server's configuration has it for this name.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewRules {
    locked: Option<bool>,
    waiting_room: Option<bool>,
    mute_on_entry: Option<bool>,
    #[schema(minimum = 1, maximum = 100_000)]
    max_members: Option<usize>,
    /// Kept while it is empty; otherwise it ends soon after the last member left, or if nobody comes.
    permanent: Option<bool>,
    /// Whether whoever comes first owns the room.
    creator_owns: Option<bool>,
    /// What those are whose token names no role.
    role: Option<Role>,
}

impl NewRules {
    fn applied_to(self, rules: Rules) -> Rules {
        Rules {
            locked: self.locked.unwrap_or(rules.locked),
            waiting_room: self.waiting_room.unwrap_or(rules.waiting_room),
            mute_on_entry: self.mute_on_entry.unwrap_or(rules.mute_on_entry),
            max_members: self.max_members.or(rules.max_members),
            permanent: self.permanent.unwrap_or(rules.permanent),
            creator_owns: self.creator_owns.unwrap_or(rules.creator_owns),
            role: self.role.map_or(rules.role, Into::into),
        }
    }
}

/// Makes a room.
///
/// It is there before anybody comes, with the rules that it is to have.
#[utoipa::path(post, path = "/api/v1/rooms", tag = "Rooms", request_body = NewRoom,
    params(("Idempotency-Key" = Option<String>, Header, description = "A new one for each request, the same for its repetitions: 1 to 64 visible characters.", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses(
        (status = 201, description = "The room.", body = RoomShown, headers(("ETag" = String), ("Location" = String))),
        (status = 409, description = "There is one already, or as many as there may be."),
        (status = 503, description = "The server is stopping."),
    ))]
pub async fn create_room(State(node): State<Arc<Node>>, headers: HeaderMap, body: Body) -> Answer {
    let (asked, bytes) = asking::json::<NewRoom>(&headers, body).await?;
    check_max(asked.rules.max_members)?;
    if node.stopping.has_begun() {
        return Err(Problem::after(Code::Stopping, Duration::from_secs(10)));
    }
    let name = match &asked.name {
        Some(name) => name_in_body(name)?,
        None => made_up()?,
    };
    node.admin.repeated.once(&headers, &bytes, || {
        let rules = asked.rules.applied_to(Rules::default());
        let made = node.rooms.administer(|rooms, now| {
            if rooms.handle_make(&name, rules, now)? {
                return rooms.room(&name).ok_or(Problem::from(Code::Internal));
            }
            let text = format!("{:?} is there already", name.as_str());
            Err(Problem::new(Code::RoomExists, text))
        });
        let room = RoomShown::from(made.ok_or(Code::Internal)??);
        answering::located(answering::versioned(StatusCode::CREATED, &room, &headers)?, &room.name)
    })
}

fn check_max(max_members: Option<usize>) -> Result<(), Problem> {
    let fits = max_members.is_none_or(|max| (1..=MAX_MEMBERS).contains(&max));
    let wrong =
        || Problem::new(Code::BadBody, format!("`max_members` must be from 1 to {MAX_MEMBERS}"));
    fits.then_some(()).ok_or_else(wrong)
}

fn name_in_body(name: &str) -> Result<RoomName, Problem> {
    room_name(name).map_err(Problem::in_body)
}

/// As long as an id, so that nobody guesses it.
fn made_up() -> Result<RoomName, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Code::Internal)?;
    room_name(&parlor_rooms::PeerId::from_entropy(bytes).to_string())
}

/// Ends a room.
///
/// Everybody is sent out and told why. A room of the configuration comes back with the next start of the server.
#[utoipa::path(delete, path = "/api/v1/rooms/{room}", tag = "Rooms",
    responses(
        (status = 204, description = "It is over."),
        (status = 412, description = "It has changed meanwhile."),
    ))]
pub async fn end_room(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
) -> Answer {
    let condition = Condition::of(&headers)?;
    let ended = node.rooms.administer(|rooms, now| {
        let view = rooms.room(&room).ok_or_else(|| unknown(&room))?;
        condition.check(&answering::tag(&RoomShown::from(view))?)?;
        rooms.handle_close(&room, now).map_err(Problem::from)
    });
    ended.ok_or(Code::Internal)??;
    answering::done()
}

/// Shows how a room is run.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/rules", tag = "Rooms",
    responses((status = 200, description = "The rules.", body = RulesShown, headers(("ETag" = String)))))]
pub async fn get_rules(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
) -> Answer {
    let view = node.rooms.administer(|rooms, _| rooms.room(&room)).flatten();
    let rules = view.ok_or_else(|| unknown(&room))?.rules;
    answering::versioned(StatusCode::OK, &RulesShown::from(&rules), &headers)
}

/// What is to change; the rest stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangedRules {
    locked: Option<bool>,
    waiting_room: Option<bool>,
    mute_on_entry: Option<bool>,
    /// Null: the server's limit.
    #[schema(value_type = Option<usize>, minimum = 1, maximum = 100_000)]
    #[serde(deserialize_with = "told")]
    max_members: Option<Option<usize>>,
}

/// Tells `null` from nothing.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<usize>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes how a room is run.
///
/// Members hear of it at once.
#[utoipa::path(patch, path = "/api/v1/rooms/{room}/rules", tag = "Rooms", request_body = ChangedRules,
    responses(
        (status = 200, description = "The rules as they are now.", body = RulesShown, headers(("ETag" = String))),
        (status = 412, description = "They have changed meanwhile."),
        (status = 428, description = "Without `If-Match`."),
    ))]
pub async fn patch_rules(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
    Told(asked): Told<ChangedRules>,
) -> Answer {
    let condition = Condition::required(&headers)?;
    let change = asked.checked()?;
    let changed = node.rooms.administer(|rooms, now| {
        let before = rooms.room(&room).ok_or_else(|| unknown(&room))?;
        condition.check(&answering::tag(&RulesShown::from(&before.rules))?)?;
        rooms.handle_moderation(&room, Moderation::SetRules(change), now)?;
        rooms.room(&room).ok_or_else(|| unknown(&room))
    });
    let rules = changed.ok_or(Code::Internal)??.rules;
    answering::versioned(StatusCode::OK, &RulesShown::from(&rules), &HeaderMap::new())
}

impl ChangedRules {
    fn checked(self) -> Result<RulesChange, Problem> {
        check_max(self.max_members.flatten())?;
        let Self { locked, waiting_room, mute_on_entry, max_members } = self;
        Ok(RulesChange { locked, waiting_room, mute_on_entry, max_members })
    }
}

/// What is to be silent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    source: Source,
}

/// Mutes everybody who doesn't moderate.
///
/// They may switch it on again themselves, if their permissions let them.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/mute", tag = "Rooms", request_body = Muted,
    responses((status = 204, description = "It is silent.")))]
pub async fn mute_room(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    Told(Muted { source }): Told<Muted>,
) -> Answer {
    moderate(&node, &room, Moderation::Mute { whom: Whom::Others, source: source.into() })?;
    answering::done()
}

/// With every right, since it is the server's own.
fn moderate(node: &Node, room: &RoomName, moderation: Moderation) -> Result<(), Problem> {
    let done = node.rooms.administer(|rooms, now| rooms.handle_moderation(room, moderation, now));
    done.ok_or(Code::Internal)?.map(drop).map_err(Problem::from)
}
