//! One session's engine and guest, and what they have for the transports. Under the lock of its seat.

use std::time::{Duration, Instant};

use parlor_dialects::socketio::engine::{
    Closed, Engine, Message, Output, Refused, Text, Transport,
};
use parlor_rooms::Timestamp;

use super::guest::{self, Guest, Pulled};
use super::pace::Debt;

/// While so much is still to be written, nothing more is read: who takes no answers may ask no questions.
const READ_BELOW_BYTES: usize = 256 * 1024;

/// One WebSocket of a session, which may try several before one takes over. Those that are given up are heard no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId(u64);

impl SocketId {
    /// Of a session that was opened by it.
    pub const FIRST: Self = Self(1);
}

pub struct State {
    pub engine: Engine,
    pub(super) guest: Option<Box<dyn Guest>>,
    pub(super) answer: Option<Result<Text, Refused>>,
    frames: Vec<Message>,
    frame_bytes: usize,
    /// There may be more for the guest to take in than it has.
    more_waits: bool,
    /// Sessions that are to be ended for this one.
    recalls: Vec<String>,
    /// Messages that the client has sent, for its pace.
    received: usize,
    debt: Debt,
    /// The one that is heard; all before it are given up.
    pub(super) socket: SocketId,
    pub(super) ended: Option<Closed>,
    /// When the session is looked after next.
    scheduled: Option<Timestamp>,
}

/// What the WebSocket is to do.
pub enum Next {
    /// Whether to come again when this is written, because more may wait elsewhere.
    Write(Vec<Message>, Again),
    Wait(Transport),
    /// The session goes on without it.
    Drop,
    End(Closed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    Yes,
    /// Whoever has something wakes the transport.
    WhenWoken,
}

impl State {
    pub fn new(engine: Engine, guest: Box<dyn Guest>, debt: Debt) -> Self {
        Self {
            engine,
            guest: Some(guest),
            answer: None,
            frames: Vec::new(),
            frame_bytes: 0,
            more_waits: false,
            recalls: Vec::new(),
            received: 0,
            debt,
            socket: SocketId::FIRST,
            ended: None,
            scheduled: None,
        }
    }

    /// The server ends: what waits elsewhere is still told, then the session is closed.
    pub fn stop(&mut self, now: Timestamp) {
        while self.guest.as_mut().is_some_and(|guest| guest.pull(now) != Pulled::Nothing) {
            self.serve_guest(now);
        }
        self.engine.close(now);
    }

    /// The client went away from its GET. An answer that lay ready for it is lost, and the session with it.
    pub fn handle_poll_gone(&mut self) {
        match self.answer.take() {
            Some(_) => self.engine.end_because(Closed::TransportGone),
            None => self.engine.handle_poll_gone(),
        }
    }

    /// A WebSocket was opened for a session that polls.
    pub fn take_socket(&mut self, now: Timestamp) -> Result<SocketId, Refused> {
        self.engine.handle_socket(now)?;
        Ok(self.socket)
    }

    pub fn handle_frame(&mut self, socket: SocketId, message: Message, now: Timestamp) {
        if socket == self.socket {
            self.received += 1;
            self.engine.handle_frame(message, now);
        }
    }

    /// The same for a text that lies in a buffer of somebody else: most often the guest is told of it at once.
    pub fn handle_text(&mut self, socket: SocketId, text: &str, now: Timestamp) {
        if socket != self.socket {
            return;
        }
        self.received += 1;
        if let Some(message) = self.engine.handle_text(text, now) {
            self.with_guest(|guest| guest.handle_text(message, now));
        }
    }

    /// How long the client has to wait for what it has sent since this was last asked.
    pub fn pace(&mut self, now: Instant) -> Duration {
        let received = std::mem::take(&mut self.received);
        self.debt.spend(received, now)
    }

    pub fn may_read(&self) -> bool {
        self.frame_bytes < READ_BELOW_BYTES
    }

    pub fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    pub fn next_for(&mut self, socket: SocketId) -> Next {
        if self.socket != socket {
            return Next::Drop;
        }
        if !self.frames.is_empty() {
            self.frame_bytes = 0;
            let again =
                if self.more_waits || self.is_ended() { Again::Yes } else { Again::WhenWoken };
            return Next::Write(std::mem::take(&mut self.frames), again);
        }
        match self.ended {
            Some(why) => Next::End(why),
            None => Next::Wait(self.engine.transport()),
        }
    }

    /// A portion of a POST; tells whether there is more.
    pub fn handle_posted(&mut self, most: usize, now: Timestamp) -> bool {
        self.received += self.engine.unheard().min(most);
        self.engine.handle_posted(most, now)
    }

    /// A WebSocket is at its end for a reason of its own. One that only wanted to take over ends nothing with it.
    pub fn end_socket(&mut self, socket: SocketId, why: Closed) {
        if socket != self.socket {
            return;
        }
        match self.engine.transport() {
            Transport::WebSocket => self.engine.end_because(why),
            Transport::Polling => self.handle_socket_gone(socket),
        }
    }

    pub fn handle_socket_gone(&mut self, socket: SocketId) {
        if socket == self.socket {
            self.engine.handle_socket_gone();
            self.give_up_socket();
        }
    }

    fn give_up_socket(&mut self) {
        self.socket = SocketId(self.socket.0 + 1);
    }

    pub fn handle_timeout(&mut self, now: Timestamp) {
        // What was planned has come; the next time is planned anew.
        self.scheduled = None;
        self.engine.handle_timeout(now);
        if let Some(guest) = &mut self.guest {
            guest.handle_timeout(now);
        }
    }

    pub fn handle_recalled(&mut self, now: Timestamp) {
        if let Some(guest) = &mut self.guest {
            guest.handle_recalled(now);
        }
    }

    pub fn tell_transport(&mut self) {
        let transport = self.engine.transport();
        self.with_guest(|guest| guest.handle_transport(transport));
    }

    pub fn is_silent_farewell(&self) -> bool {
        self.ended == Some(Closed::ByClient) && self.answer.is_none()
    }

    pub fn has_work(&self) -> bool {
        !self.frames.is_empty() || self.ended.is_some()
    }

    pub fn settle(&mut self, now: Timestamp) {
        self.with_guest(|guest| guest.carry_out());
        self.settle_here(now);
        // What is passed over now has woken somebody already, who is to come again.
        self.more_waits = !self.frames.is_empty();
        while self.frames.is_empty() && self.pull(now) {
            self.settle_here(now);
        }
        if self.guest.as_ref().is_some_and(|guest| guest.wants_confirmation()) {
            self.engine.ping_early(now);
            self.settle_here(now);
        }
    }

    pub fn take_recalls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.recalls)
    }

    /// The same without what waits elsewhere.
    pub fn settle_here(&mut self, now: Timestamp) {
        loop {
            let mut idle = true;
            while let Some(output) = self.engine.poll_output() {
                idle = false;
                self.take_output(output, now);
            }
            if !self.serve_guest(now) && idle {
                return;
            }
        }
    }

    fn take_output(&mut self, output: Output, now: Timestamp) {
        match output {
            Output::Received(message) => {
                self.with_guest(|guest| guest.handle_message(message, now));
            }
            Output::Pinged => self.with_guest(|guest| guest.handle_pinged()),
            Output::Confirmed => self.with_guest(|guest| guest.handle_confirmed(now)),
            Output::Answer(body) => self.answer = Some(Ok(body)),
            Output::RefuseGet => self.answer = Some(Err(Refused::BadRequest)),
            Output::Frame(frame) => {
                self.frame_bytes += frame.len();
                self.frames.push(frame);
            }
            Output::DropSocket => self.give_up_socket(),
            Output::Closed(why) => {
                self.ended = Some(why);
                if let Some(guest) = self.guest.take() {
                    guest.handle_closed(why, now);
                }
            }
        }
    }

    fn with_guest(&mut self, tell: impl FnOnce(&mut dyn Guest)) {
        if let Some(guest) = &mut self.guest {
            tell(guest.as_mut());
        }
    }

    /// Whether the guest wanted something.
    fn serve_guest(&mut self, now: Timestamp) -> bool {
        let Some(guest) = &mut self.guest else { return false };
        let mut wanted = false;
        while let Some(output) = guest.poll_output() {
            wanted = true;
            match output {
                guest::Output::Send(message) => self.engine.send(message),
                guest::Output::Close => self.engine.close(now),
                guest::Output::Recall(sid) => self.recalls.push(sid),
            }
        }
        wanted
    }

    /// Lets the guest take in what waits elsewhere, if a transport takes it from here at once.
    fn pull(&mut self, now: Timestamp) -> bool {
        if !self.engine.is_writable() {
            return false;
        }
        let Some(guest) = &mut self.guest else { return false };
        let pulled = guest.pull(now);
        self.more_waits = pulled == Pulled::Portion;
        pulled != Pulled::Nothing
    }

    /// `Some` when the session has to be looked after earlier than planned.
    pub fn reschedule(&mut self) -> Option<Timestamp> {
        let guest = self.guest.as_ref().and_then(|guest| guest.poll_timeout());
        let next = [self.engine.poll_timeout(), guest].into_iter().flatten().min()?;
        let sooner = self.scheduled.is_none_or(|planned| next < planned);
        if sooner {
            self.scheduled = Some(next);
        }
        sooner.then_some(next)
    }
}
