//! With whom a client has exchanged signals, and over which of its connections: they are told when the other is gone.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parlor_rooms::{PeerId, Timestamp};

use super::translate::Connection;

/// A client whose connection broke comes back within this time if it comes back at all; what it has with its peers
/// may have outlived the break.
const RETURN: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Conversations {
    open: HashMap<PeerId, Conversation>,
    /// Under what name, in the order of the ends.
    broken: VecDeque<(Timestamp, Arc<str>)>,
}

/// The connections that count with a member who has only one. With PeerJS clients each message names its own.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// What the client offered last: answers belong to it.
    pub(super) offered: Option<Connection>,
    /// What was offered or answered last, by either: candidates belong to it.
    pub(super) current: Option<Connection>,
}

impl Conversations {
    pub(super) fn with(&mut self, peer: PeerId) -> &mut Conversation {
        self.open.entry(peer).or_default()
    }

    pub(super) fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.open.keys().copied()
    }

    /// Whether there was one.
    pub(super) fn end(&mut self, peer: PeerId) -> bool {
        self.open.remove(&peer).is_some()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The other's connection broke. Whoever comes under the same name in time goes on with the conversation.
    pub(super) fn interrupt(&mut self, name: Arc<str>, now: Timestamp) {
        self.broken.push_back((now.after(RETURN), name));
    }

    pub(super) fn go_on(&mut self, name: &str, peer: PeerId) {
        let before = self.broken.len();
        self.broken.retain(|(_, other)| **other != *name);
        if self.broken.len() < before {
            self.with(peer);
        }
    }

    /// Somebody who did not come back.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Arc<str>> {
        self.broken.pop_front_if(|(until, _)| *until <= now).map(|(_, name)| name)
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.broken.front().map(|(until, _)| *until)
    }
}
