//! Two allocations that send each other packets through a relay, as two browsers would. No sockets, no clock.

#[cfg(test)]
mod tests;

use super::turn_client::{Allocation, Carrier, Client, Credentials, Event, Failure, Output, Step};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Packets by each of the two ways: enough to see loss, few enough not to be a load.
pub const PACKETS: usize = 20;
const GAP: Duration = Duration::from_millis(10);
/// How long the last packet may take; a call with more delay is none.
const STRAGGLERS: Duration = Duration::from_secs(1);
/// As much as a voice packet, and no multiple of 4: padding mistakes show.
const PAYLOAD: usize = 171;
/// The first number of RFC 8656 section 12.
const CHANNEL: u16 = 0x4000;
const SIDES: [Side; 2] = [Side::Caller, Side::Callee];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Sends, and counts what comes back.
    Caller,
    /// Sends everything back.
    Callee,
}

/// What became of the packets of one way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub sent: usize,
    /// There and back again, in the order of arrival.
    pub round_trips: Vec<Duration>,
}

impl Tally {
    pub fn lost(&self) -> usize {
        self.sent.saturating_sub(self.round_trips.len())
    }

    pub fn median(&self) -> Option<Duration> {
        let mut sorted = self.round_trips.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// Everything that two allocations showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    pub caller: Allocation,
    pub callee: Allocation,
    /// From the first request to both allocations.
    pub allocating: Duration,
    /// By indications, as before a channel is bound.
    pub indications: Tally,
    /// By channel data.
    pub channels: Tally,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Exchanged(Box<Exchanged>),
    Failed { step: Step, failure: Failure },
}

/// One of the two ways of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Indications,
    Channels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Allocating,
    Permitting,
    BindingChannels,
    Sending(Way),
    /// Until the stragglers are in.
    Waiting(Way),
    Releasing,
    Done,
}

pub struct Exchange {
    caller: Client,
    callee: Client,
    phase: Phase,
    /// How many of the two have answered in this phase.
    answered: usize,
    began: Instant,
    due: Option<Instant>,
    allocations: [Option<Allocation>; 2],
    allocating: Duration,
    /// When each packet of this way was sent, until it comes back.
    sent_at: Vec<Option<Instant>>,
    indications: Tally,
    channels: Tally,
    transmits: VecDeque<(Side, Vec<u8>)>,
    outcome: Option<Outcome>,
}

impl Exchange {
    pub fn new(
        credentials: &Credentials,
        carrier: Carrier,
        seeds: [u128; 2],
        now: Instant,
    ) -> Self {
        let [caller, callee] = seeds.map(|seed| Client::new(credentials.clone(), carrier, seed));
        let mut exchange = Self {
            caller,
            callee,
            phase: Phase::Allocating,
            answered: 0,
            began: now,
            due: None,
            allocations: [None; 2],
            allocating: Duration::ZERO,
            sent_at: Vec::new(),
            indications: Tally::default(),
            channels: Tally::default(),
            transmits: VecDeque::new(),
            outcome: None,
        };
        SIDES.into_iter().for_each(|side| exchange.client(side).ask(Step::Allocate, now));
        exchange.listen(now);
        exchange
    }

    pub fn handle_bytes(&mut self, side: Side, bytes: &[u8], now: Instant) {
        self.client(side).handle_bytes(bytes, now);
        self.listen(now);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        SIDES.into_iter().for_each(|side| self.client(side).handle_timeout(now));
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.proceed(now);
        }
        self.listen(now);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let clients = [self.caller.poll_timeout(), self.callee.poll_timeout()];
        clients.into_iter().chain([self.due]).flatten().min()
    }

    /// What is to be sent, on whose connection.
    pub fn poll_output(&mut self) -> Option<(Side, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// There when nothing is left to be done.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref().filter(|_| self.phase == Phase::Done)
    }

    /// What is known already, when a connection ends while the allocations are being let go.
    pub fn settled(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn client(&mut self, side: Side) -> &mut Client {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    fn listen(&mut self, now: Instant) {
        while let Some((side, output)) = self.next_output() {
            match output {
                Output::Transmit(bytes) => self.transmits.push_back((side, bytes)),
                Output::Event(event) => self.handle_event(side, event, now),
            }
        }
    }

    fn next_output(&mut self) -> Option<(Side, Output)> {
        SIDES.into_iter().find_map(|side| Some((side, self.client(side).poll_output()?)))
    }

    fn handle_event(&mut self, side: Side, event: Event, now: Instant) {
        match event {
            Event::Allocated(allocation) => {
                let place = match side {
                    Side::Caller => self.allocations.first_mut(),
                    Side::Callee => self.allocations.last_mut(),
                };
                place.into_iter().for_each(|place| *place = Some(allocation));
                self.answered(now);
            }
            Event::Permitted | Event::ChannelBound | Event::Released => self.answered(now),
            Event::Indication { from, payload } => match side {
                Side::Callee => self.callee.send_indication(from, &payload),
                Side::Caller => self.came_back(Way::Indications, &payload, now),
            },
            Event::Channel { number, payload } => match side {
                Side::Callee => self.callee.send_channel(number, &payload),
                Side::Caller => self.came_back(Way::Channels, &payload, now),
            },
            Event::Failed { step, failure } => self.handle_failure(step, failure, now),
            // Never asked for here.
            Event::Mapped(_) => {}
        }
    }

    fn handle_failure(&mut self, step: Step, failure: Failure, now: Instant) {
        if self.phase == Phase::Releasing {
            // A relay that does not let go has done all that a call needs.
            return self.answered(now);
        }
        if self.outcome.is_none() {
            self.outcome = Some(Outcome::Failed { step, failure });
            self.release(now);
        }
    }

    fn answered(&mut self, now: Instant) {
        self.answered += 1;
        if self.answered == SIDES.len() {
            self.answered = 0;
            self.proceed(now);
        }
    }

    /// The next phase, or the next packet.
    fn proceed(&mut self, now: Instant) {
        match self.phase {
            Phase::Allocating => {
                self.allocating = now.duration_since(self.began);
                self.phase = Phase::Permitting;
                self.ask_both(Step::Permit, now);
            }
            Phase::Permitting => self.send(Way::Indications, now),
            Phase::Sending(way) => self.send(way, now),
            Phase::Waiting(Way::Indications) => {
                self.sent_at.clear();
                self.phase = Phase::BindingChannels;
                self.ask_both(|peer| Step::BindChannel { number: CHANNEL, peer }, now);
            }
            Phase::BindingChannels => self.send(Way::Channels, now),
            Phase::Waiting(Way::Channels) => {
                let [Some(caller), Some(callee)] = self.allocations else { return };
                self.outcome = Some(Outcome::Exchanged(Box::new(Exchanged {
                    caller,
                    callee,
                    allocating: self.allocating,
                    indications: std::mem::take(&mut self.indications),
                    channels: std::mem::take(&mut self.channels),
                })));
                self.release(now);
            }
            Phase::Releasing | Phase::Done => self.phase = Phase::Done,
        }
    }

    /// The same of both, each about the other's relayed address.
    fn ask_both(&mut self, step: impl Fn(SocketAddr) -> Step, now: Instant) {
        let [Some(caller), Some(callee)] = self.allocations else { return };
        self.caller.ask(step(callee.relayed), now);
        self.callee.ask(step(caller.relayed), now);
    }

    fn send(&mut self, way: Way, now: Instant) {
        let [_, Some(callee)] = self.allocations else { return };
        let mut payload = [0; PAYLOAD];
        let number = u8::try_from(self.sent_at.len()).unwrap_or(u8::MAX);
        payload.iter_mut().for_each(|byte| *byte = number);
        match way {
            Way::Indications => self.caller.send_indication(callee.relayed, &payload),
            Way::Channels => self.caller.send_channel(CHANNEL, &payload),
        }
        self.tally(way).sent += 1;
        self.sent_at.push(Some(now));
        let more = self.sent_at.len() < PACKETS;
        self.phase = if more { Phase::Sending(way) } else { Phase::Waiting(way) };
        self.due = Some(now + if more { GAP } else { STRAGGLERS });
    }

    fn came_back(&mut self, way: Way, payload: &[u8], now: Instant) {
        let ours =
            payload.len() == PAYLOAD && payload.windows(2).all(|pair| pair.first() == pair.last());
        let current = self.phase == Phase::Sending(way) || self.phase == Phase::Waiting(way);
        if !ours || !current {
            return;
        }
        let number = payload.first().copied().map_or(usize::MAX, usize::from);
        let Some(sent) = self.sent_at.get_mut(number).and_then(Option::take) else { return };
        let tally = self.tally(way);
        tally.round_trips.push(now.duration_since(sent));
        if tally.round_trips.len() == PACKETS {
            self.due = Some(now);
        }
    }

    fn tally(&mut self, way: Way) -> &mut Tally {
        match way {
            Way::Indications => &mut self.indications,
            Way::Channels => &mut self.channels,
        }
    }

    fn release(&mut self, now: Instant) {
        self.phase = Phase::Releasing;
        self.answered = 0;
        self.due = Some(now + STRAGGLERS);
        SIDES.into_iter().for_each(|side| self.client(side).ask(Step::Release, now));
    }
}
