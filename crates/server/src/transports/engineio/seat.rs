//! One session: its engine and its guest under one lock, and what they have for the transports.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parlor_dialects::socketio::engine::{
    Closed, Engine, Message, Output, Refused, Text, Transport,
};
use parlor_rooms::Timestamp;
use tokio::sync::Notify;

use super::guest::{self, Guest};
use super::pace::Debt;
use crate::transports::gate::Permit;

/// Taken from where it waits and given to a transport at once, at most.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 64 * 1024;
/// While so much is still to be written, nothing more is read: who takes no answers may ask no questions.
const READ_BELOW_BYTES: usize = 256 * 1024;

pub struct Seat {
    pub sid: String,
    /// For whoever serves the transport that speaks: there is something to look for.
    pub wake: Arc<Notify>,
    /// For the WebSockets while polling still speaks: to be listened to before there is a look at what is next.
    pub probe_wake: Notify,
    /// The socket reads again.
    pub drained: Notify,
    state: Mutex<State>,
    _permit: Permit,
}

/// One WebSocket of a session, which may try several before one takes over. Those that are given up are heard no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId(u64);

impl SocketId {
    /// Of a session that was opened by it.
    pub const FIRST: Self = Self(1);
}

pub struct State {
    pub engine: Engine,
    guest: Option<Box<dyn Guest>>,
    answer: Option<Result<Text, Refused>>,
    frames: VecDeque<Message>,
    frame_bytes: usize,
    /// Messages that the client has sent, for its pace.
    received: usize,
    debt: Debt,
    /// The one that is heard; all before it are given up.
    socket: SocketId,
    ended: Option<Closed>,
    /// When the session is looked after next.
    scheduled: Option<Timestamp>,
}

/// What is left to do once the lock is let go.
#[derive(Default)]
pub struct Errands {
    pub recalls: Vec<String>,
    /// The session is to be looked after at this time, earlier than planned.
    pub wake_at: Option<Timestamp>,
    pub ended: bool,
    /// The client said farewell, and had no GET open that could be told so.
    pub farewell: bool,
}

/// What the WebSocket is to do.
pub enum Next {
    Write(Vec<Message>),
    Wait(Transport),
    /// The session goes on without it.
    Drop,
    End(Closed),
}

impl Seat {
    pub fn new((sid, permit, wake): (String, Permit, Arc<Notify>), state: State) -> Self {
        let (probe_wake, drained) = (Notify::new(), Notify::new());
        Self { sid, wake, probe_wake, drained, state: Mutex::new(state), _permit: permit }
    }

    /// Changes something, and lets engine and guest do what follows from it.
    pub fn drive<R>(&self, now: Timestamp, change: impl FnOnce(&mut State) -> R) -> (R, Errands) {
        let mut state = self.lock();
        let (was_ended, socket) = (state.ended.is_some(), state.socket);
        let result = change(&mut state);
        let mut errands = Errands { recalls: state.settle(now), ..Errands::default() };
        errands.ended = !was_ended && state.ended.is_some();
        errands.farewell = errands.ended && state.is_silent_farewell();
        errands.wake_at = state.reschedule();
        let (has_answer, has_frames) = (state.answer.is_some(), state.has_work());
        let given_up = state.socket != socket;
        drop(state);
        if has_answer || has_frames {
            self.wake.notify_one();
        }
        if has_frames || given_up {
            self.probe_wake.notify_waiters();
        }
        (result, errands)
    }

    /// The answer to the GET that waits.
    pub fn take_answer(&self) -> Option<Result<Text, Refused>> {
        self.lock().answer.take()
    }

    /// Whether nobody has any use for what is still being written.
    pub fn is_given_up(&self) -> bool {
        let state = self.lock();
        state.guest.as_ref().is_none_or(|guest| guest.has_given_up())
    }

    pub fn is_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// How long the client has to wait for what it has sent since this was last asked.
    pub fn pace(&self) -> Duration {
        let mut state = self.lock();
        let received = std::mem::take(&mut state.received);
        state.debt.spend(received, Instant::now())
    }

    pub fn may_read(&self) -> bool {
        self.lock().frame_bytes < READ_BELOW_BYTES
    }

    pub fn next_for(&self, socket: SocketId) -> Next {
        let mut state = self.lock();
        if state.socket != socket {
            return Next::Drop;
        }
        if !state.frames.is_empty() {
            state.frame_bytes = 0;
            let frames = std::mem::take(&mut state.frames).into();
            drop(state);
            self.drained.notify_one();
            return Next::Write(frames);
        }
        if let Some(why) = state.ended {
            return Next::End(why);
        }
        Next::Wait(state.engine.transport())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A bug in one session is caught by its task; others never see this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub fn new(engine: Engine, guest: Box<dyn Guest>, debt: Debt) -> Self {
        Self {
            engine,
            guest: Some(guest),
            answer: None,
            frames: VecDeque::new(),
            frame_bytes: 0,
            received: 0,
            debt,
            socket: SocketId::FIRST,
            ended: None,
            scheduled: None,
        }
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

    fn is_silent_farewell(&self) -> bool {
        self.ended == Some(Closed::ByClient) && self.answer.is_none()
    }

    fn has_work(&self) -> bool {
        !self.frames.is_empty() || self.ended.is_some()
    }

    fn settle(&mut self, now: Timestamp) -> Vec<String> {
        let mut recalls = Vec::new();
        loop {
            let mut idle = true;
            while let Some(output) = self.engine.poll_output() {
                idle = false;
                self.take_output(output, now);
            }
            idle &= !self.serve_guest(now, &mut recalls);
            if idle && !self.pull(now, &mut recalls) {
                return recalls;
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
                self.frames.push_back(frame);
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
    fn serve_guest(&mut self, now: Timestamp, recalls: &mut Vec<String>) -> bool {
        let Some(guest) = &mut self.guest else { return false };
        let mut wanted = false;
        while let Some(output) = guest.poll_output() {
            wanted = true;
            match output {
                guest::Output::Send(message) => self.engine.send(message),
                guest::Output::Close => self.engine.close(now),
                guest::Output::Recall(sid) => recalls.push(sid),
            }
        }
        wanted
    }

    /// Lets the guest take in what waits elsewhere, if a transport takes it from here at once.
    fn pull(&mut self, now: Timestamp, recalls: &mut Vec<String>) -> bool {
        if !self.engine.is_writable() || !self.frames.is_empty() {
            return false;
        }
        let mut pulled = 0;
        while pulled < BATCH
            && self.engine.waiting_bytes() < BATCH_BYTES
            && self.guest.as_mut().is_some_and(|guest| guest.pull(now))
        {
            pulled += 1;
            self.serve_guest(now, recalls);
        }
        pulled > 0
    }

    /// `Some` when the session has to be looked after earlier than planned.
    fn reschedule(&mut self) -> Option<Timestamp> {
        let guest = self.guest.as_ref().and_then(|guest| guest.poll_timeout());
        let next = [self.engine.poll_timeout(), guest].into_iter().flatten().min()?;
        let sooner = self.scheduled.is_none_or(|planned| next < planned);
        if sooner {
            self.scheduled = Some(next);
        }
        sooner.then_some(next)
    }
}
