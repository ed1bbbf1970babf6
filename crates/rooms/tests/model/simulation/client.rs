//! A client as the protocol wants it: keeps what reconnecting needs, and writes down what it has got.

use std::collections::VecDeque;
use std::sync::Arc;

use parlor_rooms::{
    Command, ConnectionId, Event, Join, Joined, MemberRef, Output, Refusal, Reply, RequestId,
    Secret,
};

use super::op::Key;

/// The id of joins and resumes; these are not numbered among the requests.
pub const ENTERING: u64 = RequestId::MAX;

#[derive(Default)]
pub struct Client {
    pub connection: Option<ConnectionId>,
    /// Frames on their way to the client over its connection.
    pub wire: VecDeque<Frame>,
    /// Nothing that is sent over this connection arrives.
    pub is_deaf: bool,
    /// A join whose answer has not arrived.
    pub joining: Option<Join>,
    pub last_join: Option<Join>,
    pub session: Option<Session>,
    pub requests: VecDeque<Request>,
    pub answered: Option<Request>,
    pub last_id: u64,
}

pub struct Session {
    pub who: MemberRef,
    /// The newest last.
    pub secrets: Vec<Secret>,
    pub keeps: bool,
    /// Tried another secret, or the same over two connections: what it believes may be wrong now.
    pub cheated: bool,
    /// Everything up to here was in the picture.
    pub pictured: u64,
    /// The numbers of the events since, in the order of their arrival.
    pub have: Vec<u64>,
}

impl Session {
    pub fn seq(&self) -> u64 {
        self.have.last().copied().unwrap_or(self.pictured)
    }

    pub fn secret(&mut self, key: Key) -> Secret {
        let newest = self.secrets.len() - 1;
        self.cheated |= !matches!(key, Key::Right);
        match key {
            Key::Right => self.secrets[newest],
            Key::Previous => self.secrets[newest.saturating_sub(1)],
            Key::Wrong => Secret::from_entropy([0; 24]),
        }
    }
}

#[derive(Clone)]
pub struct Request {
    pub id: u64,
    pub command: Command,
}

#[derive(Clone)]
pub enum Frame {
    Event(Arc<Event>),
    Reply(u64, Result<Reply, Refusal>),
}

impl Client {
    /// Reads so many frames; returns the requests that were answered with success.
    pub fn read(&mut self, count: usize) -> Vec<Request> {
        let mut done = Vec::new();
        for _ in 0..count {
            let Some(frame) = self.wire.pop_front() else { break };
            match frame {
                Frame::Event(event) => self.hear(&event),
                Frame::Reply(ENTERING, reply) => self.entered(reply),
                Frame::Reply(id, reply) => done.extend(self.answered(id, &reply)),
            }
        }
        done
    }

    fn hear(&mut self, event: &Event) {
        let Some(session) = &mut self.session else { panic!("{event:?} without a session") };
        assert_eq!(event.room, session.who.room, "an event of another room");
        let seq = event.seq.map_or(0, |seq| seq.0);
        if seq > session.seq() {
            session.have.push(seq);
        }
    }

    fn entered(&mut self, reply: Result<Reply, Refusal>) {
        match reply {
            Ok(Reply::Joined(joined)) => self.pictured(&joined),
            Ok(Reply::Resumed(resumed)) => {
                let Some(session) = &mut self.session else { panic!("resumed without a session") };
                session.secrets.push(resumed.secret);
                session.cheated = false;
            }
            Err(Refusal::AlreadyJoined) | Ok(Reply::Waiting(_)) => {}
            Err(refusal) => {
                let cheated = self.session.as_ref().is_none_or(|session| session.cheated);
                assert!(refusal != Refusal::BadSecret || cheated, "the right secret was refused");
                if matches!(
                    refusal,
                    Refusal::SessionUnknown | Refusal::Removed | Refusal::RoomEnded
                ) {
                    self.forget();
                }
                self.joining = None;
                self.hang_up();
            }
            Ok(Reply::Done { .. } | Reply::Left | Reply::Presence(_) | Reply::Pong { .. }) => {
                panic!("{reply:?} answers no join or resume");
            }
        }
    }

    fn pictured(&mut self, joined: &Joined) {
        let who = MemberRef { room: joined.room.clone(), peer: joined.peer };
        let before = self.session.take().filter(|session| session.who == who);
        let keeps = before.as_ref().map(|session| session.keeps);
        let mut secrets = before.map(|session| session.secrets).unwrap_or_default();
        secrets.push(joined.secret);
        let joining = self.joining.take();
        let joined_to_stay =
            || joining.is_none_or(|join| join.on_disconnect == parlor_rooms::OnDisconnect::Keep);
        self.session = Some(Session {
            who,
            secrets,
            keeps: keeps.unwrap_or_else(joined_to_stay),
            cheated: false,
            pictured: joined.seq.0,
            have: Vec::new(),
        });
        self.requests.clear();
        (self.answered, self.last_id) = (None, 0);
    }

    fn answered(&mut self, id: u64, reply: &Result<Reply, Refusal>) -> Option<Request> {
        if matches!(reply, Ok(Reply::Left)) {
            self.forget();
            self.hang_up();
            return None;
        }
        let at = self.requests.iter().position(|request| request.id == id)?;
        let request = self.requests.remove(at)?;
        self.answered = Some(request.clone());
        matches!(reply, Ok(Reply::Done { .. })).then_some(request)
    }

    /// The connection is of no use any more, and what was on its way is lost.
    pub fn hang_up(&mut self) -> Option<ConnectionId> {
        self.wire.clear();
        self.is_deaf = false;
        self.connection.take()
    }

    /// The session is over.
    pub fn forget(&mut self) {
        self.session = None;
        self.requests.clear();
        (self.answered, self.last_id) = (None, 0);
    }
}

/// The frame that an output becomes for one of those who get it.
pub fn frame(output: &Output) -> Option<Frame> {
    match output {
        Output::Event { event, .. } => Some(Frame::Event(event.clone())),
        Output::Reply { call, reply } => {
            Some(Frame::Reply(call.request.map_or(0, RequestId::get), reply.clone()))
        }
        Output::Replaced { .. }
        | Output::Expelled { .. }
        | Output::RoomStarted { .. }
        | Output::RoomEnded { .. } => None,
    }
}
