//! What waits for one receiver: each room's events in their order, tried again until they are delivered or too old, within
//! bounds. No sockets, no clock, no entropy.
//!
//! One event of a room is on its way at a time, so a room's events arrive in order; several rooms are served at once. A
//! receiver that does not answer at all is asked by one event at a time, after ever longer pauses. When there is no room
//! for one more, the oldest that is not on its way goes, and the gap is told.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use parlor_rooms::Timestamp;

#[cfg(test)]
mod tests;

#[derive(Debug, Clone)]
pub struct Settings {
    pub max_events: usize,
    pub max_bytes: usize,
    /// Rooms that are served at the same time.
    pub max_flights: usize,
    /// The pause after the first failure, which doubles with each.
    pub first_pause: Duration,
    pub longest_pause: Duration,
    pub max_age: Duration,
}

/// One life of one room: what has an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u64);

/// One event for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<T> {
    pub lane: LaneId,
    pub sequence: u64,
    /// An estimate of what keeping it costs.
    pub cost: usize,
    pub what: T,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Delivered,
    /// The receiver is there and does not want this one.
    Rejected,
    /// The receiver is not there, or not well.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<T> {
    /// To be answered by [`Queue::handle_answer`] of the lane, whatever comes of it.
    Send { lane: LaneId, what: T },
    /// Will not be delivered: the receiver sees a gap in the sequence.
    Lost { lane: LaneId, sequence: u64, why: Loss },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    Overflow,
    TooOld,
}

pub struct Queue<T> {
    settings: Settings,
    lanes: HashMap<LaneId, Lane<T>>,
    /// Those that may send their first event, by the time from which on and by the event's number.
    ready: BTreeSet<(Timestamp, u64, LaneId)>,
    /// By the number of the oldest event that is not on its way.
    oldest: BTreeMap<u64, LaneId>,
    /// Events in the order of their coming.
    last_number: u64,
    events: usize,
    bytes: usize,
    flights: usize,
    /// Failures since the receiver was last there.
    failures: u32,
    /// Nothing is sent before.
    paused_until: Timestamp,
    outputs: VecDeque<Output<T>>,
}

struct Lane<T> {
    /// The first may be on its way.
    waiting: VecDeque<Waiting<T>>,
    in_flight: bool,
    failures: u32,
    due: Timestamp,
    /// How it stands in the indexes.
    is_ready: Option<(Timestamp, u64)>,
    is_oldest: Option<u64>,
}

struct Waiting<T> {
    number: u64,
    since: Timestamp,
    item: Item<T>,
}

impl<T: Clone> Queue<T> {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            lanes: HashMap::new(),
            ready: BTreeSet::new(),
            oldest: BTreeMap::new(),
            last_number: 0,
            events: 0,
            bytes: 0,
            flights: 0,
            failures: 0,
            paused_until: Timestamp(0),
            outputs: VecDeque::new(),
        }
    }

    /// Events that wait or are on their way.
    pub fn events(&self) -> usize {
        self.events
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn handle_event(&mut self, item: Item<T>, now: Timestamp) {
        self.last_number += 1;
        self.events += 1;
        self.bytes += item.cost;
        let id = item.lane;
        let lane = self.lanes.entry(id).or_insert_with(|| Lane::new(now));
        lane.waiting.push_back(Waiting { number: self.last_number, since: now, item });
        self.index(id);
        while self.is_over() && self.lose_oldest(Loss::Overflow) {}
        self.dispatch(now);
    }

    /// How the attempt of a lane ended. `dice` is entropy: receivers of many servers are not to be asked all at once.
    pub fn handle_answer(&mut self, id: LaneId, answer: Answer, now: Timestamp, dice: u64) {
        let Some(lane) = self.lanes.get_mut(&id).filter(|lane| lane.in_flight) else { return };
        lane.in_flight = false;
        self.flights -= 1;
        match answer {
            Answer::Delivered => {
                (lane.failures, lane.due, self.failures) = (0, now, 0);
                self.take_first(id);
            }
            Answer::Rejected => {
                self.failures = 0;
                lane.fail(&self.settings, now, dice);
            }
            Answer::Failed => {
                lane.fail(&self.settings, now, dice);
                self.failures = self.failures.saturating_add(1);
                self.paused_until = now.after(pause(&self.settings, self.failures, dice));
            }
        }
        self.index(id);
        self.handle_timeout(now);
    }

    pub fn handle_timeout(&mut self, now: Timestamp) {
        while self.first_expiry().is_some_and(|expiry| expiry <= now)
            && self.lose_oldest(Loss::TooOld)
        {}
        self.dispatch(now);
    }

    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let ready = self.ready.first().filter(|_| self.flights < self.allowed());
        let next = ready.map(|(due, _, _)| (*due).max(self.paused_until));
        [next, self.first_expiry()].into_iter().flatten().min()
    }

    pub fn poll_output(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    fn is_over(&self) -> bool {
        self.events > self.settings.max_events || self.bytes > self.settings.max_bytes
    }

    /// A receiver that is not there is asked by one event, not by many.
    fn allowed(&self) -> usize {
        if self.failures == 0 { self.settings.max_flights } else { 1 }
    }

    fn first_expiry(&self) -> Option<Timestamp> {
        let (number, id) = self.oldest.first_key_value()?;
        let waiting = &self.lanes.get(id)?.waiting;
        let oldest = waiting.iter().find(|waiting| waiting.number == *number)?;
        Some(oldest.since.after(self.settings.max_age))
    }

    /// The oldest event that is not on its way; `false` without one.
    fn lose_oldest(&mut self, why: Loss) -> bool {
        let Some((_, id)) = self.oldest.first_key_value() else { return false };
        let id = *id;
        let Some(lane) = self.lanes.get_mut(&id) else { return false };
        let lost = lane.waiting.remove(usize::from(lane.in_flight));
        if let Some(lost) = lost {
            self.forget(&lost);
            let sequence = lost.item.sequence;
            self.outputs.push_back(Output::Lost { lane: id, sequence, why });
        }
        self.index(id);
        true
    }

    fn take_first(&mut self, id: LaneId) {
        let lane = self.lanes.get_mut(&id);
        if let Some(first) = lane.and_then(|lane| lane.waiting.pop_front()) {
            self.forget(&first);
        }
    }

    fn forget(&mut self, gone: &Waiting<T>) {
        self.events -= 1;
        self.bytes -= gone.item.cost;
    }

    fn dispatch(&mut self, now: Timestamp) {
        while self.flights < self.allowed() && self.paused_until <= now {
            let Some((_, _, id)) = self.ready.first().filter(|(due, _, _)| *due <= now) else {
                return;
            };
            let id = *id;
            let Some(lane) = self.lanes.get_mut(&id) else { return };
            lane.in_flight = true;
            self.flights += 1;
            if let Some(first) = lane.waiting.front() {
                let what = first.item.what.clone();
                self.outputs.push_back(Output::Send { lane: id, what });
            }
            self.index(id);
        }
    }

    /// Brings the indexes in line with a lane, which is forgotten once nothing is left of it.
    fn index(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let first = lane.waiting.front().filter(|_| !lane.in_flight);
        let is_ready = first.map(|first| (lane.due, first.number));
        let droppable = lane.waiting.get(usize::from(lane.in_flight));
        let is_oldest = droppable.map(|waiting| waiting.number);
        if let Some((due, number)) = std::mem::replace(&mut lane.is_ready, is_ready) {
            self.ready.remove(&(due, number, id));
        }
        if let Some(number) = std::mem::replace(&mut lane.is_oldest, is_oldest) {
            self.oldest.remove(&number);
        }
        self.ready.extend(is_ready.map(|(due, number)| (due, number, id)));
        self.oldest.extend(is_oldest.map(|number| (number, id)));
        if lane.waiting.is_empty() && !lane.in_flight {
            self.lanes.remove(&id);
        }
    }
}

impl<T> Lane<T> {
    fn new(now: Timestamp) -> Self {
        Self {
            waiting: VecDeque::new(),
            in_flight: false,
            failures: 0,
            due: now,
            is_ready: None,
            is_oldest: None,
        }
    }

    fn fail(&mut self, settings: &Settings, now: Timestamp, dice: u64) {
        self.failures = self.failures.saturating_add(1);
        self.due = now.after(pause(settings, self.failures, dice));
    }
}

/// Between half and all of a time that doubles with each failure.
fn pause(settings: &Settings, failures: u32, dice: u64) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let whole = settings.first_pause.saturating_mul(doubled).min(settings.longest_pause);
    let half = u64::try_from(whole.as_millis() / 2).unwrap_or(u64::MAX);
    whole / 2 + Duration::from_millis(dice % half.saturating_add(1))
}
