//! Events that one socket was sent and may not have: what a client that comes back is sent again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::socketio::packet::Packet;

/// How much is kept for each socket. The client's pongs empty it every [`ping_interval`], so an honest client on a
/// living connection comes nowhere near.
///
/// [`ping_interval`]: crate::socketio::engine::Settings::ping_interval
const MAX_EVENTS: usize = 2_048;
const MAX_BYTES: usize = 1024 * 1024;
/// From so much on, a pong is asked for before its time. What is let go of soon costs little: its memory is still in the processor's cache.
const CONFIRM_EVENTS: usize = 64;
const CONFIRM_BYTES: usize = 256 * 1024;

/// An event without attachments that many are sent, each under a number of its own: kept once for all of them.
pub trait Spoken: fmt::Debug + Send + Sync {
    /// How much [`Self::write`] writes, or a little less.
    fn bytes(&self) -> usize;

    /// The name and the arguments as they stand between the brackets.
    fn write(&self, out: &mut String);
}

/// An event as it was sent.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Spoken(Arc<dyn Spoken>),
    Packet(Packet),
}

impl Told {
    /// An estimate of what keeping it costs.
    fn weight(&self) -> usize {
        const OVERHEAD: usize = 64;
        match self {
            Self::Spoken(spoken) => OVERHEAD + spoken.bytes(),
            Self::Packet(packet) => packet.weight(),
        }
    }
}

/// Numbered from 1 without a gap; a client that has none has everything up to 0.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Events that are no longer kept: all numbers up to this one.
    forgotten: u64,
    kept: VecDeque<Told>,
    bytes: usize,
    /// What had been sent when the last ping went out.
    pinged: u64,
}

impl Sent {
    /// The number that the next event gets.
    pub(super) fn next(&self) -> u64 {
        self.forgotten + self.kept.len() as u64 + 1
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, told: Told) {
        self.bytes += told.weight();
        self.kept.push_back(told);
        while self.kept.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            self.forget_one();
        }
    }

    pub(super) fn handle_pinged(&mut self) {
        self.pinged = self.next() - 1;
    }

    pub(super) fn wants_confirmation(&self) -> bool {
        self.kept.len() >= CONFIRM_EVENTS || self.bytes >= CONFIRM_BYTES
    }

    /// The client has answered the ping, so it has what was sent before.
    pub(super) fn handle_confirmed(&mut self) {
        while self.forgotten < self.pinged && !self.kept.is_empty() {
            self.forget_one();
        }
    }

    /// Everything after a number, each with its own, or `None` when some of it is gone or the number was never given.
    pub(super) fn since(&mut self, number: u64) -> Option<impl Iterator<Item = (u64, &Told)>> {
        if number < self.forgotten || number >= self.next() {
            return None;
        }
        while self.forgotten < number {
            self.forget_one();
        }
        self.pinged = 0;
        Some((number + 1..).zip(&self.kept))
    }

    fn forget_one(&mut self) {
        if let Some(told) = self.kept.pop_front() {
            self.bytes -= told.weight();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::packet::{Args, Body, Namespace};

    fn event(size: usize) -> Told {
        let args = Args::trusted(format!("[\"{}\"]", "x".repeat(size)), Vec::new());
        let body = Body::Event { id: None, name: "e".into(), args };
        Told::Packet(Packet { namespace: Namespace::default(), body })
    }

    fn count(sent: &mut Sent, since: u64) -> Option<usize> {
        sent.since(since).map(Iterator::count)
    }

    #[test]
    fn what_comes_after_a_number_is_there_until_it_is_confirmed() {
        let mut sent = Sent::default();
        assert_eq!(count(&mut sent, 0), Some(0));
        assert_eq!(count(&mut sent, 1), None, "a number that was never given");
        (0..5).for_each(|_| sent.push(event(1)));
        assert_eq!(sent.next(), 6);
        sent.handle_pinged();
        sent.push(event(1));
        sent.handle_confirmed();
        assert_eq!(count(&mut sent, 5), Some(1));
        assert_eq!(count(&mut sent, 4), None, "the client said that it had 5");
        assert_eq!(count(&mut sent, 6), Some(0));
        assert_eq!(count(&mut sent, 7), None);
    }

    #[test]
    fn a_ping_that_a_former_connection_got_confirms_nothing() {
        let mut sent = Sent::default();
        (0..5).for_each(|_| sent.push(event(1)));
        sent.handle_pinged();
        assert_eq!(count(&mut sent, 2), Some(3));
        sent.handle_confirmed();
        assert_eq!(count(&mut sent, 2), Some(3));
    }

    #[test]
    fn the_oldest_goes_when_there_is_too_much() {
        let mut sent = Sent::default();
        (0..MAX_EVENTS + 10).for_each(|_| sent.push(event(1)));
        assert_eq!(count(&mut sent, 9), None);
        assert_eq!(count(&mut sent, 10), Some(MAX_EVENTS));
        (0..10).for_each(|_| sent.push(event(MAX_BYTES / 4)));
        assert!(sent.bytes <= MAX_BYTES && sent.kept.len() == 3);
    }
}
