//! A TURN client (RFC 8656) that asks one thing at a time. No sockets, no clock, no entropy.

mod frames;
mod messages;
#[cfg(test)]
mod tests;

pub use messages::Credentials;

use frames::{Channels, Deframer, Frame};
use messages::{Answer, Challenge, Told};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stun_types::message::TransactionId;

/// RFC 8489 section 6.2.1: the first wait for an answer over UDP, which doubles with each try.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Tries over UDP: with the doubling waits, 3.5 s until a server counts as silent.
const UDP_TRIES: u32 = 3;
/// Over a stream nothing is repeated.
const STREAM_WAIT: Duration = Duration::from_millis(3_500);
/// How often one request may be told to sign itself anew.
const MAX_CHALLENGES: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// One message in each packet; lost ones are repeated.
    Datagrams,
    /// Messages one after the other, channel data padded to 4 bytes.
    Stream,
}

/// What is asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// "What is my address?", which needs no credentials.
    Binding,
    Allocate,
    Permit(SocketAddr),
    BindChannel {
        number: u16,
        peer: SocketAddr,
    },
    Release,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    pub relayed: SocketAddr,
    /// Our own address as the server sees it.
    pub mapped: Option<SocketAddr>,
    pub lifetime: Duration,
}

/// Why a step came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Refused {
        code: u16,
        reason: String,
    },
    /// No answer, however often it was asked.
    Silent,
    /// An answer that can't be one.
    Malformed(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Mapped(SocketAddr),
    Allocated(Allocation),
    Permitted,
    ChannelBound,
    Released,
    /// A packet of a peer, as an indication.
    Indication {
        from: SocketAddr,
        payload: Vec<u8>,
    },
    /// A packet of a peer, on a channel.
    Channel {
        number: u16,
        payload: Vec<u8>,
    },
    Failed {
        step: Step,
        failure: Failure,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Transmit(Vec<u8>),
    Event(Event),
}

pub struct Client {
    credentials: Credentials,
    carrier: Carrier,
    ids: Ids,
    challenge: Option<Challenge>,
    pending: Option<Pending>,
    deframer: Deframer,
    channels: Channels,
    outputs: VecDeque<Output>,
}

struct Pending {
    step: Step,
    id: TransactionId,
    bytes: Vec<u8>,
    tries: u32,
    wait: Duration,
    due: Instant,
    challenges: u32,
}

impl Client {
    /// `seed` makes the transaction ids, so it must not be guessable.
    pub fn new(credentials: Credentials, carrier: Carrier, seed: u128) -> Self {
        Self {
            credentials,
            carrier,
            ids: Ids(seed),
            challenge: None,
            pending: None,
            deframer: Deframer::default(),
            channels: Channels::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Asks; what was asked before and has no answer yet is given up.
    pub fn ask(&mut self, step: Step, now: Instant) {
        self.attempt(step, 0, now);
    }

    /// A packet for a peer who has a permission.
    pub fn send_indication(&mut self, peer: SocketAddr, payload: &[u8]) {
        let bytes = messages::send_indication(self.ids.next(), peer, payload);
        self.outputs.extend(bytes.map(Output::Transmit));
    }

    /// A packet for the peer of a bound channel.
    pub fn send_channel(&mut self, number: u16, payload: &[u8]) {
        let bytes = frames::channel_data(number, payload, self.carrier);
        self.outputs.push_back(Output::Transmit(bytes));
    }

    /// A packet, or the next bytes of the stream.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        match self.carrier {
            Carrier::Datagrams => {
                if let Some(frame) = frames::read(bytes) {
                    self.handle_frame(frame, now);
                }
            }
            Carrier::Stream => {
                self.deframer.push(bytes);
                self.handle_stream(now);
            }
        }
    }

    fn handle_stream(&mut self, now: Instant) {
        loop {
            match self.deframer.next(self.channels) {
                Ok(Some(frame)) => self.handle_frame(frame.as_ref(), now),
                Ok(None) => return,
                Err(frames::NotTurn) => return self.handle_noise(),
            }
        }
    }

    fn handle_noise(&mut self) {
        if let Some(Pending { step, .. }) = self.pending.take() {
            self.fail(step, Failure::Malformed("the bytes are no STUN message"));
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let Some(pending) = self.pending.as_mut().filter(|pending| pending.due <= now) else {
            return;
        };
        let last = match self.carrier {
            Carrier::Datagrams => pending.tries >= UDP_TRIES,
            Carrier::Stream => true,
        };
        if last {
            let step = pending.step;
            self.pending = None;
            return self.fail(step, Failure::Silent);
        }
        pending.tries += 1;
        pending.wait *= 2;
        pending.due = now + pending.wait;
        self.outputs.push_back(Output::Transmit(pending.bytes.clone()));
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.due)
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn attempt(&mut self, step: Step, challenges: u32, now: Instant) {
        let id = self.ids.next();
        let Some(bytes) = messages::request(step, id, self.challenge.as_ref()) else {
            return self.fail(step, Failure::Malformed("its realm or nonce cannot be sent back"));
        };
        let wait = match self.carrier {
            Carrier::Datagrams => FIRST_WAIT,
            Carrier::Stream => STREAM_WAIT,
        };
        self.outputs.push_back(Output::Transmit(bytes.clone()));
        self.pending =
            Some(Pending { step, id, bytes, tries: 1, wait, due: now + wait, challenges });
    }

    fn handle_frame(&mut self, frame: Frame<'_>, now: Instant) {
        match frame {
            Frame::Channel { number, payload } => {
                self.tell(Event::Channel { number, payload: payload.into() })
            }
            Frame::Message(bytes) => match messages::read(bytes) {
                Some(Told::Data { from, payload }) => {
                    self.tell(Event::Indication { from, payload });
                }
                Some(Told::Answer { id, answer }) => self.handle_answer(id, answer, bytes, now),
                None => {}
            },
        }
    }

    fn handle_answer(&mut self, id: TransactionId, answer: Answer, bytes: &[u8], now: Instant) {
        // Late answers to what was asked before are not ours any more.
        let Some(pending) = self.pending.take_if(|pending| pending.id == id) else {
            return;
        };
        let step = pending.step;
        match answer {
            Answer::Success => match self.succeed(step, bytes) {
                Ok(event) => {
                    if event == Event::ChannelBound {
                        self.channels = Channels::Bound;
                    }
                    self.tell(event);
                }
                Err(failure) => self.fail(step, failure),
            },
            Answer::Error { code, reason, challenge } => {
                let known = self.challenge.is_some();
                let again = code == 438 || (code == 401 && !known);
                let challenge = challenge.filter(|_| again && pending.challenges < MAX_CHALLENGES);
                let Some((realm, nonce)) = challenge else {
                    return self.fail(step, Failure::Refused { code, reason });
                };
                self.challenge = Some(Challenge::new(&self.credentials, realm, nonce));
                self.attempt(step, pending.challenges + 1, now);
            }
        }
    }

    fn succeed(&self, step: Step, bytes: &[u8]) -> Result<Event, Failure> {
        let signed = self.challenge.as_ref().filter(|_| step != Step::Binding);
        if signed.is_some_and(|challenge| !challenge.signed(bytes)) {
            return Err(Failure::Malformed("its answer is not signed with the password"));
        }
        Ok(match step {
            Step::Binding => Event::Mapped(
                messages::mapped(bytes).ok_or(Failure::Malformed("its answer has no address"))?,
            ),
            Step::Allocate => Event::Allocated(
                messages::allocation(bytes)
                    .ok_or(Failure::Malformed("its answer has no relayed address"))?,
            ),
            Step::Permit(_) => Event::Permitted,
            Step::BindChannel { .. } => Event::ChannelBound,
            Step::Release => Event::Released,
        })
    }

    fn fail(&mut self, step: Step, failure: Failure) {
        self.tell(Event::Failed { step, failure });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// Transaction ids: 96 bits that nobody guesses who does not see one.
struct Ids(u128);

impl Ids {
    fn next(&mut self) -> TransactionId {
        // A step of the Weyl sequence on the golden ratio, so that ids of two clients do not run into each other.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        (self.0 >> 32).into()
    }
}
