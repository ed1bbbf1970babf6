//! What waits to be written to one connection, after the server's own: volatile frames give way first,
//! then a reader who is too slow is closed.

use std::collections::VecDeque;

use parlor_dialects::{Bytes, Close};

use crate::network::Item;

#[derive(Clone, Copy, Debug)]
pub struct OutboxLimits {
    pub frames: usize,
    pub bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Reliable,
    Volatile,
}

#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    /// What a resumed session has missed, and what was before it. The log bounds it already; if it
    /// counted, whoever has missed more than an outbox holds could never come back.
    replay: VecDeque<Bytes>,
    still_replayed: usize,
    frames: VecDeque<Bytes>,
    /// Of `frames`.
    bytes: usize,
    ping: bool,
    close: Option<Close>,
}

impl Outbox {
    pub fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            replay: VecDeque::new(),
            still_replayed: 0,
            frames: VecDeque::new(),
            bytes: 0,
            ping: false,
            close: None,
        }
    }

    /// The next frames are so many that were missed.
    pub fn begin_replay(&mut self, count: usize) {
        self.replay.append(&mut self.frames);
        (self.bytes, self.still_replayed) = (0, count);
    }

    pub fn push(&mut self, frame: Bytes, sending: Sending) {
        if self.close.is_some() {
            return;
        }
        if let Some(left) = self.still_replayed.checked_sub(1) {
            self.still_replayed = left;
            return self.replay.push_back(frame);
        }
        let (frames, bytes) = (self.frames.len() + 1, self.bytes + frame.len());
        let full_at =
            |part: usize| frames > self.limits.frames / part || bytes > self.limits.bytes / part;
        if sending == Sending::Volatile && full_at(4) {
            return;
        }
        if full_at(1) {
            return self.give_up();
        }
        self.bytes = bytes;
        self.frames.push_back(frame);
    }

    /// What waits is of no use any more: its reader is too slow.
    pub fn give_up(&mut self) {
        (self.bytes, self.close) = (0, Some(Close::SlowConsumer));
        self.frames.clear();
        self.replay.clear();
    }

    pub fn close(&mut self, why: Close) {
        self.close.get_or_insert(why);
    }

    pub fn ping(&mut self) {
        self.ping = true;
    }

    pub fn is_closing(&self) -> bool {
        self.close.is_some()
    }

    /// What to write next. The close comes last, once.
    pub fn take(&mut self) -> Option<Item> {
        if std::mem::take(&mut self.ping) {
            return Some(Item::Ping);
        }
        if let Some(frame) = self.replay.pop_front() {
            return Some(Item::Text(frame));
        }
        let Some(frame) = self.frames.pop_front() else {
            return self.close.map(|why| Item::Close(why.code()));
        };
        self.bytes -= frame.len();
        Some(Item::Text(frame))
    }
}
