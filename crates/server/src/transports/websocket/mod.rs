//! WebSocket: the opening handshake of RFC 6455 on a request that hyper has read. Knows no dialect's words.

mod connection;
pub mod handshake;
pub mod opening;
pub mod rate;
pub mod stream;
pub mod wire;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use parlor_dialects::{Close, Door};

use super::http::Client;
use crate::config::Config;
use crate::node::Node;
use crate::web;
use opening::Compression;

/// Answers the handshake; what follows is served by a task of its own. The origin was checked before.
pub fn upgrade(node: &Arc<Node>, door: Door, request: Request) -> Response {
    let node = Arc::clone(node);
    let compression = compression(&node.config);
    let client = request.extensions().get::<Client>().copied();
    let over_limit = client.is_some_and(|client| client.over_limit);
    let line = match node.rooms.open_line(client.and_then(|client| client.came_in_at)) {
        Ok(line) => line,
        Err(fault) => {
            tracing::error!(%fault, "the system gives no entropy");
            return web::text(StatusCode::INTERNAL_SERVER_ERROR, "There is no entropy.\n");
        }
    };
    if over_limit {
        line.outbox.close(Close::TooManyConnections);
    }
    opening::open(request, compression, move |opened| connection::serve(&node, door, line, opened))
}

/// What every WebSocket is opened with.
pub fn compression(config: &Config) -> Compression {
    if config.server.compression { Compression::Deflate } else { Compression::Off }
}
