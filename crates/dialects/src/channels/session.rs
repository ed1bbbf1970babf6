//! One client of the channels dialect: the channels that it has opened.

use std::collections::VecDeque;
use std::time::Duration;

use parlor_rooms::{
    Command, ConnectionId, Delivery, DisplayName, LeaveReason, MemberRef, Refusal, Reply, Targets,
};

use super::encode::encode_problem;
use super::read::{Request, read};
use crate::error::Problem;
use crate::memberships::Memberships;
use crate::session::{Ask, Frame, Step};

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

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Text(text) => Ok(text),
            Frame::Binary(_) => Err(Problem::BinaryUnsupported),
        };
        match text.and_then(read).and_then(|request| self.ask(request)) {
            Ok(Some(ask)) => self.steps.push_back(Step::Ask(ask)),
            Ok(None) => {}
            Err(problem) => self.steps.push_back(Step::Send(encode_problem(&problem))),
        }
    }

    pub fn handle_excess(&mut self, retry_after: Duration) {
        let problem = Problem::RateLimited { retry_after };
        self.steps.push_back(Step::Send(encode_problem(&problem)));
    }

    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        self.memberships.handle_reply(reply);
    }

    pub fn handle_expelled(&mut self, who: &MemberRef, reason: LeaveReason) {
        let problem = self.memberships.expel(who, reason);
        self.steps.push_back(Step::Send(encode_problem(&problem)));
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    fn ask(&self, request: Request) -> Result<Option<Ask>, Problem> {
        let ask = match request {
            Request::CheckPresence(room, token) => {
                Ask::Presence(self.memberships.call(), room, token)
            }
            // Opened twice, a channel would deliver everything twice.
            Request::Open(room, _) if self.memberships.is_in(&room) => return Ok(None),
            Request::Open(room, token) => {
                self.memberships.join(room, DisplayName::default(), token)?
            }
            Request::Data(room, data) => {
                let (to, delivery) = (Targets::Others, Delivery::Reliable);
                let command = Command::Message { to, data, delivery };
                self.memberships.command(Some(&room), command)?
            }
        };
        Ok(Some(ask))
    }
}
