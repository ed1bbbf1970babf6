//! One tutorial client: the rooms that it has joined.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{
    Call, Command, ConnectionId, Join, MemberRef, OnDisconnect, Refusal, Reply, RoomName,
};

use super::encode::encode_problem;
use super::read::{Request, read};
use crate::error::Problem;
use crate::session::{Ask, Frame, Step};

/// These clients may be in several rooms over one socket; nobody was seen in more than two.
const MAX_ROOMS: usize = 16;

#[derive(Debug)]
pub struct Session {
    connection: ConnectionId,
    rooms: Vec<MemberRef>,
    has_joined: bool,
    /// The room of the last `leave`, until it is answered.
    leaving: Option<RoomName>,
    steps: VecDeque<Step>,
}

impl Session {
    #[must_use]
    pub fn new(connection: ConnectionId) -> Self {
        let (rooms, steps) = (Vec::new(), VecDeque::new());
        Self { connection, rooms, has_joined: false, leaving: None, steps }
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
        match reply {
            Ok(Reply::Joined(joined)) => {
                self.has_joined = true;
                self.rooms.push(MemberRef { room: joined.room.clone(), peer: joined.peer });
            }
            Ok(Reply::Left) => {
                let left = self.leaving.take();
                self.rooms.retain(|member| Some(&member.room) != left.as_ref());
            }
            Ok(
                Reply::Resumed(_) | Reply::Done { .. } | Reply::Presence(_) | Reply::Pong { .. },
            )
            | Err(_) => {}
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    #[must_use]
    pub fn has_joined(&self) -> bool {
        self.has_joined
    }

    fn ask(&mut self, request: Request) -> Result<Ask, Problem> {
        let call = Call { connection: self.connection, request: None };
        match request {
            Request::Join { room, name } => {
                if self.rooms.len() >= MAX_ROOMS {
                    return Err(Refusal::TooManyRooms.into());
                }
                let join = Join {
                    room,
                    name,
                    attributes: parlor_rooms::Attributes::default(),
                    identity: None,
                    nonce: None,
                    on_disconnect: OnDisconnect::Leave,
                };
                Ok(Ask::Join(call, join))
            }
            Request::Command { room, command } => {
                let member = self.member(room.as_ref())?;
                if command == Command::Leave {
                    self.leaving = Some(member.room.clone());
                }
                Ok(Ask::Command(call, member, command))
            }
        }
    }

    fn member(&self, room: Option<&RoomName>) -> Result<MemberRef, Refusal> {
        let found = match room {
            Some(room) => self.rooms.iter().find(|member| member.room == *room),
            None if self.rooms.len() == 1 => self.rooms.first(),
            None => None,
        };
        found.cloned().ok_or(Refusal::NotJoined)
    }

    fn send(&mut self, frame: Bytes) {
        self.steps.push_back(Step::Send(frame));
    }
}
