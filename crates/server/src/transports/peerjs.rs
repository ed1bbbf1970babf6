//! The addresses that PeerJS clients know: an id for who has none, who is there, and the WebSocket.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::http::header::{ORIGIN, VARY};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use parlor_dialects::peerjs::{Entrance, fresh_id};
use parlor_dialects::{Dialect, Door};
use parlor_rooms::{Alias, MemberView, RoomName};
use percent_encoding::percent_decode_str;

use super::http::is_websocket;
use super::websocket;
use crate::node::Node;
use crate::web::{self, NOT_FOUND};

type Answer = Response<Body>;

/// Clients put their option `path`, which is `/` or `/peerjs` here, before all that they ask for.
pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/peerjs", get(name_or_socket))
        .route("/peerjs/", get(name_or_socket))
        .route("/peerjs/peerjs", get(name_or_socket))
        .route("/peerjs/{key}/id", get(id))
        .route("/peerjs/{key}/peers", get(peers))
        .route("/{key}/id", get(id))
        .route("/{key}/peers", get(peers))
        .layer(from_fn(uncached))
}

async fn name_or_socket(State(node): State<Arc<Node>>, request: Request) -> Answer {
    if is_websocket(request.headers()) {
        let entrance = entrance(request.uri().query().unwrap_or_default());
        return websocket::upgrade(&node, Door::PeerJs(entrance), request);
    }
    if !node.rooms.speaks(Dialect::PeerJs) {
        return off();
    }
    let name = r#"{"name":"PeerJS Server","description":"Parlor, in the words of PeerJS.","website":"https://peerjs.com/"}"#;
    let answer = answer("application/json; charset=utf-8", name.into());
    shared(&node, request.headers(), answer)
}

/// Any key will do, as with the original.
async fn id(State(node): State<Arc<Node>>, headers: HeaderMap) -> Answer {
    if !node.rooms.speaks(Dialect::PeerJs) {
        return off();
    }
    let mut entropy = [0; 16];
    if let Err(fault) = getrandom::fill(&mut entropy) {
        tracing::error!(%fault, "the system gives no entropy");
        return web::text(StatusCode::INTERNAL_SERVER_ERROR, "There is no id to be had.\n");
    }
    // The clients take any type; this is the one that they have always got.
    shared(&node, &headers, answer("text/html; charset=utf-8", fresh_id(entropy)))
}

async fn peers(
    State(node): State<Arc<Node>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Answer {
    if !node.rooms.speaks(Dialect::PeerJs) {
        return off();
    }
    let room = RoomName::parse(&key).ok();
    let room = room.filter(|room| node.rooms.allows(Dialect::PeerJs, room));
    let Some(room) = room.filter(|_| node.config.dialects.peerjs_discovery) else {
        let refused = web::text(StatusCode::UNAUTHORIZED, "Unauthorized");
        return shared(&node, &headers, refused);
    };
    let ids: Vec<String> = node.rooms.members(&room).iter().map(|member| id_of(member)).collect();
    shared(&node, &headers, answer("application/json; charset=utf-8", list(&ids)))
}

/// Who chose no id is called by the address that the server gave.
fn id_of(member: &MemberView) -> String {
    member.alias.as_ref().map(Alias::as_str).map_or_else(|| member.peer.to_string(), Into::into)
}

/// Ids have no character that JSON writes in another way.
fn list(ids: &[String]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", quoted.join(","))
}

fn entrance(query: &str) -> Entrance {
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(found, _)| *found == name).map(|(_, value)| value);
        let value = value.unwrap_or_default().replace('+', " ");
        percent_decode_str(&value).decode_utf8_lossy().into_owned()
    };
    Entrance { key: parameter("key"), id: parameter("id"), token: parameter("token") }
}

fn answer(kind: &'static str, text: String) -> Answer {
    let mut answer = web::text(StatusCode::OK, text);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn off() -> Answer {
    web::text(StatusCode::NOT_FOUND, NOT_FOUND)
}

/// Pages of other origins may read it, if they may connect.
fn shared(node: &Node, headers: &HeaderMap, mut answer: Answer) -> Answer {
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = headers.get(ORIGIN)
        && node.origins.check(headers).is_ok()
    {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    answer
}

/// What is true now; nobody in between may remember it.
async fn uncached(request: Request, next: Next) -> Answer {
    let mut answer = next.run(request).await;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
