//! What a client of RTCMultiConnection asks for: its one room, its messages, and the answers that it waits for.

use parlor_rooms::{Command, Event, Join, Joined, MemberRef, Refusal, Reply, RoomName};
use serde_json::value::RawValue;

use super::super::rtcmulticonnection::{Entry, Told, Way, Wish, tell as answers};
use super::{MAX_ROOMS, Member, Step, emit, tell};
use crate::error::Problem;
use crate::session::Ask;
use crate::socketio::packet::Args;

/// What the answer to a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `{ok: true}` or its like.
    Plain,
    /// Whether anybody is in a room, by the client's name for it.
    Presence {
        said: String,
    },
    /// The same, to join the room then.
    Somebody {
        said: String,
        join: Box<Join>,
    },
    Entered {
        said: String,
        way: Way,
    },
    /// The end of the session for all.
    Closed,
}

impl Member {
    pub(super) fn confer(&mut self, id: Option<u64>, wish: Wish<'_>) -> Result<(), Problem> {
        match wish {
            Wish::Enter(way, entry) => {
                let entered = entry.and_then(|entry| self.enter(id, way, entry));
                if let Err(problem) = entered {
                    self.refuse_entry(id, way, &problem);
                }
            }
            Wish::LookUp { room, said } => self.look_up(id, room, Wanted::Presence { said }),
            Wish::SetPassword => self.answer(id, answers::set_no_password(&self.conference)),
            Wish::TryPassword { said } => self.answer(id, answers::no_password(&said)),
            Wish::ListRooms { named } => self.answer(id, answers::no_rooms(named)),
            Wish::Part { from } => self.part(id, &from),
            Wish::Close => self.close(id),
            Wish::Rename(userid) => {
                self.conference.rename(&userid)?;
                self.answer(id, answers::nothing());
            }
            Wish::SayExtra(extra) => return self.say_extra(id, extra),
            Wish::AskExtra { of } => self.answer(id, answers::extra(&self.conference, &of)),
            Wish::Listen => self.answer(id, answers::nothing()),
            Wish::Message { to, message } => return self.send(id, &to, message),
        }
        Ok(())
    }

    /// Whether something that happened was put into the words of this client's kind.
    pub(super) fn hear_in_conference(&mut self, event: &Event) -> bool {
        if !self.conference.is_in(&event.room) {
            return false;
        }
        let Some(told) = self.conference.hear(&event.body) else { return false };
        for told in told {
            match told {
                Told::Emit((name, args)) => self.steps.push_back(emit(name, args)),
                Told::Leave => self.leave_conference(),
            }
        }
        true
    }

    pub(super) fn answer_in_conference(
        &mut self,
        (id, room): (Option<u64>, &RoomName),
        wanted: Wanted,
        reply: &Result<Reply, Refusal>,
    ) {
        let members = match reply {
            Ok(Reply::Presence(presence)) => presence.names.len(),
            Ok(
                Reply::Joined(_)
                | Reply::Resumed(_)
                | Reply::Waiting(_)
                | Reply::Done { .. }
                | Reply::Left
                | Reply::Pong { .. },
            )
            | Err(_) => 0,
        };
        match (wanted, reply) {
            (Wanted::Presence { said }, _) => {
                let capacity = self.conference.handshake.capacity();
                self.answer(id, answers::looked_up(&said, members, capacity));
            }
            (Wanted::Somebody { said, join }, Ok(_)) if members > 0 => {
                self.ask_to_enter(id, (said, Way::Join), *join);
            }
            (Wanted::Somebody { .. }, Ok(_)) => {
                self.refuse_entry(id, Way::Join, &Refusal::NotJoined.into());
            }
            (Wanted::Entered { said, way }, Ok(Reply::Joined(joined))) => {
                self.settle_in(id, (said, way), joined);
            }
            (Wanted::Somebody { .. }, Err(refusal)) => {
                self.refuse_entry(id, Way::Join, &(*refusal).into());
            }
            (Wanted::Entered { way, .. }, Err(refusal)) => {
                self.refuse_entry(id, way, &(*refusal).into());
            }
            (Wanted::Closed, Ok(_)) => {
                self.bid_farewell();
                self.note_left(room);
                self.answer(id, answers::opened());
            }
            (Wanted::Closed, Err(_)) => self.answer(id, answers::closed_nothing()),
            (Wanted::Entered { .. }, Ok(_)) | (Wanted::Plain, _) => {}
        }
    }

    /// A client is in one room of this kind: it leaves another one first.
    fn enter(&mut self, id: Option<u64>, way: Way, entry: Entry) -> Result<(), Problem> {
        self.conference.known = true;
        if self.conference.is_in(&entry.room) {
            return match way {
                Way::Open if !self.conference.is_alone() => Err(Refusal::RoomFull.into()),
                Way::Open | Way::Join => {
                    self.answer(id, answers::opened());
                    Ok(())
                }
            };
        }
        let join = self.conference.join(way, &entry, self.line.peer)?;
        if self.rooms.len() >= MAX_ROOMS {
            return Err(Refusal::TooManyRooms.into());
        }
        self.bid_farewell();
        self.leave_conference();
        match way {
            Way::Open => self.ask_to_enter(id, (entry.said, way), join),
            Way::Join => {
                let room = entry.room;
                self.look_up(id, room, Wanted::Somebody { said: entry.said, join: Box::new(join) });
            }
        }
        Ok(())
    }

    fn ask_to_enter(&mut self, id: Option<u64>, (said, way): (String, Way), join: Join) {
        let call = self.call(id, &join.room, Wanted::Entered { said, way });
        self.steps.push_back(Step::Ask(Ask::Join(call, join, None)));
    }

    fn look_up(&mut self, id: Option<u64>, room: RoomName, wanted: Wanted) {
        let call = self.call(id, &room, wanted);
        self.steps.push_back(Step::Ask(Ask::Presence(call, room, None)));
    }

    fn settle_in(&mut self, id: Option<u64>, (said, way): (String, Way), joined: &Joined) {
        self.note_joined(joined);
        if way == Way::Join && joined.members.len() == 1 {
            // Who was there has left in the meantime.
            let who = MemberRef { room: joined.room.clone(), peer: joined.peer };
            self.command(None, who, Command::Leave);
            return self.refuse_entry(id, way, &Refusal::NotJoined.into());
        }
        self.answer(id, answers::opened());
        let there = self.conference.enter(said, joined);
        let history = joined.history.iter().filter_map(|said| tell::event(said));
        self.steps.extend(there.into_iter().chain(history).map(|(name, args)| emit(name, args)));
    }

    fn send(&mut self, mut id: Option<u64>, to: &str, message: &RawValue) -> Result<(), Problem> {
        let who = self.conference_place().ok_or(Refusal::NotJoined)?;
        let sent = self.conference.send(to, message);
        for command in sent.commands {
            self.command(id.take(), who.clone(), command);
        }
        self.steps.extend(sent.told.into_iter().map(|(name, args)| emit(name, args)));
        if sent.leaves {
            self.leave_conference();
        } else if sent.unknown {
            let (name, args) = answers::not_found(to);
            self.steps.push_back(emit(name, args));
            let Some(id) = id else { return Ok(()) };
            self.refuse(Some(id), &Refusal::UnknownTarget.into());
            return Ok(());
        }
        self.answer(id, tell::done(&Ok(Reply::Left), self.line.peer));
        Ok(())
    }

    /// Both are told, if the other has words for it.
    fn part(&mut self, id: Option<u64>, from: &str) {
        let (command, told) = self.conference.part(from);
        if let (Some(command), Some(who)) = (command, self.conference_place()) {
            self.command(None, who, command);
        }
        self.steps.extend(told.map(|(name, args)| emit(name, args)));
        self.answer(id, answers::nothing());
    }

    fn close(&mut self, id: Option<u64>) {
        let Some(who) = self.conference_place() else {
            return self.answer(id, answers::closed_nothing());
        };
        let Some(close) = self.conference.close() else {
            return self.answer(id, answers::denied());
        };
        if let Some(close) = close {
            self.command(None, who.clone(), close);
        }
        let call = self.call(id, &who.room, Wanted::Closed);
        self.steps.push_back(Step::Ask(Ask::Command(call, who, Command::Leave)));
    }

    fn say_extra(&mut self, id: Option<u64>, extra: &RawValue) -> Result<(), Problem> {
        match (self.conference.say_extra(extra)?, self.conference_place()) {
            (Some(update), Some(who)) => self.command(id, who, Command::Update(update)),
            (None, _) | (_, None) => self.answer(id, answers::nothing()),
        }
        Ok(())
    }

    fn leave_conference(&mut self) {
        if let Some(who) = self.conference_place() {
            self.command(None, who, Command::Leave);
        }
    }

    fn bid_farewell(&mut self) {
        let farewells = self.conference.farewells();
        self.steps.extend(farewells.into_iter().map(|(name, args)| emit(name, args)));
    }

    fn conference_place(&self) -> Option<MemberRef> {
        let name = self.conference.room.as_ref()?.name();
        self.rooms.iter().find(|member| member.who.room == *name).map(|member| member.who.clone())
    }

    fn answer(&mut self, id: Option<u64>, args: Args) {
        self.steps.extend(id.map(|id| Step::Acknowledge { id, args }));
    }

    fn refuse_entry(&mut self, id: Option<u64>, way: Way, problem: &Problem) {
        match id {
            Some(id) => {
                let args = answers::refused_entry(way, problem);
                self.steps.push_back(Step::Acknowledge { id, args });
            }
            None => self.refuse(None, problem),
        }
        if *problem == Problem::Refused(Refusal::AliasTaken) && way == Way::Join {
            let (name, args) = answers::taken(&self.conference.userid, self.line.peer);
            self.steps.push_back(emit(name, args));
        }
    }
}
