//! Events that one socket was sent and may not have: what a client that comes back is sent again.

use std::collections::VecDeque;

use crate::socketio::packet::Packet;

/// How much is kept for each socket. The client's pongs empty it every [`ping_interval`], so an honest client on a
/// living connection comes nowhere near.
///
/// [`ping_interval`]: crate::socketio::engine::Settings::ping_interval
const MAX_EVENTS: usize = 2_048;
const MAX_BYTES: usize = 1024 * 1024;

/// Numbered from 1 without a gap; a client that has none has everything up to 0.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Events that are no longer kept: all numbers up to this one.
    forgotten: u64,
    kept: VecDeque<Packet>,
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

    pub(super) fn push(&mut self, packet: Packet) {
        self.bytes += packet.weight();
        self.kept.push_back(packet);
        while self.kept.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            self.forget_one();
        }
    }

    pub(super) fn handle_pinged(&mut self) {
        self.pinged = self.next() - 1;
    }

    /// The client has answered the ping, so it has what was sent before.
    pub(super) fn handle_confirmed(&mut self) {
        while self.forgotten < self.pinged && !self.kept.is_empty() {
            self.forget_one();
        }
    }

    /// Everything after a number, or `None` when some of it is gone or the number was never given.
    pub(super) fn since(&mut self, number: u64) -> Option<impl Iterator<Item = &Packet>> {
        if number < self.forgotten || number >= self.next() {
            return None;
        }
        while self.forgotten < number {
            self.forget_one();
        }
        self.pinged = 0;
        Some(self.kept.iter())
    }

    fn forget_one(&mut self) {
        if let Some(packet) = self.kept.pop_front() {
            self.bytes -= packet.weight();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::packet::{Args, Body, Namespace};

    fn event(size: usize) -> Packet {
        let args = Args::trusted(format!("[\"{}\"]", "x".repeat(size)), Vec::new());
        let body = Body::Event { id: None, name: "e".into(), args };
        Packet { namespace: Namespace::default(), body }
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
