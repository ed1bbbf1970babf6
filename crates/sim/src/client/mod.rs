//! Model clients, written from `docs/protocol.md` alone: they share no code with the server.

mod entering;
mod incoming;
mod json;
mod native;
mod record;
mod requests;

use json::Json;
use native::Native;
use parlor_dialects::Door;

pub use record::{Chat, Message, Picture, Record};

use crate::Millis;
use crate::network::Item;
use crate::plan::Order;
use crate::rng::Rng;

/// What a client wants of its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    Dial,
    Text(String),
    HangUp,
}

#[derive(Debug)]
pub enum Client {
    Native(Box<Native>),
    Json(Box<Json>),
}

impl Client {
    pub(crate) fn native(name: &str, room: &str, rng: Rng) -> Self {
        Self::Native(Box::new(Native::new(name, room, rng)))
    }

    pub(crate) fn json(name: &str, room: &str) -> Self {
        Self::Json(Box::new(Json::new(name, room)))
    }

    pub(crate) fn door(&self) -> Door {
        match self {
            Self::Native(_) => Door::Native,
            Self::Json(_) => Door::Root,
        }
    }

    pub(crate) fn handle_order(&mut self, order: Order, now: Millis) {
        match self {
            Self::Native(client) => client.handle_order(order, now),
            Self::Json(client) => client.handle_order(order),
        }
    }

    /// What came over the connection, its end included.
    pub(crate) fn handle_item(&mut self, item: &Item, now: Millis) {
        match self {
            Self::Native(client) => client.handle_item(item, now),
            Self::Json(client) => client.handle_item(item, now),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) {
        match self {
            Self::Native(client) => client.handle_timeout(now),
            Self::Json(client) => client.handle_timeout(now),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Want> {
        match self {
            Self::Native(client) => client.wants.pop_front(),
            Self::Json(client) => client.wants.pop_front(),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Millis> {
        match self {
            Self::Native(client) => client.poll_timeout(),
            Self::Json(client) => client.poll_timeout(),
        }
    }

    /// The page is loaded anew: only what outlives a page is kept.
    pub(crate) fn handle_reload(&mut self, now: Millis) {
        match self {
            Self::Native(client) => client.handle_reload(now),
            Self::Json(client) => client.handle_reload(now),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Native(client) => &client.name,
            Self::Json(client) => &client.name,
        }
    }

    /// What the user of this client has seen.
    #[must_use]
    pub fn record(&self) -> &Record {
        match self {
            Self::Native(client) => &client.record,
            Self::Json(client) => &client.record,
        }
    }

    /// Its own address, while it is a member.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        match self {
            Self::Native(client) => client.peer(),
            Self::Json(_) => None,
        }
    }

    /// The address of somebody that it sees.
    #[must_use]
    pub fn peer_of(&self, name: &str) -> Option<&str> {
        match self {
            Self::Native(client) => client.peer_of(name),
            Self::Json(client) => client.peer_of(name),
        }
    }

    #[must_use]
    pub fn is_member(&self) -> bool {
        match self {
            Self::Native(client) => client.is_member(),
            Self::Json(client) => client.is_member(),
        }
    }

    /// It has stopped for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Native(client) => client.is_gone(),
            Self::Json(client) => client.is_gone(),
        }
    }

    /// The members that it sees, itself included: `name state incarnation`, in the order they came.
    #[must_use]
    pub fn roster(&self) -> Vec<String> {
        match self {
            Self::Native(client) => client.roster(),
            Self::Json(client) => client.roster(),
        }
    }

    /// Requests that wait for their first try or for an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        match self {
            Self::Native(client) => client.unanswered(),
            Self::Json(_) => 0,
        }
    }
}
