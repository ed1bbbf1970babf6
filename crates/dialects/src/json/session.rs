//! One tutorial client: the rooms that it has joined.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{Command, ConnectionId, LeaveReason, MemberRef, Refusal, Reply};

use super::encode::encode_problem;
use super::quick;
use super::read::{Request, read};
use crate::error::Problem;
use crate::memberships::Memberships;
use crate::session::{Ask, Frame, Said, Step};

#[derive(Debug)]
pub struct Session {
    memberships: Memberships,
    steps: VecDeque<Step>,
}

impl Session {
    #[must_use]
    pub fn new(connection: ConnectionId) -> Self {
        Self { memberships: Memberships::new(connection), steps: VecDeque::new() }
    }

    /// See [`crate::Session::read_said`].
    #[must_use]
    pub fn read_said(&self, frame: Frame<'_>) -> Option<Said> {
        let Frame::Text(text) = frame else { return None };
        let (room, command) = quick::read(text)?;
        self.memberships.say(room.as_ref(), command)
    }

    /// Text or binary: the tutorials' servers parse both.
    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Text(text) => Ok(text),
            Frame::Binary(bytes) => std::str::from_utf8(bytes).map_err(|_| Problem::BadJson),
        };
        match text.and_then(read).and_then(|request| self.ask(request)) {
            Ok(ask) => self.steps.push_back(Step::Ask(ask)),
            Err(problem) => self.send(encode_problem(&problem)),
        }
    }

    pub fn handle_excess(&mut self, retry_after: Duration) {
        self.send(encode_problem(&Problem::RateLimited { retry_after }));
    }

    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        self.memberships.handle_reply(reply);
    }

    pub fn handle_expelled(&mut self, who: &MemberRef, reason: LeaveReason) {
        let problem = self.memberships.expel(who, reason);
        self.send(encode_problem(&problem));
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    fn ask(&mut self, request: Request) -> Result<Ask, Problem> {
        let ask = match request {
            Request::Join { room, name, token } => self.memberships.join(room, name, token),
            Request::Command { room, command: Command::Leave } => {
                self.memberships.leave(room.as_ref())
            }
            Request::Command { room, command } => self.memberships.command(room.as_ref(), command),
        };
        ask.map_err(Problem::from)
    }

    fn send(&mut self, frame: Bytes) {
        self.steps.push_back(Step::Send(frame));
    }
}
