//! WebSocket: the opening handshake of RFC 6455 on a request that hyper has read. Knows no dialect's words.

mod alarm;
mod connection;
pub mod handshake;
pub mod opening;
pub mod protocols;
pub mod rate;
mod reader;
pub mod stream;
pub mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use parlor_dialects::{Close, Door, JoinToken};

use super::http::Client;
use super::shown;
use crate::config::Config;
use crate::limits::RetryAfter;
use crate::logs::{self, RequestId};
use crate::node::Node;
use crate::web;
use opening::Compression;

/// Answers the handshake; what follows is served by a task of its own. The origin was checked before.
pub fn upgrade(node: &Arc<Node>, door: Door, request: Request) -> Response {
    let node = Arc::clone(node);
    let compression = compression(&node.config);
    let client = request.extensions().get::<Client>().copied();
    let over_limit = client.is_some_and(|client| client.over_limit);
    let from = client.map(|client| client.address.ip());
    if let Some(RetryAfter(wait)) =
        from.and_then(|from| node.guard.attempts.check(from, Instant::now()).err())
    {
        return too_many_attempts(wait);
    }
    let mut line = match node.rooms.open_line(client.and_then(|client| client.came_in_at)) {
        Ok(line) => line,
        Err(fault) => {
            tracing::error!(%fault, "the system gives no entropy");
            return web::text(StatusCode::INTERNAL_SERVER_ERROR, "There is no entropy.\n");
        }
    };
    line.from = client.map(|client| client.address.ip());
    let query = request.uri().query().unwrap_or_default();
    line.token = shown::token(request.headers(), query).filter(|token| is_meant(&door, token));
    let request_id = request.extensions().get::<RequestId>().map(RequestId::as_str);
    let address = client.map(|client| logs::shown(client.address).to_string());
    let connection = line.id.connection.0;
    tracing::debug!(connection, address, request = request_id, "becomes a WebSocket");
    if over_limit {
        line.outbox.close(Close::TooManyConnections);
    }
    opening::open(request, compression, move |opened| {
        connection::serve(&node, (door, from), line, opened)
    })
}

fn too_many_attempts(wait: Duration) -> Response {
    let sentence =
        "too-many-attempts: your address gave too many wrong secrets. Wait, then try again.\n";
    let mut response = web::text(StatusCode::TOO_MANY_REQUESTS, sentence);
    response.headers_mut().insert(RETRY_AFTER, (wait.as_secs() + 1).into());
    response
}

/// PeerJS clients that show no token of ours make one of letters and digits.
fn is_meant(door: &Door, token: &JoinToken) -> bool {
    match door {
        Door::PeerJs(_) => token.reveal().contains('.'),
        Door::Native | Door::Root | Door::YWebrtc | Door::Matchbox(_) => true,
    }
}

/// What every WebSocket is opened with.
pub fn compression(config: &Config) -> Compression {
    if config.server.compression { Compression::Deflate } else { Compression::Off }
}
