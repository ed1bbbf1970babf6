//! What waits for one connection: bounded, volatile things dropped first, then the connection closed.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use parlor_dialects::{Bytes, Close, Dialect, Heard};
use parlor_rooms::PeerId;
use tokio::sync::Notify;

use crate::metrics;

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
    session: PeerId,
    came_in_at: Option<SocketAddr>,
    limits: OutboxLimits,
    state: Mutex<State>,
    /// There is a reason to close: for those who ask for each message.
    is_closing: AtomicBool,
    /// There is something to hear: for those who look before each message.
    has_heard: AtomicBool,
    /// There is something to hear: for whoever waits for several outboxes.
    told: Option<Arc<Notify>>,
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
    /// The one task that waits for a change; nobody is woken who does not.
    waiting: Option<Waker>,
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

impl Measure {
    fn lessen(&mut self, by: Self) {
        self.count -= by.count;
        self.bytes -= by.bytes;
    }
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
            metrics::dropped_volatile();
            return None;
        }
        if is_over(1) {
            metrics::closed(Close::SlowConsumer);
            let (close, waiting) = (Some(Close::SlowConsumer), self.waiting.take());
            *self = Self { close, waiting, ..Self::default() };
            return None;
        }
        self.measured = more;
        Some(Measure { count: 1, bytes })
    }

    fn take(&mut self, max_bytes: usize) -> Option<Next> {
        if std::mem::take(&mut self.ping) {
            return Some(Next::Ping);
        }
        if self.frames.is_empty() {
            return self.close.map(Next::Close);
        }
        let mut bytes = 0;
        let fits = |kept: &&Kept<Bytes>| {
            let fits = bytes < max_bytes;
            bytes += kept.what.len();
            fits
        };
        let count = self.frames.iter().take_while(fits).count();
        let taken = if count == self.frames.len() {
            // With its memory: most connections are idle most of the time.
            std::mem::take(&mut self.frames)
        } else {
            self.frames.drain(..count).collect()
        };
        taken.iter().for_each(|kept| self.measured.lessen(kept.measure));
        Some(Next::Frames(Frames(taken)))
    }

    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<T> {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(context.waker()),
            None => self.waiting = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    fn release<T>(&mut self, kept: Kept<T>) -> T {
        self.measured.lessen(kept.measure);
        kept.what
    }
}

/// How much may still be taken at once.
#[derive(Clone, Copy, Debug)]
pub struct Portion {
    pub things: usize,
    pub bytes: usize,
}

impl Portion {
    pub fn has_room(&self) -> bool {
        self.things > 0 && self.bytes > 0
    }
}

/// Wakes whoever waits, once the state is let go.
fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = state.waiting.take();
    drop(state);
    waiting.into_iter().for_each(Waker::wake);
}

/// What is to be written next.
pub enum Next {
    Frames(Frames),
    Ping,
    /// Nothing more will come.
    Close(Close),
}

/// Frames that were taken out, in their order.
pub struct Frames(VecDeque<Kept<Bytes>>);

impl Frames {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Bytes> {
        self.0.iter().map(|kept| &kept.what)
    }
}

impl Outbox {
    /// `told` is notified when there is something to hear, or the connection is to be closed. `came_in_at`: the address of
    /// ours that the client connected to, where it matters.
    pub fn new(
        limits: OutboxLimits,
        told: Option<Arc<Notify>>,
        (session, came_in_at): (PeerId, Option<SocketAddr>),
    ) -> Self {
        Self {
            dialect: OnceLock::new(),
            session,
            came_in_at,
            limits,
            state: Mutex::default(),
            is_closing: AtomicBool::new(false),
            has_heard: AtomicBool::new(false),
            told,
        }
    }

    /// `None` until the first frame has told.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect.get().copied()
    }

    /// The address that its memberships get, unless it goes on with one.
    pub fn session(&self) -> PeerId {
        self.session
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
        if let Some(measure) = self.admit(&mut state, frame.len(), sending) {
            state.frames.push_back(Kept { what: frame, measure });
        }
        wake(state);
    }

    /// Something that this connection's session encodes itself.
    pub fn hear(&self, heard: Heard, sending: Sending) {
        let mut state = self.lock();
        if let Some(measure) = self.admit(&mut state, heard.cost(), sending) {
            state.heard.push_back(Kept { what: heard, measure });
            self.has_heard.store(true, Ordering::Release);
        }
        wake(state);
        self.tell();
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
        let mut state = self.lock();
        state.close.get_or_insert_with(|| {
            metrics::closed(why);
            why
        });
        self.is_closing.store(true, Ordering::Release);
        wake(state);
        self.tell();
    }

    /// Asks the client for a sign of life.
    pub fn ping(&self) {
        let mut state = self.lock();
        state.ping = true;
        wake(state);
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    pub fn closing(&self) -> Option<Close> {
        self.lock().close
    }

    pub fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Acquire)
    }

    /// The oldest thing that was heard and is not told yet.
    pub fn take_heard(&self) -> Option<Heard> {
        let mut state = self.lock();
        let Some(kept) = state.heard.pop_front() else {
            self.has_heard.store(false, Ordering::Release);
            return None;
        };
        Some(state.release(kept))
    }

    /// Takes what was heard and is not told yet, oldest first, until there is no room for more. Why the connection is to be closed, if it
    /// is and nothing is left to tell.
    pub fn take_all_heard(&self, most: &mut Portion, taken: &mut Vec<Heard>) -> Option<Close> {
        let mut state = self.lock();
        while most.has_room()
            && let Some(kept) = state.heard.pop_front()
        {
            let heard = state.release(kept);
            most.things = most.things.saturating_sub(1);
            most.bytes = most.bytes.saturating_sub(heard.cost());
            taken.push(heard);
        }
        let is_told = state.heard.is_empty();
        self.has_heard.store(!is_told, Ordering::Release);
        state.close.filter(|_| is_told)
    }

    /// At least one frame and at most about `max_bytes`, or the reason to close when none waits. May be dropped at any time.
    pub async fn next(&self, max_bytes: usize) -> Next {
        poll_fn(|context| self.poll_next(context, max_bytes)).await
    }

    /// The same. Only the last task that asked is woken.
    pub fn poll_next(&self, context: &mut Context<'_>, max_bytes: usize) -> Poll<Next> {
        let mut state = self.lock();
        match state.take(max_bytes) {
            Some(next) => Poll::Ready(next),
            None => state.wait(context),
        }
    }

    /// Whoever waits looks again by itself before it waits anew.
    pub fn stop_waiting(&self) {
        self.lock().waiting = None;
    }

    /// Returns when there is something to hear, or the connection is to be closed. May be dropped at any time.
    pub async fn heard(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.heard.is_empty() && state.close.is_none() {
                return state.wait(context);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Returns once what waits is of no use any more, because its reader was too slow.
    pub async fn given_up(&self) {
        poll_fn(|context| self.poll_given_up(context)).await;
    }

    pub fn poll_given_up(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match state.close {
            Some(Close::SlowConsumer) => Poll::Ready(()),
            Some(_) | None => state.wait(context),
        }
    }

    fn admit(&self, state: &mut State, bytes: usize, sending: Sending) -> Option<Measure> {
        let measure = state.admit(bytes, sending, self.limits);
        if measure.is_none() && state.close.is_some() {
            self.is_closing.store(true, Ordering::Release);
        }
        measure
    }

    fn tell(&self) {
        self.told.iter().for_each(|told| told.notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
