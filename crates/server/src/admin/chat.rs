//! What is said in a room: the chat that it keeps, and words of the server.

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlor_rooms::{Announcement, Body, DisplayName, Event, Json, PeerId, RoomName, Seq, Targets};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::asking::{self, InRoom, peer_id};
use super::problem::{Code, Problem};
use super::rooms::unknown;
use crate::node::Node;

/// Members that one message may name.
const MAX_TARGETS: usize = parlor_rooms::Limits::MAX_TARGETS;

/// Something that was said in the chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatMessage)]
pub struct Said {
    /// Its number in the room.
    seq: u64,
    /// When, in milliseconds since 1970.
    at: u64,
    /// Whose; what the server says is from `AAAAAAAAAAAAAAAAAAAAAA`.
    from: String,
    /// What they were called then.
    name: String,
    text: String,
}

/// The chat, oldest first; as much as the room keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct Chat {
    messages: Vec<Said>,
}

/// Shows the chat that a room keeps.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/chat", tag = "Messages",
    responses((status = 200, description = "The chat, oldest first.", body = Chat)))]
pub async fn list_chat(State(node): State<Arc<Node>>, InRoom(room): InRoom) -> Answer {
    let history = node.rooms.administer(|rooms, _| rooms.history(&room)).flatten();
    let history = history.ok_or_else(|| unknown(&room))?;
    let messages = history.iter().filter_map(|event| said(event)).collect();
    answering::json(StatusCode::OK, &Chat { messages })
}

fn said(event: &Event) -> Option<Said> {
    let Body::Chat { from, name, text, .. } = &event.body else { return None };
    let seq = event.seq.unwrap_or_default();
    Some(Said {
        seq: seq.0,
        at: event.at.0,
        from: from.to_string(),
        name: name.as_str().into(),
        text: text.to_string(),
    })
}

/// What the server is to say in the chat.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChatMessage {
    /// At most `limits.chat_bytes` long.
    #[schema(min_length = 1)]
    text: String,
    /// Who says it.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        default = "Server"
    )]
    name: Option<String>,
}

/// Where it has its place in the room's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sent {
    /// Its number in the room.
    seq: u64,
}

/// Says something in the chat of a room.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/chat", tag = "Messages", request_body = NewChatMessage,
    params(("Idempotency-Key" = Option<String>, Header, description = "A new one for each request, the same for its repetitions: 1 to 64 visible characters.", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, description = "It is said.", body = Sent)))]
pub async fn post_chat(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
    body: HttpBody,
) -> Answer {
    let (asked, bytes) = asking::json::<NewChatMessage>(&headers, body).await?;
    let name = asked.name.as_deref().unwrap_or("Server");
    let name = DisplayName::parse(name)
        .map_err(|why| Problem::new(Code::BadBody, format!("`name` {why}")))?;
    if asked.text.is_empty() {
        return Err(Problem::new(Code::BadBody, "`text` must not be empty"));
    }
    let said = Announcement::Chat { name, text: asked.text.into() };
    announce(&node, &headers, (&room, &bytes), said)
}

/// The id of a member.
#[derive(ToSchema)]
#[schema(as = PeerId, pattern = "^[A-Za-z0-9_-]{21}[AQgw]$", example = "q6sPF2xYQ0S5mBzW8N1JxQ")]
#[expect(dead_code, reason = "describes what is read as a text")]
pub struct PeerText(String);

/// What the server is to send to programs in a room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Any JSON.
    #[schema(value_type = serde_json::Value)]
    data: Box<RawValue>,
    /// To these members only; without it, to everybody.
    #[schema(min_items = 1, max_items = 64, value_type = Option<Vec<PeerText>>)]
    to: Option<Vec<String>>,
}

/// Sends data to everybody in a room, or to some of them.
///
/// They hear it like a message of a member.
#[utoipa::path(post, path = "/api/v1/rooms/{room}/data", tag = "Messages", request_body = NewMessage,
    params(("Idempotency-Key" = Option<String>, Header, description = "A new one for each request, the same for its repetitions: 1 to 64 visible characters.", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, description = "It is on its way.", body = Sent)))]
pub async fn post_data(
    State(node): State<Arc<Node>>,
    InRoom(room): InRoom,
    headers: HeaderMap,
    body: HttpBody,
) -> Answer {
    let (asked, bytes) = asking::json::<NewMessage>(&headers, body).await?;
    let to = asked.to.map_or(Ok(Targets::All), |peers| targets(&peers))?;
    let data = Json::from_checked(asked.data.get());
    announce(&node, &headers, (&room, &bytes), Announcement::Message { to, data })
}

fn targets(peers: &[String]) -> Result<Targets, Problem> {
    if !(1..=MAX_TARGETS).contains(&peers.len()) {
        let text = format!("`to` must name 1 to {MAX_TARGETS} members");
        return Err(Problem::new(Code::BadBody, text));
    }
    let peers: Result<Vec<PeerId>, Problem> = peers.iter().map(|peer| peer_id(peer)).collect();
    peers.map(Targets::Peers).map_err(Problem::in_body)
}

fn announce(
    node: &Node,
    headers: &HeaderMap,
    (room, bytes): (&RoomName, &[u8]),
    said: Announcement,
) -> Answer {
    // The same words in another room are another request.
    let asked = [room.as_str().as_bytes(), b"\n", bytes].concat();
    node.admin.repeated.once(headers, &asked, || {
        let done = node.rooms.administer(|rooms, now| rooms.handle_announcement(room, said, now));
        let Seq(seq) = done.ok_or(Code::Internal)??.unwrap_or_default();
        answering::json(StatusCode::CREATED, &Sent { seq })
    })
}
