//! One matchbox client: it joins by coming in, and signals to one peer at a time.

use std::collections::VecDeque;

use parlor_rooms::{Call, Command, DisplayName, Join, MemberRef, Refusal, Reply, Targets};

use super::lobby::Lobby;
use super::read::{Request, read};
use crate::close::Close;
use crate::error::Problem;
use crate::memberships::plain_join;
use crate::session::{Ask, Frame, LineId, Step};

#[derive(Debug)]
pub struct Session {
    line: LineId,
    lobby: Option<Lobby>,
    member: Option<MemberRef>,
    /// To be let in.
    waits: bool,
    steps: VecDeque<Step>,
}

impl Session {
    #[must_use]
    pub fn new(line: LineId, lobby: Lobby) -> Self {
        let mut session =
            Self { line, lobby: None, member: None, waits: false, steps: VecDeque::new() };
        session.enter(lobby);
        session
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Text(text) => Ok(text),
            Frame::Binary(_) => Err(Problem::BinaryUnsupported),
        };
        match text.and_then(read) {
            Ok(Request::KeepAlive) => {}
            Ok(Request::Signal(receiver, signal)) => {
                let Some(member) = self.member.clone() else { return };
                let command = Command::Signal { to: Targets::Peers(vec![receiver]), signal };
                self.steps.push_back(Step::Ask(Ask::Command(self.call(), member, command)));
            }
            // There is no word for it in this dialect, and these clients fail on words that they don't know.
            Err(_) => self.steps.push_back(Step::Close(Close::ProtocolError)),
        }
    }

    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        match reply {
            Ok(Reply::Joined(joined)) => {
                self.member = Some(MemberRef { room: joined.room.clone(), peer: joined.peer });
            }
            Err(Refusal::RoomFull) if self.member.is_none() => {
                match self.lobby.take().and_then(Lobby::next) {
                    Some(lobby) => self.enter(lobby),
                    None => self.steps.push_back(Step::Close(Close::Refused)),
                }
            }
            Ok(Reply::Waiting(_)) => self.waits = true,
            // The receiver has left: the sender hears of that anyway.
            Err(Refusal::UnknownTarget)
            | Ok(
                Reply::Resumed(_)
                | Reply::Done { .. }
                | Reply::Left
                | Reply::Presence(_)
                | Reply::Pong { .. },
            ) => {}
            Err(Refusal::Token(why)) => {
                self.steps.push_back(Step::Close(Close::Unadmitted(why.code())))
            }
            Err(_) => self.steps.push_back(Step::Close(Close::Refused)),
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Whether the client has done its part.
    #[must_use]
    pub fn has_joined(&self) -> bool {
        self.member.is_some() || self.waits
    }

    fn enter(&mut self, lobby: Lobby) {
        let Some(room) = lobby.room() else {
            return self.steps.push_back(Step::Close(Close::Refused));
        };
        let join = Join { capacity: lobby.capacity(), ..plain_join(room, DisplayName::default()) };
        self.lobby = Some(lobby);
        self.steps.push_back(Step::Ask(Ask::Join(self.call(), join, None)));
    }

    fn call(&self) -> Call {
        Call { connection: self.line.connection, request: None }
    }
}
