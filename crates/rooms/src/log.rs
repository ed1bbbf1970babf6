//! The numbered events of a room: a bounded tail for those who reconnect, and the chat for those who come late.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::{Body, Event};
use crate::ids::{PeerId, Seq};
use crate::limits::Limits;

/// Whom an event is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    All,
    AllBut(PeerId),
    Only(Vec<PeerId>),
}

impl Audience {
    pub(crate) fn has(&self, peer: PeerId) -> bool {
        match self {
            Self::All => true,
            Self::AllBut(author) => *author != peer,
            Self::Only(peers) => peers.contains(&peer),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::All | Self::AllBut(_) => 0,
            Self::Only(peers) => size_of_val(peers.as_slice()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) seq: Seq,
    pub(crate) audience: Audience,
    pub(crate) event: Arc<Event>,
    cost: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    last: Seq,
    tail: VecDeque<Entry>,
    tail_bytes: usize,
    history: VecDeque<(Arc<Event>, usize)>,
    history_bytes: usize,
}

impl Log {
    pub(crate) fn last(&self) -> Seq {
        self.last
    }

    /// What keeping this log costs, by estimate.
    pub(crate) fn bytes(&self) -> usize {
        self.tail_bytes + self.history_bytes
    }

    pub(crate) fn append(
        &mut self,
        audience: Audience,
        mut event: Event,
        limits: &Limits,
    ) -> Arc<Event> {
        self.last = self.last.next();
        event.seq = Some(self.last);
        let cost = event.cost() + audience.cost();
        let event = Arc::new(event);
        if matches!(event.body, Body::Chat { .. }) {
            self.remember_chat(event.clone(), cost, limits);
        }
        self.tail.push_back(Entry { seq: self.last, audience, event: event.clone(), cost });
        self.tail_bytes += cost;
        event
    }

    fn remember_chat(&mut self, event: Arc<Event>, cost: usize, limits: &Limits) {
        self.history.push_back((event, cost));
        self.history_bytes += cost;
        while self.history.len() > limits.history_messages
            || self.history_bytes > limits.history_bytes
        {
            if !self.forget_oldest_chat() {
                break;
            }
        }
    }

    /// `false` when the history is empty.
    pub(crate) fn forget_oldest_chat(&mut self) -> bool {
        let Some((_, cost)) = self.history.pop_front() else { return false };
        self.history_bytes -= cost;
        true
    }

    /// Lets go of what everybody has acknowledged.
    pub(crate) fn trim(&mut self, stable: Seq) {
        while self.tail.front().is_some_and(|entry| entry.seq <= stable) {
            self.drop_oldest();
        }
    }

    pub(crate) fn is_over(&self, limits: &Limits) -> bool {
        self.tail.len() > limits.log_events || self.tail_bytes > limits.log_bytes
    }

    /// The oldest event of the tail, taken out: somebody may miss it now.
    pub(crate) fn drop_oldest(&mut self) -> Option<Entry> {
        let entry = self.tail.pop_front()?;
        self.tail_bytes -= entry.cost;
        Some(entry)
    }

    /// The events after `since` that are meant for `peer`, oldest first.
    pub(crate) fn missed(&self, peer: PeerId, since: Seq) -> Vec<Arc<Event>> {
        let first = self.tail.partition_point(|entry| entry.seq <= since);
        let after = self.tail.iter().skip(first);
        after.filter(|entry| entry.audience.has(peer)).map(|entry| entry.event.clone()).collect()
    }

    pub(crate) fn history(&self) -> Vec<Arc<Event>> {
        self.history.iter().map(|(event, _)| event.clone()).collect()
    }
}
