//! `GET /api/v1/ice-servers`: servers for peer connections, for pages that are in no room.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::any;
use parlor_dialects::Problem;
use parlor_dialects::sse::Trouble;
use parlor_rooms::{PeerId, Refusal, Unadmitted};

use super::http::Client;
use super::shown;
use super::sse::{Cors, respond};
use crate::auth::wall_clock;
use crate::limits::{Rate, Rates};
use crate::node::Node;

/// A page asks once, and again before the credentials expire. A school behind one address opens its pages together.
const RATE: Rate = Rate { per_second: 2, burst: 60 };

struct Desk {
    node: Arc<Node>,
    asked: Rates,
}

pub fn router(node: &Arc<Node>) -> Router<Arc<Node>> {
    let desk = Arc::new(Desk { node: Arc::clone(node), asked: Rates::new(RATE) });
    Router::new().route("/api/v1/ice-servers", any(ice_servers)).with_state(desk)
}

async fn ice_servers(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let cors = match Cors::check(&desk.node.origins, request.headers()) {
        Ok(cors) => cors,
        Err(refused) => return respond::trouble(&refused),
    };
    let client = request.extensions().get::<Client>().copied();
    let answer = match *request.method() {
        Method::OPTIONS => Ok(cors.preflight("GET")),
        Method::GET | Method::HEAD => desk.answer(client, &request),
        _ => Err(Trouble::Method { allowed: "GET" }),
    };
    cors.mark(answer.unwrap_or_else(|trouble| respond::trouble(&trouble)))
}

impl Desk {
    fn answer(&self, client: Option<Client>, request: &Request) -> Result<Response, Trouble> {
        if let Some(client) = client {
            let taken = self.asked.take(client.address.ip(), Instant::now());
            taken.map_err(|retry_after| Problem::RateLimited { retry_after })?;
        }
        self.admit(request)?;
        let mut user = [0; 16];
        getrandom::fill(&mut user).map_err(|_| Trouble::Internal)?;
        let came_in_at = client.and_then(|client| client.came_in_at);
        let ice = self.node.rooms.ice(PeerId::from_entropy(user), came_in_at);
        respond::of(Ok(ice.encode()))
    }
}

impl Desk {
    /// The relay is for those who may come into some room.
    fn admit(&self, request: &Request) -> Result<(), Trouble> {
        let auth = &self.node.auth;
        if auth.has_open_rooms() {
            return Ok(());
        }
        let query = request.uri().query().unwrap_or_default();
        let token = shown::token(request.headers(), query).ok_or(Unadmitted::Missing);
        let from = request.extensions().get::<Client>().map(|client| client.address.ip());
        let judged =
            token.and_then(|token| auth.unless_too_many(from, || auth.check(&token, wall_clock())));
        judged.map(|_| ()).map_err(|why| Problem::Refused(Refusal::Token(why)).into())
    }
}
