//! All rooms of one driver: takes what happened, puts out what is to be delivered.

mod administering;
mod aside;
mod entering;
mod houses;
mod leaving;
mod moderating;
mod passes;
mod publishing;
mod recording;
mod speaking;
mod standing;
mod waiting;

pub use administering::{Announcement, Ban};

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::admission::Rules;
use crate::bars::Bars;
use crate::command::{Call, Command, Entry, Fresh, MemberRef, OnDisconnect, Resume};
use crate::event::{Body, Event, LeaveReason, Presence, Reply, State};
use crate::hashing::IdMap;
use crate::ids::{ConnectionId, PeerId, RoomName, Seq, Timestamp};
use crate::limits::Limits;
use crate::log::Audience;
use crate::member::{Link, Member};
use crate::outcomes::Outcome;
use crate::refusal::Refusal;
use crate::room::Room;

/// What the driver is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Reply {
        call: Call,
        reply: Result<Reply, Refusal>,
    },
    Event {
        to: Vec<ConnectionId>,
        event: Arc<Event>,
    },
    /// A newer connection serves this session or identity; this one is to be closed.
    Replaced {
        connection: ConnectionId,
    },
    /// A membership was ended by others; the connection that served it is to be told, and closed when it serves no other.
    Expelled {
        connection: ConnectionId,
        who: MemberRef,
        reason: LeaveReason,
        is_last: bool,
    },
    /// For observers.
    RoomStarted {
        room: RoomName,
        at: Timestamp,
    },
    RoomEnded {
        room: RoomName,
        at: Timestamp,
    },
}

/// How much there is, read by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    pub rooms: usize,
    pub memberships: usize,
    /// Those who wait to be let into a room.
    pub waiting: usize,
    /// What is remembered of those who may not come back.
    pub bars: usize,
    /// What logs and histories hold, by estimate.
    pub log_bytes: usize,
    pub timers: usize,
}

/// What has happened since the start, read by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals {
    pub rooms_started: u64,
    pub rooms_ended: u64,
    pub joined: u64,
    /// The client started anew while the membership went on.
    pub restarted: u64,
    pub resumed: u64,
    /// Of those who resumed: their room had let go of what they missed.
    pub lost: u64,
    /// Events that were said again to those who resumed.
    pub replayed: u64,
    pub knocked: u64,
    pub admitted: u64,
    pub denied: u64,
    pub removed: u64,
    pub expired: u64,
}

/// A room from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    pub name: RoomName,
    pub started_at: Timestamp,
    /// Those who are seen.
    pub members: usize,
    pub hidden: usize,
    pub waiting: usize,
    pub rules: Rules,
    /// Of its newest event.
    pub seq: Seq,
}

/// What a deadline is for; of those at the same moment in the same room the first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The end of an empty room.
    Empty,
    /// The end of a member's grace.
    Grace(PeerId),
    /// A token is about to end.
    Notice(PeerId),
    /// A token ends.
    PassEnd(PeerId),
}

/// The engine. See the crate's documentation for its four verbs.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    rooms: IdMap<RoomName, Room>,
    memberships: IdMap<ConnectionId, Vec<MemberRef>>,
    /// The rooms where somebody waits to be let in, by the connection that asked.
    knocks: BTreeMap<ConnectionId, Vec<RoomName>>,
    bars: Bars,
    deadlines: BTreeSet<(Timestamp, RoomName, Due)>,
    totals: Totals,
    log_bytes: usize,
    outputs: VecDeque<Output>,
    /// A list of hearers, empty: most events have few, and there are many events.
    spare: Vec<ConnectionId>,
}

impl Rooms {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rooms: IdMap::default(),
            memberships: IdMap::default(),
            knocks: BTreeMap::new(),
            bars: Bars::default(),
            deadlines: BTreeSet::new(),
            totals: Totals::default(),
            log_bytes: 0,
            outputs: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            rooms: self.rooms.len(),
            memberships: self.memberships.values().map(Vec::len).sum(),
            waiting: self.knocks.values().map(Vec::len).sum(),
            bars: self.bars.len(),
            log_bytes: self.log_bytes,
            timers: self.deadlines.len(),
        }
    }

    pub fn handle_join(&mut self, call: Call, entry: Entry, now: Timestamp) {
        if let Err(refusal) = self.join(call, entry, now) {
            self.refuse(call, refusal);
        }
    }

    /// The driver's own policy forbids what was asked.
    pub fn handle_refusal(&mut self, call: Call, refusal: Refusal) {
        self.refuse(call, refusal);
    }

    pub fn handle_resume(&mut self, call: Call, resume: &Resume, fresh: Fresh, now: Timestamp) {
        if let Err(refusal) = self.resume(call, resume, fresh, now) {
            self.refuse(call, refusal);
        }
    }

    pub fn handle_command(
        &mut self,
        call: Call,
        who: &MemberRef,
        command: Command,
        now: Timestamp,
    ) {
        let Some(member) = self.current(call.connection, who) else {
            return self.answer(call, Err(Refusal::NotJoined)); // Only members are heard.
        };
        member.confirm();
        if let Some(outcome) = call.request.and_then(|id| member.outcomes.repeated(id)) {
            return self.answer(call, outcome);
        }
        if command == Command::Leave {
            self.remove(who, LeaveReason::Left, now);
            self.outputs.push_back(Output::Reply { call, reply: Ok(Reply::Left) });
            return;
        }
        let before = self.outputs.len();
        let outcome = self.carry_out(who, command, now);
        let Some(member) = self.current(call.connection, who) else {
            return self.answer_first(call, outcome, before);
        };
        if let Some(id) = call.request {
            member.outcomes.remember(id, outcome);
        }
        self.answer(call, outcome);
    }

    /// Who has ended the room for everybody hears that it is done before the connection is closed.
    fn answer_first(&mut self, call: Call, outcome: Outcome, before: usize) {
        let after = self.outputs.split_off(before);
        self.answer(call, outcome);
        self.outputs.extend(after);
    }

    /// The client has every event up to `seq`.
    pub fn handle_ack(&mut self, connection: ConnectionId, who: &MemberRef, seq: Seq) {
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let last = room.log.last();
        let Some(member) = room.get_mut(who.peer) else { return };
        if member.connection() != Some(connection) {
            return;
        }
        member.confirm();
        member.acked = member.acked.max(seq.min(last));
        self.settle(&who.room);
    }

    /// Who is in a room, asked from outside. A room that doesn't exist has nobody in it.
    pub fn handle_presence(&mut self, call: Call, room: RoomName) {
        let presence = match self.rooms.get(&room) {
            Some(room) => room.presence(),
            None => Presence { room, names: Vec::new() },
        };
        self.outputs.push_back(Output::Reply { call, reply: Ok(Reply::Presence(presence)) });
    }

    /// Answers at once, so that the client knows that it is heard.
    pub fn handle_ping(&mut self, call: Call, who: &MemberRef) {
        let stable = self.rooms.get(&who.room).map(Room::stable).unwrap_or_default();
        self.outputs.push_back(Output::Reply { call, reply: Ok(Reply::Pong { stable }) });
    }

    pub fn handle_disconnect(&mut self, connection: ConnectionId, now: Timestamp) {
        self.stop_waiting(connection, now);
        for who in self.memberships.remove(&connection).unwrap_or_default() {
            let Some(member) = self.current(connection, &who) else { continue };
            match member.on_disconnect {
                OnDisconnect::Leave => self.remove(&who, LeaveReason::Left, now),
                OnDisconnect::Keep => self.wait_for_return(&who, now),
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Timestamp) {
        while self.deadlines.first().is_some_and(|(at, _, _)| *at <= now) {
            match self.deadlines.pop_first() {
                Some((_, room, Due::Grace(peer))) => {
                    self.remove(&MemberRef { room, peer }, LeaveReason::Timeout, now);
                }
                Some((_, room, Due::Notice(peer))) => {
                    self.give_notice(&MemberRef { room, peer }, now);
                }
                Some((_, room, Due::PassEnd(peer))) => {
                    self.totals.expired += 1;
                    self.expel(&MemberRef { room, peer }, LeaveReason::Expired, now);
                }
                Some((_, room, Due::Empty)) => self.end(&room, now),
                None => break,
            }
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _, _)| *at)
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The list of an [`Output::Event`] whose driver is done with it, for the next one.
    pub fn take_back(&mut self, mut to: Vec<ConnectionId>) {
        const MAX_KEPT: usize = 4_096;
        if to.capacity() <= MAX_KEPT {
            to.clear();
            self.spare = to;
        }
    }

    /// The member behind a connection, if it still is the one that serves it.
    fn current(&mut self, connection: ConnectionId, who: &MemberRef) -> Option<&mut Member> {
        let member = self.rooms.get_mut(&who.room)?.get_mut(who.peer)?;
        (member.connection() == Some(connection)).then_some(member)
    }

    fn refuse(&mut self, call: Call, refusal: Refusal) {
        self.outputs.push_back(Output::Reply { call, reply: Err(refusal) });
    }

    fn answer(&mut self, call: Call, outcome: Outcome) {
        if call.request.is_some() || outcome.is_err() {
            let reply = outcome.map(|seq| Reply::Done { seq });
            self.outputs.push_back(Output::Reply { call, reply });
        }
    }

    fn wait_for_return(&mut self, who: &MemberRef, now: Timestamp) {
        let until = now.after(self.limits.grace);
        let Some(member) = self.rooms.get_mut(&who.room).and_then(|room| room.get_mut(who.peer))
        else {
            return;
        };
        member.link = Link::Waiting { until };
        member.change(|view| view.state = State::Reconnecting);
        let view = member.view.clone();
        self.deadlines.insert((until, who.room.clone(), Due::Grace(who.peer)));
        self.record_of(who, Audience::AllBut(who.peer), Body::MemberUpdated(view), now);
    }

    fn forget_membership(&mut self, connection: ConnectionId, who: &MemberRef) {
        let Some(memberships) = self.memberships.get_mut(&connection) else { return };
        memberships.retain(|other| other != who);
        if memberships.is_empty() {
            self.memberships.remove(&connection);
        }
    }
}
