//! HTTP/1.1 on one connection: which path is answered by what.

use super::listener::Connection;
use super::{peerjs, sse, websocket};
use crate::node::Node;
use crate::web::{self, NOT_FOUND, Web};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, HeaderValue, RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parlor_dialects::{Door, matchbox};
use percent_encoding::percent_decode_str;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The head of a request: browsers stay far below it.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;

/// Who is at the other end; an extension of every request.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub address: SocketAddr,
    /// One connection too many: may only be told so.
    pub over_limit: bool,
}

/// Ends the connection of a request whose answer nobody reads; an extension of every request.
#[derive(Debug, Clone, Default)]
pub struct HangUp(Arc<Notify>);

impl HangUp {
    pub fn now(&self) {
        self.0.notify_one();
    }
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
        .route("/app/{*path}", get(file))
        .route("/sdk/{*path}", get(file))
        .merge(peerjs::routes())
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .merge(sse::router(&node))
        .fallback(room_or_not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&node), guard))
        .with_state(node)
}

/// Serves one connection until it ends, becomes a WebSocket, or the server stops.
pub async fn serve(connection: Connection, router: Router, node: Arc<Node>) {
    let client = Client { address: connection.address, over_limit: connection.permit.over_limit() };
    notice_silence(&connection, node.config.limits.idle_timeout);
    let routes = TowerToHyperService::new(router);
    let hang_up = HangUp::default();
    let told = hang_up.clone();
    let service = service_fn(move |mut request| {
        let extensions = hyper::Request::extensions_mut(&mut request);
        let _: Option<Client> = extensions.insert(client);
        let _: Option<HangUp> = extensions.insert(told.clone());
        routes.call(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(node.config.limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    let mut stopping = node.stopping.clone();
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = hang_up.0.notified() => return,
        () = stopping.begun() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(address = %client.address, %error, "connection ended");
    }
}

/// A client that has vanished acknowledges nothing; TCP alone would go on trying for a quarter of an hour, and whoever
/// reads a stream answers nothing else.
fn notice_silence(connection: &Connection, after: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&connection.stream).set_tcp_user_timeout(Some(after)) {
        tracing::debug!(%error, "a vanished client will be noticed late");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, after);
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
        return too_many();
    }
    if upgrade && let Err(refused) = node.origins.check(headers) {
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
