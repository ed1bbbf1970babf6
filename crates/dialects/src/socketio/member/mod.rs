//! What one socket of Socket.IO means in rooms: the tutorials' events become requests, what rooms put out becomes events.
//!
//! Any event without a meaning here goes to the sender's rooms as it is, so that a game or a whiteboard needs no
//! code on the server.

mod ask;
mod conference;
mod notes;
mod pairs;
mod plainly;
mod tell;

use std::collections::VecDeque;
use std::sync::Arc;

use parlor_rooms::{
    Attributes, Call, Command, DisplayName, Event, Join, MemberRef, Nonce, OnDisconnect, PeerId,
    Refusal, Reply, RequestId, Resume, RoomName, Secret, Seq,
};

use super::packet::{Args, Namespace};
use super::rtcmulticonnection::{self, Client, Handshake};
use crate::error::Problem;
use crate::session::{Ask, Heard, LineId};
use crate::token::JoinToken;
use ask::Wish;
pub(in crate::socketio) use ask::room_in;
use conference::Wanted;
use pairs::Pairs;

/// Nobody was seen in more than two.
const MAX_ROOMS: usize = 16;
/// What events begin with that no tutorial has.
const OUR_OWN: &str = "parlor:";
/// Events taken from a room's log before the room is told, which then need not keep them.
const ACK_EVERY: u64 = 64;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Ask(Ask),
    /// What the client shows from now on when it joins.
    Hold(JoinToken),
    Emit {
        name: Arc<str>,
        args: Args,
    },
    /// Answers the client's event with this number.
    Acknowledge {
        id: u64,
        args: Args,
    },
}

#[derive(Debug)]
pub struct Member {
    line: LineId,
    namespace: Namespace,
    rooms: Vec<Membership>,
    pairs: Pairs,
    /// What it is to clients of RTCMultiConnection, if it is one.
    conference: Client,
    last_request: u64,
    /// Since the last request that was not silent.
    silent_requests: u64,
    /// Requests that rooms have not answered yet.
    owed: VecDeque<Owed>,
    steps: VecDeque<Step>,
    /// The client has used one of our own words: it knows what to do with others.
    knows_us: bool,
}

#[derive(Debug)]
struct Membership {
    who: MemberRef,
    secret: Secret,
    /// Up to here everything has been put into the client's words.
    seq: Seq,
    acked: Seq,
}

#[derive(Debug)]
struct Owed {
    request: RequestId,
    room: RoomName,
    /// The client's number of the event, if it wants an acknowledgement.
    id: Option<u64>,
    wanted: Wanted,
}

/// What can't be gone on with after a cut, because a room has let go of too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl Member {
    #[must_use]
    pub fn new(line: LineId, namespace: Namespace, handshake: Option<Handshake>) -> Self {
        Self {
            line,
            namespace,
            rooms: Vec::new(),
            pairs: Pairs::default(),
            conference: Client::new(handshake, line.peer),
            last_request: 0,
            silent_requests: 0,
            owed: VecDeque::new(),
            steps: VecDeque::new(),
            knows_us: false,
        }
    }

    /// The id by which others address this socket.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        self.line.peer
    }

    pub fn handle_event(&mut self, id: Option<u64>, name: &str, args: &Args) {
        self.knows_us |= name.starts_with(OUR_OWN);
        let done = match rtcmulticonnection::read(&self.conference, &self.namespace, (name, args)) {
            Some(wish) => wish.and_then(|wish| self.confer(id, wish)),
            None => ask::read(&self.namespace, name, args).and_then(|wish| self.ask(id, wish)),
        };
        if let Err(problem) = done {
            self.refuse(id, &problem);
        }
    }

    /// What rooms put out for this socket.
    pub fn handle_heard(&mut self, heard: &Heard) {
        match heard {
            Heard::Event(event) => {
                self.take_note(event);
                if !self.hear_in_conference(event) {
                    self.put_into_words(event);
                }
            }
            Heard::Reply(call, reply) => self.handle_reply(call.request, reply),
            Heard::Expelled(who, reason) => self.handle_expelled(who, *reason),
        }
    }

    fn put_into_words(&mut self, event: &Event) {
        let told = tell::event(event);
        let told = told.filter(|(name, _)| self.knows_us || !name.starts_with(OUR_OWN));
        self.steps.extend(told.map(|(name, args)| emit(name, args)));
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// The client is gone for good.
    pub fn leave_all(&mut self) -> Vec<Ask> {
        let call = self.silent_call();
        self.conference.room = None;
        self.pairs = Pairs::default();
        let rooms = self.rooms.drain(..);
        rooms.map(|room| Ask::Command(call, room.who, Command::Leave)).collect()
    }

    /// The client is back, on another line. [`Member::handle_resumed`] wants the answers.
    pub fn resume(&mut self, line: LineId) -> Vec<Ask> {
        self.line = line;
        self.owed.clear();
        let call = self.silent_call();
        let asks = self.rooms.iter().map(|room| {
            let since = Some(room.seq);
            Ask::Resume(call, Resume { member: room.who.clone(), secret: room.secret, since })
        });
        asks.collect()
    }

    /// Looks at what came back to [`Member::resume`]; the events in it are still to be handled.
    pub fn handle_resumed(&mut self, heard: &[Heard]) -> Result<(), Lost> {
        for one in heard {
            let Heard::Reply(_, reply) = one else { continue };
            match reply {
                Ok(Reply::Resumed(resumed)) => {
                    let room = self.rooms.iter_mut().find(|room| room.who.room == resumed.room);
                    room.ok_or(Lost)?.secret = resumed.secret;
                }
                Ok(
                    Reply::Joined(_)
                    | Reply::Waiting(_)
                    | Reply::Done { .. }
                    | Reply::Left
                    | Reply::Presence(_)
                    | Reply::Pong { .. },
                )
                | Err(_) => return Err(Lost),
            }
        }
        Ok(())
    }

    fn ask(&mut self, id: Option<u64>, wish: Wish) -> Result<(), Problem> {
        match wish {
            Wish::Join { room, name } => self.join(id, room, name),
            Wish::Leave(room) => self.leave(id, room.as_ref()),
            Wish::LeaveAll => {
                let asks = self.leave_all();
                self.steps.extend(asks.into_iter().map(Step::Ask));
                let args = tell::done(&Ok(Reply::Left), self.peer());
                self.steps.extend(id.map(|id| Step::Acknowledge { id, args }));
                Ok(())
            }
            Wish::Signal { room, target, signal } => {
                let who = self.room(room.as_ref())?.who.clone();
                let to = self.pairs.targets(&who, &signal, target);
                self.command(id, who, Command::Signal { to, signal });
                Ok(())
            }
            Wish::Say(command) => self.say(id, &command),
            Wish::Refresh(token) => {
                self.refresh(id, &token);
                Ok(())
            }
            Wish::Listen => {
                let args = tell::done(&Ok(Reply::Left), self.peer());
                self.steps.extend(id.map(|id| Step::Acknowledge { id, args }));
                Ok(())
            }
            Wish::Do(room, command) => {
                let who = self.room(room.as_ref())?.who.clone();
                self.command(id, who, command);
                Ok(())
            }
        }
    }

    fn join(&mut self, id: Option<u64>, room: RoomName, name: DisplayName) -> Result<(), Problem> {
        if self.rooms.len() >= MAX_ROOMS {
            return Err(Refusal::TooManyRooms.into());
        }
        let join = Join {
            room,
            name,
            attributes: Attributes::default(),
            identity: None,
            nonce: None::<Nonce>,
            alias: None,
            capacity: None,
            on_disconnect: OnDisconnect::Keep,
        };
        let call = self.call(id, &join.room, Wanted::Plain);
        self.steps.push_back(Step::Ask(Ask::Join(call, join, None)));
        Ok(())
    }

    fn leave(&mut self, id: Option<u64>, room: Option<&RoomName>) -> Result<(), Problem> {
        let who = self.room(room)?.who.clone();
        self.command(id, who, Command::Leave);
        Ok(())
    }

    /// To everybody in every room of the sender.
    fn say(&mut self, mut id: Option<u64>, command: &Command) -> Result<(), Problem> {
        let rooms: Vec<MemberRef> = self.rooms.iter().map(|room| room.who.clone()).collect();
        if rooms.is_empty() {
            return Err(Refusal::NotJoined.into());
        }
        for who in rooms {
            self.command(id.take(), who, command.clone());
        }
        Ok(())
    }

    fn refresh(&mut self, mut id: Option<u64>, token: &JoinToken) {
        self.steps.push_back(Step::Hold(token.clone()));
        let rooms: Vec<MemberRef> = self.rooms.iter().map(|room| room.who.clone()).collect();
        for who in rooms {
            let call = self.call(id.take(), &who.room, Wanted::Plain);
            self.steps.push_back(Step::Ask(Ask::Refresh(call, who, token.clone())));
        }
        let args = tell::done(&Ok(Reply::Left), self.peer());
        self.steps.extend(id.map(|id| Step::Acknowledge { id, args }));
    }

    fn command(&mut self, id: Option<u64>, who: MemberRef, command: Command) {
        let call = self.call(id, &who.room, Wanted::Plain);
        self.steps.push_back(Step::Ask(Ask::Command(call, who, command)));
    }

    /// A room left out, or one that nobody is in by that name while there is just one, means that one.
    fn room(&self, room: Option<&RoomName>) -> Result<&Membership, Refusal> {
        let found = match room {
            Some(room) => self.rooms.iter().find(|member| member.who.room == *room),
            None if self.rooms.len() == 1 => self.rooms.first(),
            None => None,
        };
        found.ok_or(Refusal::NotJoined)
    }

    /// Every request wants an answer, because that tells its number in the room's log.
    fn call(&mut self, id: Option<u64>, room: &RoomName, wanted: Wanted) -> Call {
        self.last_request += 1;
        let request = RequestId::new(self.last_request);
        let owed = request.map(|request| Owed { request, room: room.clone(), id, wanted });
        self.owed.extend(owed);
        Call { request, ..self.silent_call() }
    }

    fn silent_call(&self) -> Call {
        Call { connection: self.line.connection, request: None }
    }

    fn handle_reply(&mut self, request: Option<RequestId>, reply: &Result<Reply, Refusal>) {
        let at = self.owed.iter().position(|owed| Some(owed.request) == request);
        let Some(owed) = at.and_then(|at| self.owed.remove(at)) else {
            return self.handle_unasked(reply);
        };
        if let Ok(Reply::Waiting(waiting)) = reply {
            let (name, args) = tell::waiting(waiting);
            self.steps.push_back(emit(name, args));
            return self.owed.push_back(owed);
        }
        let (room, id) = (owed.room, owed.id);
        if owed.wanted != Wanted::Plain {
            return self.answer_in_conference((id, &room), owed.wanted, reply);
        }
        match reply {
            Ok(Reply::Joined(joined)) => {
                self.note_joined(joined);
                let picture = tell::picture(joined);
                self.steps.extend(picture.into_iter().map(|(name, args)| emit(name, args)));
            }
            Ok(Reply::Left) => self.note_left(&room),
            Ok(Reply::Done { seq: Some(seq) }) => self.advance(&room, *seq),
            Ok(
                Reply::Resumed(_)
                | Reply::Waiting(_)
                | Reply::Done { seq: None }
                | Reply::Presence(_)
                | Reply::Pong { .. },
            ) => {}
            Err(refusal) => return self.refuse(id, &Problem::Refused(*refusal)),
        }
        if let Some(id) = id {
            self.steps.push_back(Step::Acknowledge { id, args: tell::done(reply, self.peer()) });
        }
    }

    fn refuse(&mut self, id: Option<u64>, problem: &Problem) {
        let step = match id {
            Some(id) => Step::Acknowledge { id, args: tell::refused(problem) },
            None => emit("error", tell::error(problem)),
        };
        self.steps.push_back(step);
    }
}

fn emit(name: impl Into<Arc<str>>, args: Args) -> Step {
    Step::Emit { name: name.into(), args }
}

#[cfg(test)]
mod tests;
