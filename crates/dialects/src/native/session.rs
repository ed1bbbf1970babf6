//! One native client: whether it has joined, and as whom.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{Call, ConnectionId, MemberRef, Refusal, Reply, RequestId, Seq};

use super::encode::{encode_pong, encode_problem, encode_welcome};
use super::quick::{self, Quick};
use super::read::{Head, Request, read};
use crate::close::Close;
use crate::error::Problem;
use crate::session::{Ask, Frame, Said, Step};
use crate::terms::Terms;

#[derive(Debug)]
pub struct Session {
    connection: ConnectionId,
    phase: Phase,
    steps: VecDeque<Step>,
}

#[derive(Debug)]
enum Phase {
    Outside,
    Entering,
    /// To be let in.
    Waiting,
    Member(MemberRef),
    Gone,
}

impl Session {
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "every dialect is made the same way")]
    pub fn new(connection: ConnectionId, terms: Arc<Terms>) -> Self {
        let steps = VecDeque::from([Step::Send(encode_welcome(&terms))]);
        Self { connection, phase: Phase::Outside, steps }
    }

    /// See [`crate::Session::read_said`].
    #[must_use]
    pub fn read_said(&self, frame: Frame<'_>) -> Option<Said> {
        let (Phase::Member(member), Frame::Text(text)) = (&self.phase, frame) else { return None };
        match quick::read(text)? {
            (id, Quick::Command(command)) => Some((self.call(id), member.clone(), command)),
            (_, Quick::Ack(_)) => None,
        }
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let Frame::Text(text) = frame else {
            return self.send(encode_problem(None, &Problem::BinaryUnsupported));
        };
        if let Some((id, said)) = quick::read(text) {
            let request = match said {
                Quick::Command(command) => Request::Command(command),
                Quick::Ack(seq) => Request::Ack(seq),
            };
            let step = self.step(self.call(id), request);
            return self.take(id, step);
        }
        let head = match Head::read(text) {
            Ok(head) => head,
            Err(problem) => return self.send(encode_problem(None, &problem)),
        };
        let step = head.id().and_then(|id| self.step(self.call(id), read(&head, text)?));
        self.take(head.id().ok().flatten(), step);
    }

    pub fn handle_excess(&mut self, frame: Frame<'_>, retry_after: Duration) {
        let id = match frame {
            Frame::Text(text) => Head::read(text).and_then(|head| head.id()).ok().flatten(),
            Frame::Binary(_) => None,
        };
        self.refuse(id, &Problem::RateLimited { retry_after });
    }

    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        let entered = match reply {
            Ok(Reply::Joined(joined)) => Some((joined.room.clone(), joined.peer)),
            Ok(Reply::Resumed(resumed)) => Some((resumed.room.clone(), resumed.peer)),
            Ok(Reply::Left) => {
                self.phase = Phase::Gone;
                self.steps.push_back(Step::Close(Close::Left));
                None
            }
            Ok(Reply::Waiting(_)) => {
                self.phase = Phase::Waiting;
                None
            }
            Ok(Reply::Done { .. } | Reply::Presence(_) | Reply::Pong { .. }) => None,
            Err(refusal) if matches!(self.phase, Phase::Waiting) => {
                self.phase = Phase::Gone;
                self.steps.push_back(Step::Close(Close::not_let_in(*refusal)));
                None
            }
            Err(_) if matches!(self.phase, Phase::Entering) => {
                self.phase = Phase::Outside;
                None
            }
            Err(_) => None,
        };
        if let Some((room, peer)) = entered {
            self.phase = Phase::Member(MemberRef { room, peer });
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    #[must_use]
    pub fn has_joined(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Member(_) | Phase::Gone)
    }

    fn call(&self, request: Option<RequestId>) -> Call {
        Call { connection: self.connection, request }
    }

    fn take(&mut self, id: Option<RequestId>, step: Result<Step, Problem>) {
        match step {
            Ok(step) => self.steps.push_back(step),
            Err(problem) => self.refuse(id, &problem),
        }
    }

    fn step(&mut self, call: Call, request: Request) -> Result<Step, Problem> {
        let ask = match request {
            Request::Join(join, token) => {
                self.enter()?;
                Ask::Join(call, join, token)
            }
            Request::Resume(resume) => {
                self.enter()?;
                Ask::Resume(call, resume)
            }
            Request::Presence(room, token) => Ask::Presence(call, room, token),
            Request::Refresh(token) => Ask::Refresh(call, self.member()?, token),
            Request::Command(command) => Ask::Command(call, self.member()?, command),
            Request::Ack(seq) => Ask::Ack(self.member()?, seq),
            Request::Ping => match self.member() {
                Ok(member) => Ask::Ping(call, member),
                Err(_) => {
                    let id = call.request.map(RequestId::get);
                    return Ok(Step::Send(encode_pong(id, Seq::default())));
                }
            },
        };
        Ok(Step::Ask(ask))
    }

    fn enter(&mut self) -> Result<(), Problem> {
        match self.phase {
            Phase::Outside => {
                self.phase = Phase::Entering;
                Ok(())
            }
            Phase::Entering | Phase::Waiting | Phase::Member(_) | Phase::Gone => {
                Err(Refusal::AlreadyJoined.into())
            }
        }
    }

    fn member(&self) -> Result<MemberRef, Refusal> {
        match &self.phase {
            Phase::Member(member) => Ok(member.clone()),
            Phase::Outside | Phase::Entering | Phase::Waiting | Phase::Gone => {
                Err(Refusal::NotJoined)
            }
        }
    }

    fn refuse(&mut self, id: Option<RequestId>, problem: &Problem) {
        self.send(encode_problem(id.map(RequestId::get), problem));
        if matches!(problem, Problem::UnsupportedProtocol { .. }) {
            self.steps.push_back(Step::Close(Close::UnsupportedProtocol));
        }
    }

    fn send(&mut self, frame: Bytes) {
        self.steps.push_back(Step::Send(frame));
    }
}
