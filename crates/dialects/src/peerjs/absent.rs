//! Messages for peers who are not there yet: kept for a while, within bounds, then given up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parlor_rooms::{Json, Timestamp};

use super::read::Message;

/// As long as the original keeps them: two pages that are opened one after the other find each other.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kept for one sender. An offer and its candidates are about 20 messages and 10 KiB.
const MAX_MESSAGES: usize = 256;
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Default)]
pub(super) struct Absent {
    /// In the order of their ends.
    peers: VecDeque<Waiting>,
    messages: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    dst: Arc<str>,
    until: Timestamp,
    messages: Vec<Message>,
}

/// There is no room left: nothing waits for this peer any more, so that nobody gets half a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Absent {
    pub(super) fn push(&mut self, message: Message, now: Timestamp) -> Result<(), Full> {
        let bytes = cost(&message);
        if self.messages >= MAX_MESSAGES || self.bytes + bytes > MAX_BYTES {
            self.take(&message.dst);
            return Err(Full);
        }
        self.messages += 1;
        self.bytes += bytes;
        match self.peers.iter_mut().find(|waiting| waiting.dst == message.dst) {
            Some(waiting) => waiting.messages.push(message),
            None => self.peers.push_back(Waiting {
                dst: message.dst.clone(),
                until: now.after(PATIENCE),
                messages: vec![message],
            }),
        }
        Ok(())
    }

    /// What waits for a peer, who is there now.
    pub(super) fn take(&mut self, address: &str) -> Vec<Message> {
        let index = self.peers.iter().position(|waiting| *waiting.dst == *address);
        let waiting = index.and_then(|index| self.peers.remove(index));
        waiting.map(|waiting| self.release(waiting).messages).unwrap_or_default()
    }

    /// A peer who did not come in time.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Arc<str>> {
        let waiting = self.peers.pop_front_if(|waiting| waiting.until <= now)?;
        Some(self.release(waiting).dst)
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.peers.front().map(|waiting| waiting.until)
    }

    fn release(&mut self, waiting: Waiting) -> Waiting {
        self.messages -= waiting.messages.len();
        self.bytes -= waiting.messages.iter().map(cost).sum::<usize>();
        waiting
    }
}

fn cost(message: &Message) -> usize {
    const OVERHEAD: usize = 64;
    let payload = message.payload.as_ref().map_or(0, |payload| Json::as_str(payload).len());
    OVERHEAD + message.dst.len() + payload
}
