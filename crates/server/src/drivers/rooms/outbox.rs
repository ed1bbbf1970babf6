//! What waits for one connection: bounded, volatile things dropped first, then the connection closed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use parlor_dialects::{Bytes, Close, Dialect, Heard};
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
    dialect: OnceLock<Dialect>,
    came_in_at: Option<SocketAddr>,
    limits: OutboxLimits,
    state: Mutex<State>,
    /// There is something to write.
    changed: Notify,
    /// There is something to hear.
    told: Arc<Notify>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Kept<Bytes>>,
    /// For sessions that put what happens into their own words.
    heard: VecDeque<Kept<Heard>>,
    measured: Measure,
    /// So many of the next things are what a member missed. The log that they come from bounds them, so they
    /// are not measured: whoever missed more than an outbox holds would be closed for it each time they come back.
    still_replayed: usize,
    ping: bool,
    close: Option<Close>,
}

struct Kept<T> {
    what: T,
    measure: Measure,
}

#[derive(Clone, Copy, Default)]
struct Measure {
    count: usize,
    bytes: usize,
}

impl State {
    /// Whether something of this size is taken, and how much of it counts.
    fn admit(&mut self, bytes: usize, sending: Sending, limits: OutboxLimits) -> Option<Measure> {
        if self.close.is_some() {
            return None;
        }
        if let Some(left) = self.still_replayed.checked_sub(1) {
            self.still_replayed = left;
            return Some(Measure::default());
        }
        let more = Measure { count: self.measured.count + 1, bytes: self.measured.bytes + bytes };
        let is_over = |part| more.count > limits.frames / part || more.bytes > limits.bytes / part;
        if sending == Sending::Volatile && is_over(4) {
            return None;
        }
        if is_over(1) {
            *self = Self { close: Some(Close::SlowConsumer), ..Self::default() };
            return None;
        }
        self.measured = more;
        Some(Measure { count: 1, bytes })
    }

    fn release<T>(&mut self, kept: Kept<T>) -> T {
        self.measured.count -= kept.measure.count;
        self.measured.bytes -= kept.measure.bytes;
        kept.what
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
    /// `told` is notified when there is something to hear, or the connection is to be closed. `came_in_at`: the address of
    /// ours that the client connected to, where it matters.
    pub fn new(limits: OutboxLimits, told: Arc<Notify>, came_in_at: Option<SocketAddr>) -> Self {
        Self {
            dialect: OnceLock::new(),
            came_in_at,
            limits,
            state: Mutex::default(),
            changed: Notify::new(),
            told,
        }
    }

    /// `None` until the first frame has told.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect.get().copied()
    }

    pub fn came_in_at(&self) -> Option<SocketAddr> {
        self.came_in_at
    }

    /// The first word counts.
    pub fn speak(&self, dialect: Dialect) {
        _ = self.dialect.set(dialect);
    }

    pub fn push(&self, frame: Bytes, sending: Sending) {
        let mut state = self.lock();
        if let Some(measure) = state.admit(frame.len(), sending, self.limits) {
            state.frames.push_back(Kept { what: frame, measure });
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Something that this connection's session encodes itself.
    pub fn hear(&self, heard: Heard, sending: Sending) {
        let mut state = self.lock();
        if let Some(measure) = state.admit(heard.cost(), sending, self.limits) {
            state.heard.push_back(Kept { what: heard, measure });
        }
        drop(state);
        self.told.notify_one();
        self.changed.notify_one();
    }

    /// The next `count` things are what a member missed; the answer that says so and what waits before it is not measured either.
    pub fn begin_replay(&self, count: usize) {
        let mut state = self.lock();
        state.frames.iter_mut().for_each(|kept| kept.measure = Measure::default());
        state.heard.iter_mut().for_each(|kept| kept.measure = Measure::default());
        (state.measured, state.still_replayed) = (Measure::default(), count);
    }

    /// What waits is still written, then the connection is closed. The first reason counts.
    pub fn close(&self, why: Close) {
        self.lock().close.get_or_insert(why);
        self.told.notify_one();
        self.changed.notify_one();
    }

    /// Asks the client for a sign of life.
    pub fn ping(&self) {
        self.lock().ping = true;
        self.changed.notify_one();
    }

    pub fn is_closing(&self) -> bool {
        self.closing().is_some()
    }

    pub fn closing(&self) -> Option<Close> {
        self.lock().close
    }

    pub fn has_heard(&self) -> bool {
        !self.lock().heard.is_empty()
    }

    /// The oldest thing that was heard and is not told yet.
    pub fn take_heard(&self) -> Option<Heard> {
        let mut state = self.lock();
        let kept = state.heard.pop_front()?;
        Some(state.release(kept))
    }

    /// Returns when there may be something to take. May be dropped at any time.
    pub async fn told(&self) {
        self.told.notified().await;
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
        if state.frames.is_empty() {
            return state.close.map(Next::Close);
        }
        let mut taken = Vec::new();
        let mut bytes = 0;
        while bytes < max_bytes
            && let Some(kept) = state.frames.pop_front()
        {
            bytes += kept.what.len();
            taken.push(state.release(kept));
        }
        if state.frames.is_empty() {
            // Most connections are idle most of the time: an allocation for a batch costs less than 200 bytes for each of them.
            state.frames = VecDeque::new();
        }
        Some(Next::Frames(taken))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(frames: usize) -> Outbox {
        Outbox::new(OutboxLimits { frames, bytes: 1_000 }, Arc::default(), None)
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
