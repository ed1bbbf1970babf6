//! All sessions by their id, and when each is to be looked after: one task for all of them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use parlor_rooms::Timestamp;
use tokio::sync::Notify;

use super::Carrier;
use super::seat::Seat;
use super::state::State;

/// How long to wait where nothing is waited for.
const LONG: Duration = Duration::from_secs(3_600);

/// How much later than a POST on another connection a GET may come that was sent before it.
const CROSSING: Duration = Duration::from_secs(1);
const MAX_FAREWELLS: usize = 1_024;

#[derive(Default)]
pub struct Table {
    inner: Mutex<Inner>,
    /// A deadline has come that is earlier than the one being waited for.
    rearmed: Notify,
    /// The last session is gone.
    emptied: Notify,
}

#[derive(Default)]
struct Inner {
    seats: HashMap<String, Arc<Seat>>,
    deadlines: BTreeSet<(Timestamp, String)>,
    farewells: VecDeque<(Timestamp, String)>,
    stopping: bool,
}

impl Table {
    /// `false` when no more come in.
    pub fn insert(&self, seat: &Arc<Seat>) -> bool {
        let mut inner = self.lock();
        if !inner.stopping {
            inner.seats.insert(seat.sid.clone(), Arc::clone(seat));
        }
        !inner.stopping
    }

    pub fn find(&self, sid: &str) -> Option<Arc<Seat>> {
        self.lock().seats.get(sid).cloned()
    }

    pub fn remove(&self, sid: &str) {
        let mut inner = self.lock();
        inner.seats.remove(sid);
        if inner.seats.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Returns when there are no sessions. May be dropped at any time.
    pub async fn emptied(&self) {
        let emptied = self.emptied.notified();
        if !self.lock().seats.is_empty() {
            emptied.await;
        }
    }

    pub fn remember_farewell(&self, sid: &str, now: Timestamp) {
        let mut inner = self.lock();
        inner.farewells.push_back((now.after(CROSSING), sid.into()));
        let old = inner.farewells.iter().take_while(|(until, _)| *until < now).count();
        let surplus = inner.farewells.len().saturating_sub(MAX_FAREWELLS);
        inner.farewells.drain(..old.max(surplus));
    }

    /// Whether the client has just said farewell, by a POST that may have overtaken this GET. Once for each.
    pub fn take_farewell(&self, sid: &str) -> bool {
        let mut inner = self.lock();
        let at = inner.farewells.iter().position(|(_, known)| known == sid);
        at.and_then(|at| inner.farewells.remove(at)).is_some()
    }

    pub fn stop(&self) {
        self.lock().stopping = true;
    }

    pub fn all(&self) -> Vec<Arc<Seat>> {
        self.lock().seats.values().cloned().collect()
    }

    pub fn schedule(&self, at: Timestamp, sid: &str) {
        let mut inner = self.lock();
        let first = inner.deadlines.first().is_none_or(|(first, _)| at < *first);
        inner.deadlines.insert((at, sid.into()));
        drop(inner);
        if first {
            self.rearmed.notify_one();
        }
    }

    fn next(&self) -> Option<Timestamp> {
        self.lock().deadlines.first().map(|(at, _)| *at)
    }

    fn take_due(&self, now: Timestamp) -> Vec<Arc<Seat>> {
        let mut inner = self.lock();
        let later = inner.deadlines.split_off(&(Timestamp(now.0 + 1), String::new()));
        let due = std::mem::replace(&mut inner.deadlines, later);
        due.iter().filter_map(|(_, sid)| inner.seats.get(sid).cloned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets time pass in the sessions, for as long as there is a carrier.
pub async fn watch_deadlines(carrier: Weak<Carrier>) {
    while let Some(carrier) = carrier.upgrade() {
        let now = carrier.now();
        let wait = carrier.table.next().map_or(LONG, |at| {
            // A millisecond is added, so that the deadline has come when the wait is over.
            let wait = at.0.saturating_sub(now.0);
            Duration::from_millis(if wait == 0 { 0 } else { wait + 1 }).min(LONG)
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => {
                let now = carrier.now();
                for seat in carrier.table.take_due(now) {
                    carrier.drive(&seat, |state: &mut State| state.handle_timeout(now));
                }
            }
            () = carrier.table.rearmed.notified() => {}
        }
    }
}
