//! One Engine.IO 4 session: two transports, of which one speaks, and a heartbeat. No sockets, no clock.
//!
//! Its driver tells it of requests and frames, and asks it afterwards, until it gives `None`, what is to be done.
//! What the server sends waits in the session until a transport takes it, so that nothing is lost between two of them.

mod packet;
mod posting;
mod query;
mod refused;
mod values;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use parlor_rooms::Timestamp;

pub use packet::{BadPacket, Message, Packet, Text, read_payload, write_payload};
pub use query::{Query, find};
pub use refused::Refused;
pub use values::{Closed, Output, Settings, Transport};
use wire::{Polling, Wire};

/// How long a farewell waits for a poll that takes it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// More than a timer is late on a machine that keeps up.
const HELD_UP: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    wire: Wire,
    /// A POST is being read.
    posting: bool,
    /// What it brought, and was not heard yet.
    posted: VecDeque<Packet>,
    waiting: VecDeque<Packet>,
    waiting_bytes: usize,
    heart: Heart,
    state: State,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Closing { until: Timestamp },
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heart {
    PingAt(Timestamp),
    PongBy(Timestamp),
}

impl Engine {
    /// Opens a session. By polling, its GET is parked and answered by the first output.
    #[must_use]
    pub fn open(transport: Transport, sid: &str, settings: Settings, now: Timestamp) -> Self {
        let (wire, upgrades) = match transport {
            Transport::Polling => (Wire::Polling(Polling::parked()), r#"["websocket"]"#),
            Transport::WebSocket => (Wire::Socket, "[]"),
        };
        let mut engine = Self {
            settings,
            wire,
            posting: false,
            posted: VecDeque::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            heart: Heart::PingAt(now.after(settings.ping_interval)),
            state: State::Open,
            outputs: VecDeque::new(),
        };
        let handshake = format!(
            r#"{{"sid":"{sid}","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            settings.ping_interval.as_millis(),
            settings.ping_timeout.as_millis(),
            settings.max_payload,
        );
        engine.push(Packet::Open(handshake.into()));
        engine
    }

    /// Something for the client. Too much of it for a client who takes nothing ends the session.
    pub fn send(&mut self, message: Message) {
        if self.state == State::Open {
            self.push(Packet::Message(message));
        }
    }

    /// Pings before it is time to, unless a ping is on its way.
    pub fn ping_early(&mut self, now: Timestamp) {
        if self.state == State::Open && matches!(self.heart, Heart::PingAt(_)) {
            self.ping(now);
        }
    }

    /// Says farewell once everything that waits is on its way.
    pub fn close(&mut self, now: Timestamp) {
        if self.state != State::Open {
            return;
        }
        match self.wire {
            Wire::Socket => {
                self.flush();
                self.end(Closed::ByServer);
            }
            Wire::Polling(_) => {
                self.push(Packet::Close);
                self.state = State::Closing { until: now.after(CLOSE_TIMEOUT) };
            }
        }
    }

    /// Ends the session at once, without a word for what waits.
    pub fn end_because(&mut self, why: Closed) {
        self.end(why);
    }

    /// What was sent and no transport has taken.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// A GET, which stays parked until there is something to answer.
    pub fn handle_poll(&mut self, now: Timestamp) -> Result<(), Refused> {
        self.handle_timeout(now);
        let (State::Open | State::Closing { .. }, Wire::Polling(polling)) =
            (self.state, &mut self.wire)
        else {
            return Err(Refused::BadRequest);
        };
        if polling.park(now) {
            return Ok(());
        }
        self.end(Closed::ProtocolError);
        Err(Refused::BadRequest)
    }

    /// The client gave up the GET that was parked.
    pub fn handle_poll_gone(&mut self) {
        if let Wire::Polling(polling) = &mut self.wire
            && polling.unpark()
        {
            self.end(Closed::TransportGone);
        }
    }

    /// A WebSocket was opened for this session, to take over from polling. If refused, it is to be closed.
    pub fn handle_socket(&mut self, now: Timestamp) -> Result<(), Refused> {
        self.handle_timeout(now);
        let until = now.after(self.settings.upgrade_timeout);
        let free = match &mut self.wire {
            Wire::Polling(polling) => self.state == State::Open && polling.begin_probe(until),
            Wire::Socket => false,
        };
        if free { Ok(()) } else { Err(Refused::BadRequest) }
    }

    /// The WebSocket is gone.
    pub fn handle_socket_gone(&mut self) {
        match &mut self.wire {
            Wire::Polling(polling) => polling.end_probe(),
            Wire::Socket => self.end(Closed::TransportGone),
        }
    }

    /// A frame of the WebSocket.
    pub fn handle_frame(&mut self, frame: Message, now: Timestamp) {
        self.handle_timeout(now);
        if self.state != State::Open {
            return;
        }
        let packet = match frame {
            Message::Text(text) => Packet::from_text(text.as_str()),
            Message::Binary(bytes) => Ok(Packet::from_binary(bytes)),
        };
        match (&self.wire, packet) {
            (Wire::Socket, Ok(packet)) => self.receive(packet, now),
            (Wire::Socket, Err(BadPacket)) => self.end(Closed::ProtocolError),
            (Wire::Polling(_), packet) => self.handle_probe(packet),
        }
    }

    /// A text frame. What it carries for the layer above is given back if nothing is to be done before it is heard.
    pub fn handle_text<'a>(&mut self, frame: &'a str, now: Timestamp) -> Option<&'a str> {
        self.handle_timeout(now);
        let message = frame.strip_prefix('4').filter(|_| {
            self.state == State::Open
                && matches!(self.wire, Wire::Socket)
                && self.outputs.is_empty()
        });
        if message.is_none() {
            self.handle_frame(Message::Text(frame.into()), now);
        }
        message
    }

    pub fn handle_timeout(&mut self, now: Timestamp) {
        match self.state {
            State::Closed => return,
            State::Closing { until } if until <= now => return self.end(Closed::ByServer),
            State::Closing { .. } | State::Open => {}
        }
        match self.heart {
            Heart::PongBy(by) if by <= now => return self.end(Closed::PingTimeout),
            Heart::PingAt(at) if at <= now => {
                // Counted from when it was due; but the delay of a driver that was held up is not the client's.
                let from = if at.after(HELD_UP) < now { now } else { at };
                self.ping(from);
                return self.handle_timeout(now);
            }
            Heart::PongBy(_) | Heart::PingAt(_) => {}
        }
        if let Wire::Polling(polling) = &mut self.wire
            && polling.handle_timeout(now)
        {
            self.outputs.push_back(Output::DropSocket);
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let heart = match self.heart {
            Heart::PingAt(at) | Heart::PongBy(at) => at,
        };
        match self.state {
            State::Open => Some(self.wire.poll_timeout().map_or(heart, |at| at.min(heart))),
            State::Closing { until } => Some(until),
            State::Closed => None,
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.flush();
        self.outputs.pop_front()
    }

    /// Whether a transport would take something now; else it is better left where it comes from.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.state == State::Open
            && match &self.wire {
                Wire::Polling(polling) => polling.is_parked(),
                Wire::Socket => true,
            }
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// What speaks now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.wire {
            Wire::Polling(_) => Transport::Polling,
            Wire::Socket => Transport::WebSocket,
        }
    }

    fn ping(&mut self, from: Timestamp) {
        self.heart = Heart::PongBy(from.after(self.settings.ping_timeout));
        self.outputs.push_back(Output::Pinged);
        self.push(Packet::Ping("".into()));
    }

    fn receive(&mut self, packet: Packet, now: Timestamp) {
        match packet {
            Packet::Message(message) => self.outputs.push_back(Output::Received(message)),
            Packet::Pong(_) => {
                if matches!(self.heart, Heart::PongBy(_)) {
                    self.heart = Heart::PingAt(now.after(self.settings.ping_interval));
                    self.outputs.push_back(Output::Confirmed);
                }
            }
            Packet::Close => {
                if let Wire::Polling(polling) = &mut self.wire {
                    polling.owe_noop();
                }
                self.end(Closed::ByClient);
            }
            // The original answers these with a closed session too: they are the server's words.
            Packet::Open(_) | Packet::Ping(_) | Packet::Upgrade => self.end(Closed::ProtocolError),
            Packet::Noop => {}
        }
    }

    fn handle_probe(&mut self, packet: Result<Packet, BadPacket>) {
        let Wire::Polling(polling) = &mut self.wire else { return };
        match packet {
            Ok(Packet::Ping(word)) if word.as_str() == "probe" => {
                self.outputs.push_back(Output::Frame(Packet::Pong(word).into_frame()));
                polling.prove();
            }
            Ok(Packet::Upgrade) if polling.is_probed() => {
                // An honest client waits for the end of its GET before it says this.
                if polling.unpark() {
                    self.outputs.push_back(Output::RefuseGet);
                }
                self.wire = Wire::Socket;
            }
            Ok(_) | Err(BadPacket) => {
                polling.end_probe();
                self.outputs.push_back(Output::DropSocket);
            }
        }
    }

    fn push(&mut self, packet: Packet) {
        if matches!(self.wire, Wire::Socket) && self.waiting.is_empty() {
            return self.outputs.push_back(Output::Frame(packet.into_frame()));
        }
        let bytes = self.waiting_bytes + packet.weight();
        if self.waiting.len() >= self.settings.max_waiting_packets
            || bytes > self.settings.max_waiting_bytes
        {
            return self.end(Closed::SlowReader);
        }
        self.waiting_bytes = bytes;
        self.waiting.push_back(packet);
    }

    /// Gives what waits to the transport that speaks.
    fn flush(&mut self) {
        if self.state == State::Closed {
            return;
        }
        match &mut self.wire {
            Wire::Socket => {
                let frames = self.waiting.drain(..).map(Packet::into_frame).map(Output::Frame);
                self.outputs.extend(frames);
                self.waiting_bytes = 0;
            }
            Wire::Polling(polling) => {
                let Some((body, ends)) = polling.answer(&mut self.waiting) else { return };
                self.outputs.push_back(Output::Answer(body));
                self.waiting_bytes = 0;
                if ends {
                    self.end(Closed::ByServer);
                }
            }
        }
    }

    fn end(&mut self, why: Closed) {
        if self.state == State::Closed {
            return;
        }
        self.state = State::Closed;
        self.waiting = VecDeque::new();
        self.waiting_bytes = 0;
        if let Wire::Polling(polling) = &mut self.wire
            && let Some(body) = polling.last_answer()
        {
            self.outputs.push_back(Output::Answer(body));
        }
        self.outputs.push_back(Output::Closed(why));
    }
}

#[cfg(test)]
mod tests;
