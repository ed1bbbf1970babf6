//! One session as its transports see it: its state under a lock, and who is woken when it has changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parlor_dialects::socketio::engine::{Refused, Text};
use parlor_rooms::Timestamp;
use tokio::sync::Notify;

use super::state::{Next, SocketId, State};
use crate::transports::gate::Permit;

pub struct Seat {
    pub sid: String,
    /// For whoever serves the transport that speaks: there is something to look for.
    pub wake: Arc<Notify>,
    /// For the WebSockets while polling still speaks: to be listened to before there is a look at what is next.
    pub probe_wake: Notify,
    state: Mutex<State>,
    _permit: Permit,
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

impl Seat {
    pub fn new((sid, permit, wake): (String, Permit, Arc<Notify>), state: State) -> Self {
        Self { sid, wake, probe_wake: Notify::new(), state: Mutex::new(state), _permit: permit }
    }

    /// Changes something, and lets engine and guest do what follows from it.
    pub fn drive<R>(&self, now: Timestamp, change: impl FnOnce(&mut State) -> R) -> (R, Errands) {
        let mut held = self.hold();
        let result = change(&mut held.state);
        (result, held.let_go(now, By::Others).0)
    }

    /// For several changes at once.
    pub fn hold(&self) -> Held<'_> {
        let state = self.lock();
        let (was_ended, socket) = (state.ended.is_some(), state.socket);
        Held { seat: self, state, was_ended, socket }
    }

    /// What a WebSocket is to do next, after all that follows from what has happened.
    pub fn serve(&self, socket: SocketId, now: Timestamp) -> (Next, Errands) {
        let mut held = self.hold();
        let errands = held.settle(now);
        let next = held.state.next_for(socket);
        held.notify(By::Socket(socket));
        (next, errands)
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
        self.lock().is_ended()
    }

    /// How long the client has to wait for what it has sent since this was last asked.
    pub fn pace(&self) -> Duration {
        self.lock().pace(Instant::now())
    }

    pub fn may_read(&self) -> bool {
        self.lock().may_read()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A bug in one session is caught by its task; others never see this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who changes a session: a WebSocket need not be told of what it is about to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Socket(SocketId),
    Others,
}

/// A session while it is changed.
pub struct Held<'a> {
    seat: &'a Seat,
    pub state: MutexGuard<'a, State>,
    was_ended: bool,
    socket: SocketId,
}

impl Held<'_> {
    /// Lets everything follow from the changes, and wakes whom they are for. Whether there is work for a WebSocket.
    pub fn let_go(mut self, now: Timestamp, by: By) -> (Errands, bool) {
        let errands = self.settle(now);
        (errands, self.notify(by))
    }

    fn settle(&mut self, now: Timestamp) -> Errands {
        let state = &mut *self.state;
        state.settle(now);
        let recalls = state.take_recalls();
        let ended = !self.was_ended && state.ended.is_some();
        state.tell_transport();
        let farewell = ended && state.is_silent_farewell();
        Errands { recalls, wake_at: state.reschedule(), ended, farewell }
    }

    fn notify(self, by: By) -> bool {
        let Self { seat, state, socket, .. } = self;
        let (has_answer, has_work) = (state.answer.is_some(), state.has_work());
        let given_up = state.socket != socket;
        let looks_itself = by == By::Socket(state.socket);
        drop(state);
        if has_answer || (has_work && !looks_itself) {
            seat.wake.notify_one();
        }
        if given_up || (has_work && !looks_itself) {
            seat.probe_wake.notify_waiters();
        }
        has_work || given_up
    }
}
