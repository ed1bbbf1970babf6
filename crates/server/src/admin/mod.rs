//! The admin API under `/api/v1`: who runs the server looks at its rooms and changes them. Decides nothing about people
//! that the rooms don't decide.

mod about;
mod answering;
mod asking;
mod authentication;
mod bans;
mod chat;
mod members;
mod moderating;
mod openapi;
mod page;
mod problem;
mod repeated;
mod rooms;
mod running;
mod tokens;
mod views;
mod waiting;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use parlor_dialects::JoinToken;
use parlor_rooms::Unadmitted;
use tower_service::Service;

use crate::auth::{Auth, wall_clock};
use crate::config::Config;
use crate::drivers::rooms::Clock;
use crate::limits::RetryAfter;
use crate::node::Node;
use crate::transports::http::Client;
use authentication::{Lock, bearer};
use problem::{Code, Problem};
use repeated::Repeated;

const PREFIX: &str = "/api/v1";

/// What the API keeps between requests.
pub struct Admin {
    lock: Lock,
    repeated: Repeated,
    /// There is a listener of its own.
    is_elsewhere: bool,
    started: Instant,
    started_at: u64,
}

impl Admin {
    pub fn new(config: &Config) -> Self {
        Self {
            lock: Lock::new(&config.admin),
            repeated: Repeated::default(),
            is_elsewhere: !config.admin.listen.is_empty(),
            started: Instant::now(),
            started_at: Clock::start().now().0,
        }
    }

    fn started_at(&self) -> u64 {
        self.started_at
    }

    fn uptime_ms(&self, now: Instant) -> u64 {
        let uptime = now.saturating_duration_since(self.started).as_millis();
        u64::try_from(uptime).unwrap_or(u64::MAX)
    }

    /// By the token of the configuration, or by one that says so itself.
    fn let_in(&self, auth: &Auth, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.lock.is_configured() && !auth.proves_identity() {
            return Err(Code::AdminOff.into());
        }
        let token = bearer(headers)?;
        if self.lock.opens(token) {
            return Ok(());
        }
        let pass = JoinToken::new(token).filter(|_| auth.proves_identity());
        let claims = pass.ok_or(Code::TokenWrong)?;
        let wrong =
            |why: Unadmitted| Problem::new(Code::TokenWrong, format!("{why}. {}", why.hint()));
        let claims = auth.check(&claims, wall_clock()).map_err(wrong)?;
        let may = claims.grants.is_some_and(|grants| grants.admin);
        if may { Ok(()) } else { Err(Code::NoGrant.into()) }
    }
}

/// Everything that the API answers, for a listener of its own.
pub fn router(node: &Arc<Node>) -> Router {
    Router::new()
        .route("/api/v1/server", get(about::get_server))
        .route("/api/v1/stats", get(about::get_stats))
        .route("/api/v1/rooms", get(rooms::list_rooms).post(running::create_room))
        .route("/api/v1/rooms/{room}", get(rooms::get_room).delete(running::end_room))
        .route("/api/v1/rooms/{room}/rules", get(running::get_rules).patch(running::patch_rules))
        .route("/api/v1/rooms/{room}/mute", post(running::mute_room))
        .route("/api/v1/rooms/{room}/tracks", get(members::list_tracks))
        .route("/api/v1/rooms/{room}/members", get(members::list_members))
        .route(
            "/api/v1/rooms/{room}/members/{peer}",
            get(members::get_member)
                .patch(moderating::patch_member)
                .delete(moderating::remove_member),
        )
        .route("/api/v1/rooms/{room}/members/{peer}/tracks", get(members::list_tracks_of_member))
        .route("/api/v1/rooms/{room}/waiting", get(waiting::list_waiting))
        .route("/api/v1/rooms/{room}/waiting/{peer}/admit", post(waiting::admit))
        .route("/api/v1/rooms/{room}/waiting/{peer}/deny", post(waiting::deny))
        .route("/api/v1/rooms/{room}/chat", get(chat::list_chat).post(chat::post_chat))
        .route("/api/v1/rooms/{room}/data", post(chat::post_data))
        .route("/api/v1/rooms/{room}/bans", get(bans::list_bans))
        .route("/api/v1/rooms/{room}/bans/{peer}", delete(bans::lift_ban))
        .route("/api/v1/tokens", post(tokens::create_token))
        .route("/api/v1/tokens/{jti}", delete(tokens::revoke_token))
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(node), authenticate))
        .route(openapi::PATH, get(openapi::serve))
        .with_state(Arc::clone(node))
}

async fn authenticate(
    State(node): State<Arc<Node>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match unless_too_many(&node, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Who shows wrong tokens waits longer with each of them.
fn unless_too_many(node: &Node, request: &Request) -> Result<(), Problem> {
    let let_in = || node.admin.let_in(&node.auth, request.headers());
    let Some(from) = request.extensions().get::<Client>().map(|client| client.address.ip()) else {
        return let_in();
    };
    let (attempts, now) = (&node.guard.attempts, Instant::now());
    let checked = attempts.check(from, now);
    checked.map_err(|RetryAfter(wait)| Problem::after(Code::TooManyAttempts, wait))?;
    let judged = let_in();
    match &judged {
        Ok(()) => attempts.succeeded(from),
        Err(problem) if problem.code == Code::TokenWrong => attempts.failed(from, now),
        Err(_) => {}
    }
    judged
}

async fn no_such_address() -> Problem {
    Code::NoSuchAddress.into()
}

/// The router adds which methods there are.
async fn wrong_method(method: Method) -> Response<Body> {
    if method == Method::OPTIONS {
        return answering::empty(StatusCode::NO_CONTENT).into_response();
    }
    Problem::from(Code::Method).into_response()
}

/// The way in from the port that everybody uses.
#[derive(Clone)]
pub struct Door {
    node: Arc<Node>,
    router: Router,
}

impl Door {
    pub fn new(node: &Arc<Node>) -> Self {
        Self { node: Arc::clone(node), router: router(node) }
    }
}

/// Before the routes of everybody: what is meant for the API goes there.
pub async fn answer(State(door): State<Door>, request: Request, next: Next) -> Response<Body> {
    if request.uri().path() == openapi::PATH {
        // Describes what is for everybody as well.
    } else if !is_meant(&door.node, &request) {
        return next.run(request).await;
    } else if door.node.admin.is_elsewhere {
        return Problem::from(Code::AdminElsewhere).into_response();
    }
    let Door { mut router, .. } = door;
    match router.call(unmatched(request)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Without what another router has read in the path.
fn unmatched(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    let client = head.extensions.remove::<Client>();
    head.extensions.clear();
    client.and_then(|client| head.extensions.insert(client));
    Request::from_parts(head, body)
}

/// Some addresses under the same prefix are for members and for those who are about to be.
fn is_meant(node: &Node, request: &Request) -> bool {
    let Some(rest) = request.uri().path().strip_prefix(PREFIX) else { return false };
    let mut segments = rest.split('/');
    if segments.next() != Some("") {
        return false;
    }
    let segments: Vec<&str> = segments.collect();
    match segments.as_slice() {
        ["ice-servers" | "ice-selected"] | ["rooms", _, "events" | "messages"] => false,
        // Who may not administer may still see who is there, where tokens are for members too with theirs.
        ["rooms", _] => {
            let asks = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
            let shown = request.headers().contains_key(AUTHORIZATION);
            let may = || node.admin.let_in(&node.auth, request.headers()).is_ok();
            !asks || (shown && (!node.auth.proves_identity() || may()))
        }
        _ => true,
    }
}
