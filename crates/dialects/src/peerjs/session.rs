//! One PeerJS client: it joins by coming in, and is told of the room in its own words.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parlor_rooms::{Call, Command, Json, MemberRef, PeerId, RequestId, Targets, Timestamp};

use super::KIND;
use super::absent::Absent;
use super::conversations::Conversations;
use super::encode;
use super::entrance::Entrance;
use super::read::{Kind, Message, Request, read};
use super::relay;
use super::translate;
use crate::close::Close;
use crate::directory::Directory;
use crate::session::{Ask, Frame, LineId, Step};

#[derive(Debug)]
pub struct Session {
    line: LineId,
    pub(super) id: Arc<str>,
    pub(super) has_joined: bool,
    /// To be let in.
    pub(super) waits: bool,
    pub(super) member: Option<MemberRef>,
    pub(super) directory: Directory,
    pub(super) conversations: Conversations,
    pub(super) absent: Absent,
    /// What the rooms have not answered yet, which they do in this order.
    pub(super) asked: VecDeque<(RequestId, Message)>,
    requests: u64,
    pub(super) now: Timestamp,
    pub(super) steps: VecDeque<Step>,
}

impl Session {
    #[must_use]
    pub fn new(line: LineId, entrance: &Entrance) -> Self {
        let mut session = Self {
            line,
            id: entrance.id(),
            has_joined: false,
            waits: false,
            member: None,
            directory: Directory::default(),
            conversations: Conversations::default(),
            absent: Absent::default(),
            asked: VecDeque::new(),
            requests: 0,
            now: Timestamp(0),
            steps: VecDeque::new(),
        };
        match entrance.join() {
            Ok(join) => {
                let call = session.call(None);
                session.steps.push_back(Step::Ask(Ask::Join(call, join, None)));
            }
            Err(msg) => session.turn_away(encode::error(msg)),
        }
        session
    }

    /// Lets time pass; to be called before anything else happens.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = now;
        while let Some(dst) = self.absent.expire(now) {
            self.tell(Kind::Expire, &dst, None);
        }
        while let Some(name) = self.conversations.expire(now) {
            self.tell(Kind::Leave, &name, None);
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let ends = [self.absent.poll_timeout(), self.conversations.poll_timeout()];
        ends.into_iter().flatten().min()
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let Some(member) = self.member.clone() else { return }; // Only members are heard.
        match read(frame) {
            Some(Request::Relay(message)) => self.relay(message),
            Some(Request::Leave) => {
                let leave = Ask::Command(self.call(None), member, Command::Leave);
                self.steps.push_back(Step::Ask(leave));
            }
            None => {}
        }
    }

    /// The word for what did not get through. An error would make the client give up altogether.
    pub fn handle_excess(&mut self, frame: Frame<'_>) {
        if let Some(Request::Relay(message)) = read(frame) {
            self.tell(Kind::Expire, &message.dst, None);
        }
    }

    /// The client closes its connection. A page that goes away says a code; `disconnect()`, which keeps
    /// what the client has with its peers, says none.
    pub fn handle_close(&mut self, code: Option<u16>) {
        let peers: Vec<_> =
            self.conversations.peers().filter(|peer| self.directory.speaks(*peer, KIND)).collect();
        for peer in peers {
            let command = match code {
                Some(_) => relay::message(peer, Kind::Leave, None),
                None => relay::bye(peer),
            };
            self.command(command, None);
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Whether the client has done its part.
    #[must_use]
    pub fn has_joined(&self) -> bool {
        self.has_joined || self.waits
    }

    pub(super) fn relay(&mut self, message: Message) {
        let Some(peer) = self.directory.find(&message.dst) else { return self.wait(message) };
        if message.kind == Kind::Leave {
            self.conversations.end(peer);
        }
        let command = if self.directory.speaks(peer, KIND) {
            if message.kind.can_wait() {
                self.conversations.with(peer);
            }
            relay::message(peer, message.kind, message.payload.as_ref())
        } else {
            self.translated(peer, &message)
        };
        self.command(command, Some(message));
    }

    /// For a member who speaks another dialect.
    fn translated(&mut self, peer: PeerId, message: &Message) -> Option<Command> {
        let (signal, connection) = translate::signal(message.kind, message.payload.as_ref())?;
        let conversation = self.conversations.with(peer);
        if message.kind == Kind::Offer {
            conversation.offered = Some(connection.clone());
        }
        conversation.current = Some(connection);
        Some(Command::Signal { to: Targets::Peers(vec![peer]), signal })
    }

    fn wait(&mut self, message: Message) {
        let dst = message.dst.clone();
        if message.kind.can_wait() && self.absent.push(message, self.now).is_err() {
            self.tell(Kind::Expire, &dst, None);
        }
    }

    fn command(&mut self, command: Option<Command>, message: Option<Message>) {
        let (Some(command), Some(member)) = (command, self.member.clone()) else { return };
        let request = message.and_then(|message| {
            self.requests += 1;
            let request = RequestId::new(self.requests)?;
            self.asked.push_back((request, message));
            Some(request)
        });
        self.steps.push_back(Step::Ask(Ask::Command(self.call(request), member, command)));
    }

    pub(super) fn tell_of(&mut self, kind: Kind, from: PeerId, payload: Option<Json>) {
        if payload.is_some() {
            self.tell(kind, &self.directory.address(from), payload.as_ref());
        }
    }

    pub(super) fn tell(&mut self, kind: Kind, src: &str, payload: Option<&Json>) {
        self.steps.push_back(Step::Send(encode::message(kind, src, &self.id, payload)));
    }

    pub(super) fn turn_away(&mut self, word: Bytes) {
        self.steps.extend([Step::Send(word), Step::Close(Close::Refused)]);
    }

    fn call(&self, request: Option<RequestId>) -> Call {
        Call { connection: self.line.connection, request }
    }
}
