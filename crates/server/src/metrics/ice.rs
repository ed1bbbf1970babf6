//! `POST /api/v1/ice-selected`: by what kind of address a page has reached somebody, told once for each peer connection.
//!
//! Nobody has to show who they are, so the figures are what pages say. What they can say is a few words, and so often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use parlor_dialects::Problem;
use parlor_dialects::sse::Trouble;
use serde::Deserialize;

use super::ICE_SELECTED;
use crate::node::Node;
use crate::transports::sse::{Cors, body, respond};
use crate::transports::websocket::rate::Bucket;

/// Reports from everybody: a large meeting connects at once.
const PER_SECOND: usize = 200;
const BURST: usize = 2_000;
const MAX_BODY_BYTES: usize = 256;

struct Desk {
    node: Arc<Node>,
    rate: Mutex<Bucket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    r#type: CandidateType,
    protocol: Protocol,
}

/// RFC 8445, section 5.1.1.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum CandidateType {
    Host,
    Srflx,
    Prflx,
    Relay,
}

/// Of a relay, how the client reaches it.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Udp,
    Tcp,
    Tls,
}

impl Report {
    fn labels(&self) -> (&'static str, &'static str) {
        let kind = match self.r#type {
            CandidateType::Host => "host",
            CandidateType::Srflx => "srflx",
            CandidateType::Prflx => "prflx",
            CandidateType::Relay => "relay",
        };
        let protocol = match self.protocol {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
            Protocol::Tls => "tls",
        };
        (kind, protocol)
    }
}

pub fn router(node: &Arc<Node>) -> Router<Arc<Node>> {
    let rate = Mutex::new(Bucket::new(PER_SECOND, BURST, Instant::now()));
    let desk = Arc::new(Desk { node: Arc::clone(node), rate });
    Router::new().route("/api/v1/ice-selected", any(ice_selected)).with_state(desk)
}

async fn ice_selected(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let cors = match Cors::check(&desk.node.origins, request.headers()) {
        Ok(cors) => cors,
        Err(refused) => return respond::trouble(&refused),
    };
    let answer = match *request.method() {
        Method::OPTIONS => Ok(cors.preflight("POST")),
        Method::POST => desk.take(request).await,
        _ => Err(Trouble::Method { allowed: "POST" }),
    };
    cors.mark(answer.unwrap_or_else(|trouble| respond::trouble(&trouble)))
}

impl Desk {
    async fn take(&self, request: Request) -> Result<Response, Trouble> {
        let taken = self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        taken.map_err(|retry_after| Problem::RateLimited { retry_after })?;
        let body = body::read(request.into_body(), MAX_BODY_BYTES).await?;
        let report: Report = serde_json::from_slice(&body).map_err(|_| {
            Problem::BadMessage(
                "`type` is host, srflx, prflx or relay; `protocol` udp, tcp or tls".into(),
            )
        })?;
        // A page that is answered by an error would show it to whoever looks at its console.
        if self.node.config.metrics.ice_reports {
            ICE_SELECTED.add(report.labels(), 1);
        }
        Ok(respond::empty(StatusCode::NO_CONTENT))
    }
}
