//! One y-webrtc client: the topics that it has subscribed to.

use std::collections::VecDeque;
use std::time::Duration;

use parlor_rooms::{
    Command, ConnectionId, Delivery, DisplayName, LeaveReason, MemberRef, Refusal, Reply, RoomName,
    Targets,
};

use super::encode::{encode_pong, encode_problem};
use super::read::{Request, read};
use crate::error::Problem;
use crate::memberships::Memberships;
use crate::session::{Ask, Frame, Step};

#[derive(Debug)]
pub struct Session {
    memberships: Memberships,
    steps: VecDeque<Step>,
    /// What is left of a list of topics. Each waits for the answer to the one before, which may be the last that is allowed.
    changes: VecDeque<Change>,
}

#[derive(Debug)]
enum Change {
    Subscribe(RoomName),
    Unsubscribe(RoomName),
}

impl Session {
    #[must_use]
    pub fn new(connection: ConnectionId) -> Self {
        let memberships = Memberships::new(connection);
        Self { memberships, steps: VecDeque::new(), changes: VecDeque::new() }
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Text(text) => Ok(text),
            Frame::Binary(bytes) => std::str::from_utf8(bytes).map_err(|_| Problem::BadJson),
        };
        if let Err(problem) = text.and_then(read).and_then(|request| self.carry_out(request)) {
            self.steps.push_back(Step::Send(encode_problem(&problem)));
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
        while self.steps.is_empty()
            && let Some(change) = self.changes.pop_front()
        {
            self.make(&change);
        }
        self.steps.pop_front()
    }

    fn carry_out(&mut self, request: Request) -> Result<(), Problem> {
        match request {
            Request::Ping => self.steps.push_back(Step::Send(encode_pong())),
            Request::Subscribe(topics) => {
                self.changes.extend(topics.into_iter().map(Change::Subscribe));
            }
            Request::Unsubscribe(topics) => {
                self.changes.extend(topics.into_iter().map(Change::Unsubscribe));
            }
            Request::Publish(topic, data) => {
                let (to, delivery) = (Targets::All, Delivery::Reliable);
                let command = Command::Message { to, data, delivery };
                let ask = self.memberships.command(Some(&topic), command)?;
                self.steps.push_back(Step::Ask(ask));
            }
        }
        Ok(())
    }

    fn make(&mut self, change: &Change) {
        let ask = match change {
            // A reconnecting client subscribes again to what it has.
            Change::Subscribe(topic) if self.memberships.is_in(topic) => return,
            Change::Subscribe(topic) => {
                self.memberships.join(topic.clone(), DisplayName::default(), None)
            }
            Change::Unsubscribe(topic) => self.memberships.leave(Some(topic)),
        };
        self.steps.push_back(refused_in_words(ask));
    }
}

fn refused_in_words(ask: Result<Ask, Refusal>) -> Step {
    match ask {
        Ok(ask) => Step::Ask(ask),
        Err(refusal) => Step::Send(encode_problem(&Problem::Refused(refusal))),
    }
}
