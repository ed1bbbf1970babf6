//! The server itself: what it is, and its counters.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::problem::Code;
use crate::node::Node;

/// The server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Server)]
pub struct ServerShown {
    #[schema(example = "parlor")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// When it was started, in milliseconds since 1970.
    started_at: u64,
    /// What its clock says, in milliseconds since 1970.
    now: u64,
    /// Whether it is stopping: it takes no new rooms then.
    stopping: bool,
    /// The name that people open.
    domain: Option<String>,
    /// Whether it relays for clients that find no direct way to each other.
    relay: bool,
    limits: LimitsShown,
}

/// What it takes at most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServerLimits)]
pub struct LimitsShown {
    max_rooms: usize,
    /// Members of one room.
    max_members: usize,
    max_connections: usize,
    chat_bytes: usize,
    message_bytes: usize,
}

/// Shows what the server is and what it takes.
#[utoipa::path(get, path = "/api/v1/server", tag = "Server",
    responses((status = 200, description = "The server.", body = ServerShown)))]
pub async fn get_server(State(node): State<Arc<Node>>) -> Answer {
    let limits = &node.config.limits;
    let shown = ServerShown {
        name: "parlor",
        version: env!("CARGO_PKG_VERSION"),
        started_at: node.admin.started_at(),
        now: node.rooms.now().0,
        stopping: node.stopping.has_begun(),
        domain: node.config.server.domain.0.clone(),
        relay: node.turn.is_some(),
        limits: LimitsShown {
            max_rooms: limits.max_rooms,
            max_members: limits.max_members,
            max_connections: limits.max_connections,
            chat_bytes: limits.chat_bytes.0,
            message_bytes: limits.message_bytes.0,
        },
    };
    answering::json(StatusCode::OK, &shown)
}

/// Counters of this moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stats)]
pub struct StatsShown {
    rooms: usize,
    /// Members in all rooms who are connected. Somebody in two rooms counts twice.
    members: usize,
    /// Those who wait to be let in.
    waiting: usize,
    /// Bytes that logs and chat histories hold, by estimate.
    log_bytes: usize,
    /// How long the server has been running, in milliseconds.
    uptime_ms: u64,
}

/// Counts what there is.
#[utoipa::path(get, path = "/api/v1/stats", tag = "Server",
    responses((status = 200, description = "The counters.", body = StatsShown)))]
pub async fn get_stats(State(node): State<Arc<Node>>) -> Answer {
    let counters = node.rooms.administer(|rooms, _| rooms.counters()).ok_or(Code::Internal)?;
    let shown = StatsShown {
        rooms: counters.rooms,
        members: counters.memberships,
        waiting: counters.waiting,
        log_bytes: counters.log_bytes,
        uptime_ms: node.admin.uptime_ms(Instant::now()),
    };
    answering::json(StatusCode::OK, &shown)
}
