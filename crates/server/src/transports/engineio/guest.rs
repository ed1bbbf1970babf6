//! What a session carries: the carrier knows no more of it than this.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use parlor_dialects::socketio::engine::{Closed, Message, Transport};
use parlor_rooms::Timestamp;
use tokio::sync::Notify;

/// Takes sessions in.
pub trait House: Send + Sync + 'static {
    /// A new session. `wake` is to be notified when [`Guest::pull`] would have something.
    fn receive(&self, arrival: Arrival<'_>) -> Option<Box<dyn Guest>>;

    /// Whether a page may speak with us; the text says why not.
    fn admit(&self, headers: &HeaderMap) -> Result<(), String>;
}

/// What is known of a session when it opens.
pub struct Arrival<'a> {
    pub sid: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub from: IpAddr,
    pub wake: Arc<Notify>,
    pub now: Timestamp,
}

/// One session's other end.
pub trait Guest: Send + 'static {
    fn handle_message(&mut self, message: Message, now: Timestamp);

    /// What carries the session now; told whenever it may have changed.
    fn handle_transport(&mut self, _transport: Transport) {}
    /// A text that lies in a buffer of somebody else.
    fn handle_text(&mut self, text: &str, now: Timestamp) {
        self.handle_message(Message::Text(text.into()), now);
    }

    /// All texts that were read at once have been told: what was put off until then is to be done.
    fn carry_out(&mut self) {}

    /// A ping goes out behind everything that was sent.
    fn handle_pinged(&mut self);

    /// Whether so much was sent that a ping should go out before its time.
    fn wants_confirmation(&self) -> bool {
        false
    }

    /// The client has everything that was sent before the last ping.
    fn handle_confirmed(&mut self, now: Timestamp);

    fn handle_timeout(&mut self, now: Timestamp);

    fn poll_timeout(&self) -> Option<Timestamp>;

    fn poll_output(&mut self) -> Option<Output>;

    /// Takes in a portion of what waits elsewhere, now that the client takes it.
    fn pull(&mut self, now: Timestamp) -> Pulled;

    /// Whether so much waits for a client who takes nothing that it was thrown away.
    fn has_given_up(&self) -> bool;

    /// The session that was recalled is over.
    fn handle_recalled(&mut self, now: Timestamp);

    /// This session is over.
    fn handle_closed(self: Box<Self>, why: Closed, now: Timestamp);
}

/// What there was to take in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    Nothing,
    All,
    /// More may wait.
    Portion,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Send(Message),
    /// The connection is to be closed.
    Close,
    /// The client left another session behind: it is to be ended first.
    Recall(String),
}
