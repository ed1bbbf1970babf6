//! What waits to be written to one connection: bounded, volatile frames dropped first, then the connection closed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use parlor_dialects::{Bytes, Close, Dialect};
use tokio::sync::Notify;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Never dropped silently: a reader who is too slow for it is closed, and may resume.
    Reliable,
    /// Dropped once a quarter of the box is full.
    Volatile,
}

#[derive(Clone, Copy, Debug)]
pub struct OutboxLimits {
    pub frames: usize,
    pub bytes: usize,
}

pub struct Outbox {
    dialect: Dialect,
    limits: OutboxLimits,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// What a member missed. Bounded by the log that it comes from, so it is not measured here: whoever missed
    /// more than an outbox holds would be closed for it each time they come back.
    replay: VecDeque<Bytes>,
    still_replayed: usize,
    frames: VecDeque<Bytes>,
    bytes: usize,
    ping: bool,
    close: Option<Close>,
}

impl State {
    fn push(&mut self, frame: Bytes, sending: Sending, limits: OutboxLimits) {
        if self.close.is_some() {
            return;
        }
        if let Some(left) = self.still_replayed.checked_sub(1) {
            self.still_replayed = left;
            return self.replay.push_back(frame);
        }
        let (frames, bytes) = (self.frames.len() + 1, self.bytes + frame.len());
        if sending == Sending::Volatile && (frames > limits.frames / 4 || bytes > limits.bytes / 4)
        {
            return;
        }
        if frames > limits.frames || bytes > limits.bytes {
            *self = Self { close: Some(Close::SlowConsumer), ..Self::default() };
        } else {
            self.bytes = bytes;
            self.frames.push_back(frame);
        }
    }
}

/// What is to be written next.
pub enum Next {
    Frames(Vec<Bytes>),
    Ping,
    /// Nothing more will come.
    Close(Close),
}

impl Outbox {
    pub fn new(dialect: Dialect, limits: OutboxLimits) -> Self {
        Self { dialect, limits, state: Mutex::default(), changed: Notify::new() }
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn push(&self, frame: Bytes, sending: Sending) {
        self.lock().push(frame, sending, self.limits);
        self.changed.notify_one();
    }

    /// The next `count` frames are what a member missed. Everything that waits goes before them.
    pub fn begin_replay(&self, count: usize) {
        let mut state = self.lock();
        let before = std::mem::take(&mut state.frames);
        state.replay.extend(before);
        (state.bytes, state.still_replayed) = (0, count);
    }

    /// What waits is still written, then the connection is closed. The first reason counts.
    pub fn close(&self, why: Close) {
        self.lock().close.get_or_insert(why);
        self.changed.notify_one();
    }

    /// Asks the client for a sign of life.
    pub fn ping(&self) {
        self.lock().ping = true;
        self.changed.notify_one();
    }

    pub fn is_closing(&self) -> bool {
        self.lock().close.is_some()
    }

    /// At least one frame and at most about `max_bytes`, or the reason to close when none waits. May be dropped at any time.
    pub async fn next(&self, max_bytes: usize) -> Next {
        loop {
            if let Some(next) = self.take(max_bytes) {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// Returns once what waits is of no use any more, because its reader was too slow.
    pub async fn given_up(&self) {
        loop {
            if self.lock().close == Some(Close::SlowConsumer) {
                return;
            }
            self.changed.notified().await;
        }
    }

    fn take(&self, max_bytes: usize) -> Option<Next> {
        let mut state = self.lock();
        if std::mem::take(&mut state.ping) {
            return Some(Next::Ping);
        }
        let replay = take_up_to(&mut state.replay, max_bytes);
        if !replay.is_empty() {
            return Some(Next::Frames(replay));
        }
        let frames = take_up_to(&mut state.frames, max_bytes);
        state.bytes -= frames.iter().map(Bytes::len).sum::<usize>();
        if frames.is_empty() { state.close.map(Next::Close) } else { Some(Next::Frames(frames)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The oldest frames, until they are about so many bytes.
fn take_up_to(queue: &mut VecDeque<Bytes>, max_bytes: usize) -> Vec<Bytes> {
    let mut bytes = 0;
    let fit = queue.iter().take_while(|frame| {
        let more = bytes < max_bytes;
        bytes += frame.len();
        more
    });
    let count = fit.count();
    queue.drain(..count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(frames: usize) -> Outbox {
        Outbox::new(Dialect::Native, OutboxLimits { frames, bytes: 1_000 })
    }

    fn drain(outbox: &Outbox) -> (Vec<Bytes>, Option<Close>) {
        let mut frames = Vec::new();
        loop {
            match outbox.take(1_000) {
                Some(Next::Frames(more)) => frames.extend(more),
                Some(Next::Ping) => {}
                Some(Next::Close(why)) => return (frames, Some(why)),
                None => return (frames, None),
            }
        }
    }

    #[test]
    fn volatile_frames_give_way_first() {
        let outbox = outbox(8);
        for _ in 0..4 {
            outbox.push("cursor".into(), Sending::Volatile);
        }
        outbox.push("chat".into(), Sending::Reliable);
        assert_eq!(drain(&outbox), (vec!["cursor".into(), "cursor".into(), "chat".into()], None));
    }

    #[test]
    fn a_reader_who_is_too_slow_is_closed_and_told_why() {
        let outbox = outbox(2);
        for _ in 0..3 {
            outbox.push("chat".into(), Sending::Reliable);
        }
        assert_eq!(drain(&outbox), (vec![], Some(Close::SlowConsumer)));
    }

    #[test]
    fn bytes_count_too() {
        let outbox = outbox(100);
        outbox.push(vec![b'x'; 1_001].into(), Sending::Reliable);
        assert_eq!(drain(&outbox), (vec![], Some(Close::SlowConsumer)));
    }

    #[test]
    fn what_a_member_missed_arrives_whole_however_much_it_is() {
        let outbox = outbox(2);
        outbox.push("resumed".into(), Sending::Reliable);
        outbox.begin_replay(5);
        for missed in ["1", "2", "3", "4", "5"] {
            outbox.push(missed.into(), Sending::Reliable);
        }
        outbox.push("6".into(), Sending::Reliable);
        outbox.push("7".into(), Sending::Reliable);
        let expected = ["resumed", "1", "2", "3", "4", "5", "6", "7"].map(Bytes::from);
        assert_eq!(drain(&outbox), (expected.to_vec(), None));
    }

    #[test]
    fn what_waits_is_written_before_a_close_and_nothing_after_it() {
        let outbox = outbox(8);
        outbox.push("ok".into(), Sending::Reliable);
        outbox.close(Close::Left);
        outbox.push("late".into(), Sending::Reliable);
        outbox.close(Close::ServerStopping);
        assert_eq!(drain(&outbox), (vec!["ok".into()], Some(Close::Left)));
    }
}
