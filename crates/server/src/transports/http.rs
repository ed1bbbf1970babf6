//! HTTP: which path is answered by what.

mod connection;
mod headers;
mod metered;
mod secure;
mod security_txt;

pub use connection::{Connection, HangUp, Socket, Wire, serve};
pub use headers::Headers;

use super::{ice, peerjs, sse, websocket};
use crate::admin;
use crate::metrics;
use crate::node::Node;
use crate::web::{self, NOT_FOUND, Web};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, HeaderValue, RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get};
use parlor_dialects::{Door, matchbox};
use percent_encoding::percent_decode_str;
use std::net::SocketAddr;
use std::sync::Arc;

/// The head of a request: browsers stay far below it.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;

/// Who is at the other end; an extension of every request.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub address: SocketAddr,
    /// Which address of ours they connected to.
    pub came_in_at: Option<SocketAddr>,
    /// One connection too many: may only be told so.
    pub over_limit: bool,
}

pub fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/", get(page_or_json))
        .route("/ws", get(native))
        .route("/signaling", get(y_webrtc))
        .route("/socket.io", any(socket_io))
        .route("/socket.io/", any(socket_io))
        .route("/socket.io/{file}", get(socket_io_file))
        .route("/room/{name}", get(page))
        .route("/check", get(page))
        .route("/app/{*path}", get(file))
        .route("/sdk/{*path}", get(file))
        .merge(peerjs::routes())
        .route("/.well-known/security.txt", get(security_txt::answer))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics::answer))
        .merge(sse::router(&node))
        .merge(ice::router(&node))
        .merge(metrics::ice_router(&node))
        .fallback(room_or_not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(admin::Door::new(&node), admin::answer))
        .layer(from_fn_with_state(Arc::clone(&node), guard))
        .layer(from_fn_with_state(Arc::clone(&node), headers::after))
        .with_state(node)
}

/// What is answered where nothing but the admin API listens.
pub fn admin_router(node: &Arc<Node>) -> Router {
    admin::router(node).layer(from_fn_with_state(Arc::clone(node), guard))
}

pub fn is_websocket(headers: &HeaderMap) -> bool {
    websocket::handshake::has_token(headers, &UPGRADE, "websocket")
}

/// Before every route: foreign pages open no WebSocket, and surplus connections get no service.
async fn guard(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response<Body> {
    let headers = request.headers();
    let upgrade = is_websocket(headers);
    let over_limit = request.extensions().get::<Client>().is_some_and(|client| client.over_limit);
    if over_limit && !upgrade {
        metrics::refused("too-many-connections");
        return too_many();
    }
    if upgrade && let Err(refused) = node.origins.check(headers) {
        metrics::refused("origin-refused");
        tracing::debug!(%refused, "page refused");
        return web::text(StatusCode::FORBIDDEN, format!("{refused}\n"));
    }
    next.run(request).await
}

fn too_many() -> Response<Body> {
    let sentence = "There are too many connections. Try again in a minute.\n";
    let mut response = web::text(StatusCode::SERVICE_UNAVAILABLE, sentence);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Tutorial clients connect to the root.
async fn page_or_json(node: State<Arc<Node>>, request: Request) -> Response<Body> {
    if is_websocket(request.headers()) {
        return websocket::upgrade(&node, Door::Root, request);
    }
    page(node, request.headers().clone()).await
}

async fn native(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    websocket::upgrade(&node, Door::Native, request)
}

async fn y_webrtc(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    websocket::upgrade(&node, Door::YWebrtc, request)
}

async fn socket_io(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    let Some(client) = request.extensions().get::<Client>().copied() else {
        return too_many();
    };
    if client.over_limit {
        return too_many();
    }
    node.socketio.handle(client.address.ip(), request).await
}

async fn socket_io_file(Path(file): Path<String>, headers: HeaderMap) -> Response<Body> {
    let found = Web::serve_socket_io(&file, &headers);
    found.unwrap_or_else(|| web::text(StatusCode::NOT_FOUND, NOT_FOUND))
}

async fn page(State(node): State<Arc<Node>>, headers: HeaderMap) -> Response<Body> {
    node.web.serve("app/index.html", &headers).await
}

async fn file(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/');
    node.web.serve(path, request.headers()).await
}

async fn livez() -> Response<Body> {
    health(StatusCode::OK, "alive\n")
}

async fn readyz(State(node): State<Arc<Node>>) -> Response<Body> {
    if node.stopping.has_begun() {
        health(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if node.stopping.is_near() {
        health(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        health(StatusCode::OK, "ready\n")
    }
}

/// What is true now; nobody in between may remember it.
fn health(status: StatusCode, sentence: &str) -> Response<Body> {
    let mut response = web::text(status, sentence);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Matchbox clients connect to a path that is the name of their room.
async fn room_or_not_found(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    if is_websocket(request.headers())
        && let Some(lobby) = lobby(request.uri())
    {
        return websocket::upgrade(&node, Door::Matchbox(lobby), request);
    }
    web::text(StatusCode::NOT_FOUND, NOT_FOUND)
}

fn lobby(uri: &Uri) -> Option<matchbox::Lobby> {
    let path = uri.path().strip_prefix('/').filter(|path| !path.contains('/'))?;
    let room = percent_decode_str(path).decode_utf8().ok()?;
    matchbox::Lobby::parse(&room, uri.query().unwrap_or_default())
}

async fn wrong_method() -> Response<Body> {
    web::text(StatusCode::METHOD_NOT_ALLOWED, "This address can only be read (GET or HEAD).\n")
}

#[cfg(test)]
mod tests;
