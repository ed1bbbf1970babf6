//! WebSocket: the opening handshake of RFC 6455 on a request that hyper has read. Knows no dialect's words.

mod connection;
mod handshake;
mod rate;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use parlor_dialects::Dialect;
use parlor_rooms::ConnectionId;

use crate::drivers::rooms::{OutboxLimits, RoomsDriver};
use crate::origin::OriginPolicy;
use crate::shutdown::Stopping;

/// Everything that a connection needs to be served.
pub struct Gate {
    pub rooms: Arc<RoomsDriver>,
    pub origins: OriginPolicy,
    pub limits: ConnectionLimits,
    pub stopping: Stopping,
    pub last_connection: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub max_frame_bytes: usize,
    pub messages_per_second: u32,
    pub burst: u32,
    pub outbox: OutboxLimits,
    pub join_timeout: Duration,
    pub idle_timeout: Duration,
}

/// Whether a request asks for a WebSocket at all.
pub fn is_upgrade(request: &Request) -> bool {
    handshake::wants_websocket(request.headers())
}

/// Answers the handshake; what follows is served by a task of its own.
pub fn upgrade(gate: &Arc<Gate>, dialect: Dialect, mut request: Request) -> Response {
    if let Err(refused) = gate.origins.check(request.headers()) {
        return (StatusCode::FORBIDDEN, format!("{refused}\n")).into_response();
    }
    let accept = match handshake::accept(&request) {
        Ok(accept) => accept,
        Err(refused) => return refused.into_response(),
    };
    let gate = gate.clone();
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // An error means that the client went away before the answer was written.
        if let Ok(upgraded) = upgrading.await {
            let id = ConnectionId(gate.last_connection.fetch_add(1, Ordering::Relaxed) + 1);
            connection::serve(&gate, dialect, id, TokioIo::new(upgraded)).await;
        }
    });
    handshake::switching_protocols(&accept)
}
