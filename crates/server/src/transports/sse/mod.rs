//! The native protocol without WebSocket: event streams out, POSTs in, on requests that hyper has read.

pub mod answered;
pub mod body;
mod cors;
mod post;
pub mod respond;
mod seats;
mod stream;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use parlor_dialects::sse::{Entrance, Trouble, encode_answer};
use parlor_dialects::{Ask, Dialect, Ice, Problem};
use parlor_rooms::{Call, Refusal, RoomName};

pub use self::cors::Cors;
use self::seats::{Entered, Seats};
use super::http::{Client, HangUp};
use super::shown;
use crate::drivers::rooms::Line;
use crate::node::Node;

/// What all requests share.
struct Carrier {
    node: Arc<Node>,
    seats: Arc<Seats>,
}

pub fn router(node: &Arc<Node>) -> Router<Arc<Node>> {
    let carrier =
        Carrier { node: Arc::clone(node), seats: Seats::new(&node.config.limits, &node.guard) };
    Router::new()
        .route("/api/v1/rooms/{name}", any(presence))
        .route("/api/v1/rooms/{name}/events", any(events))
        .route("/api/v1/rooms/{name}/messages", any(messages))
        .with_state(Arc::new(carrier))
}

type Name = Result<Path<String>, PathRejection>;

async fn presence(State(carrier): State<Arc<Carrier>>, name: Name, request: Request) -> Response {
    carrier.guarded(&request, "GET", || respond::of(carrier.presence(&room(name)?, &request)))
}

async fn events(State(carrier): State<Arc<Carrier>>, name: Name, request: Request) -> Response {
    if request.method() == Method::HEAD {
        // It would join, and nobody would ever read the stream.
        return respond::trouble(&Trouble::Method { allowed: "GET" });
    }
    carrier.guarded(&request, "GET", || carrier.open(&room(name)?, &request))
}

async fn messages(State(carrier): State<Arc<Carrier>>, name: Name, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, ());
    let read = match *request.method() {
        Method::POST => Some(body::read(body, carrier.node.config.limits.max_frame.0).await),
        _ => None,
    };
    carrier.guarded(&request, "POST", || {
        let body = read.unwrap_or(Err(Trouble::Method { allowed: "POST" }))?;
        post::carry_out(&carrier, &room(name)?, request.headers(), &body)
    })
}

fn room(name: Name) -> Result<RoomName, Trouble> {
    let wrong = |why: String| Trouble::Problem(Problem::BadMessage(why));
    let Path(name) = name.map_err(|_| wrong("the room's name is not in UTF-8".into()))?;
    RoomName::parse(&name).map_err(|why| wrong(format!("the room's name {why}")))
}

impl Carrier {
    /// Lets pages in by their origin, and answers what every address answers alike.
    fn guarded<B>(
        &self,
        request: &axum::http::Request<B>,
        allowed: &'static str,
        answer: impl FnOnce() -> Result<Response, Trouble>,
    ) -> Response {
        let cors = match Cors::check(&self.node.origins, request.headers()) {
            Ok(cors) => cors,
            Err(refused) => return respond::trouble(&refused),
        };
        let response = match *request.method() {
            Method::OPTIONS => Ok(cors.preflight(allowed)),
            Method::HEAD if allowed == "GET" => answer(),
            ref method if method.as_str() == allowed => answer(),
            _ => Err(Trouble::Method { allowed }),
        };
        cors.mark(response.unwrap_or_else(|trouble| respond::trouble(&trouble)))
    }

    fn line(&self, request: &Request) -> Result<Line, Trouble> {
        let client = request.extensions().get::<Client>();
        let came_in_at = client.and_then(|client| client.came_in_at);
        let mut line = self.node.rooms.open_line(came_in_at).map_err(|fault| {
            tracing::error!(%fault, "the system gives no entropy");
            Trouble::Internal
        })?;
        line.from = client.map(|client| client.address.ip());
        line.token = shown::token(request.headers(), request.uri().query().unwrap_or_default());
        line.outbox.speak(Dialect::Sse);
        Ok(line)
    }

    fn presence(&self, room: &RoomName, request: &Request) -> Result<axum::body::Bytes, Trouble> {
        let line = self.line(request)?;
        let call = Call { connection: line.id.connection, request: None };
        let answers = self.node.rooms.ask(&line, Ask::Presence(call, room.clone(), None));
        self.node.rooms.disconnect(line.id.connection);
        let answer = answers.into_iter().next().ok_or(Trouble::Internal)?;
        if let Err(refusal @ Refusal::Token(_)) = answer {
            return Err(Problem::Refused(refusal).into());
        }
        Ok(encode_answer(None, &answer, &Ice::default()))
    }

    /// Opens a stream: as a new member, or to go on with a session.
    fn open(&self, room: &RoomName, request: &Request) -> Result<Response, Trouble> {
        if self.node.stopping.has_begun() {
            return Err(Trouble::Stopping);
        }
        let last_event_id =
            request.headers().get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
        let query = request.uri().query().unwrap_or_default();
        let entrance = Entrance::read(room.as_str(), query, last_event_id)?;
        let line = self.line(request)?;
        let entered = self.seats.enter(&self.node.rooms, &line, &entrance);
        if matches!(entered, Ok(Entered::Over) | Err(_)) {
            self.node.rooms.disconnect(line.id.connection);
        }
        match entered? {
            Entered::Seated(seated) => {
                let hang_up = request.extensions().get::<HangUp>().cloned().unwrap_or_default();
                let (node, seats) = (Arc::clone(&self.node), Arc::clone(&self.seats));
                let body = stream::start(
                    stream::Stream { node, seats, seated, line, hang_up },
                    entrance.wait,
                );
                Ok(respond::stream(body))
            }
            Entered::Waiting(guest, first) => {
                let hang_up = request.extensions().get::<HangUp>().cloned().unwrap_or_default();
                let (node, seats) = (Arc::clone(&self.node), Arc::clone(&self.seats));
                let waiting = waiting::Waiting { node, seats, guest, first, line, hang_up };
                Ok(respond::stream(waiting::start(waiting, entrance.wait)))
            }
            Entered::Over => Ok(respond::empty(StatusCode::NO_CONTENT)),
        }
    }
}
