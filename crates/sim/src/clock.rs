//! Virtual time and what is to happen in it. Nobody waits: the clock jumps to the next event.

use std::collections::BTreeMap;

use crate::Millis;

/// Far more than happens within one millisecond of any scenario.
const MAX_EVENTS_AT_ONCE: usize = 100_000;

#[derive(Debug)]
pub struct Clock<E> {
    now: Millis,
    /// Events since time went on.
    at_once: usize,
    scheduled: u64,
    /// By time; within one millisecond in the order of scheduling.
    queue: BTreeMap<(Millis, u64), E>,
}

impl<E> Clock<E> {
    pub fn new() -> Self {
        Self { now: 0, at_once: 0, scheduled: 0, queue: BTreeMap::new() }
    }

    pub fn now(&self) -> Millis {
        self.now
    }

    /// What is meant for the past happens next.
    pub fn schedule(&mut self, at: Millis, event: E) {
        self.scheduled += 1;
        self.queue.insert((at.max(self.now), self.scheduled), event);
    }

    /// The next event, if it is not after `until`; otherwise it is `until` now.
    ///
    /// # Panics
    /// When events follow each other without end and without time passing.
    pub fn next(&mut self, until: Millis) -> Option<E> {
        match self.queue.first_entry() {
            Some(entry) if entry.key().0 <= until => {
                let at = entry.key().0;
                self.at_once = if at == self.now { self.at_once + 1 } else { 0 };
                assert!(self.at_once < MAX_EVENTS_AT_ONCE, "time stands still at {at} ms");
                self.now = at;
                Some(entry.remove())
            }
            Some(_) | None => {
                self.now = self.now.max(until);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_by_order() {
        let mut clock = Clock::new();
        clock.schedule(20, 'c');
        clock.schedule(10, 'a');
        clock.schedule(10, 'b');
        assert_eq!((clock.next(15), clock.now()), (Some('a'), 10));
        clock.schedule(3, 'x');
        assert_eq!([clock.next(15), clock.next(15)], [Some('b'), Some('x')]);
        assert_eq!((clock.next(15), clock.now()), (None, 15));
        assert_eq!((clock.next(100), clock.now()), (Some('c'), 20));
    }
}
