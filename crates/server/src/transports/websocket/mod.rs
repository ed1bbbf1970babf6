//! WebSocket: the opening handshake of RFC 6455 on a request that hyper has read. Knows no dialect's words.

pub mod closing;
mod connection;
pub mod handshake;
mod metered;
pub mod rate;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use parlor_dialects::{Close, Door};

use super::http::Client;
use crate::node::Node;

/// Answers the handshake; what follows is served by a task of its own. The origin was checked before.
pub fn upgrade(node: &Arc<Node>, door: Door, mut request: Request) -> Response {
    let accept = match handshake::accept(&request) {
        Ok(accept) => accept,
        Err(refused) => return refused.into_response(),
    };
    let node = Arc::clone(node);
    let client = request.extensions().get::<Client>().copied();
    let over_limit = client.is_some_and(|client| client.over_limit);
    let came_in_at = client.and_then(|client| client.came_in_at);
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // An error means that the client went away before the answer was written.
        let Ok(upgraded) = upgrading.await else { return };
        let line = match node.rooms.open_line(came_in_at) {
            Ok(line) => line,
            Err(fault) => return tracing::error!(%fault, "the system gives no entropy"),
        };
        if over_limit {
            line.outbox.close(Close::TooManyConnections);
        }
        connection::serve(&node, door, line, TokioIo::new(upgraded)).await;
    });
    handshake::switching_protocols(&accept)
}
