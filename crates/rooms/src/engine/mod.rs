//! All rooms of one driver: takes what happened, puts out what is to be delivered.

mod aside;
mod entering;
mod speaking;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::command::{Call, Command, Fresh, Join, MemberRef, OnDisconnect, Resume};
use crate::event::{Body, Event, LeaveReason, MemberView, Presence, Reply, State};
use crate::ids::{ConnectionId, PeerId, RoomName, Seq, Timestamp};
use crate::limits::Limits;
use crate::log::Audience;
use crate::member::{Link, Member};
use crate::outcomes::Outcome;
use crate::refusal::Refusal;
use crate::room::{Heard, Room};

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
}

/// How much there is, read by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    pub rooms: usize,
    pub memberships: usize,
    /// What logs and histories hold, by estimate.
    pub log_bytes: usize,
    pub timers: usize,
}

/// The engine. See the crate's documentation for its four verbs.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    rooms: HashMap<RoomName, Room>,
    memberships: HashMap<ConnectionId, Vec<MemberRef>>,
    /// Ends of grace: of a member, or (without one) of an empty room.
    deadlines: BTreeSet<(Timestamp, RoomName, Option<PeerId>)>,
    log_bytes: usize,
    outputs: VecDeque<Output>,
}

impl Rooms {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rooms: HashMap::new(),
            memberships: HashMap::new(),
            deadlines: BTreeSet::new(),
            log_bytes: 0,
            outputs: VecDeque::new(),
        }
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            rooms: self.rooms.len(),
            memberships: self.memberships.values().map(Vec::len).sum(),
            log_bytes: self.log_bytes,
            timers: self.deadlines.len(),
        }
    }

    /// Who is in a room, as its members see them.
    #[must_use]
    pub fn members(&self, room: &RoomName) -> Vec<Arc<MemberView>> {
        self.rooms.get(room).map(Room::views).unwrap_or_default()
    }

    pub fn handle_join(&mut self, call: Call, join: Join, fresh: Fresh, now: Timestamp) {
        if let Err(refusal) = self.join(call, join, fresh, now) {
            self.outputs.push_back(Output::Reply { call, reply: Err(refusal) });
        }
    }

    /// The driver's own policy forbids what was asked.
    pub fn handle_refusal(&mut self, call: Call, refusal: Refusal) {
        self.outputs.push_back(Output::Reply { call, reply: Err(refusal) });
    }

    pub fn handle_resume(&mut self, call: Call, resume: &Resume, fresh: Fresh, now: Timestamp) {
        if let Err(refusal) = self.resume(call, resume, fresh, now) {
            self.outputs.push_back(Output::Reply { call, reply: Err(refusal) });
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
        let outcome = self.carry_out(who, command, now);
        if let (Some(member), Some(id)) = (self.current(call.connection, who), call.request) {
            member.outcomes.remember(id, outcome);
        }
        self.answer(call, outcome);
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
                Some((_, room, Some(peer))) => {
                    self.remove(&MemberRef { room, peer }, LeaveReason::Timeout, now);
                }
                Some((_, room, None)) => self.end(&room),
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

    /// The member behind a connection, if it still is the one that serves it.
    fn current(&mut self, connection: ConnectionId, who: &MemberRef) -> Option<&mut Member> {
        let member = self.rooms.get_mut(&who.room)?.get_mut(who.peer)?;
        (member.connection() == Some(connection)).then_some(member)
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
        self.deadlines.insert((until, who.room.clone(), Some(who.peer)));
        self.record(&who.room, Audience::AllBut(who.peer), Body::MemberUpdated(view), now);
    }

    fn remove(&mut self, who: &MemberRef, reason: LeaveReason, now: Timestamp) {
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let Some(member) = room.remove(who.peer) else { return };
        match member.link {
            Link::Connected(connection) => self.forget_membership(connection, who),
            Link::Waiting { until } => {
                self.deadlines.remove(&(until, who.room.clone(), Some(who.peer)));
            }
        }
        self.record(&who.room, Audience::All, Body::MemberLeft { peer: who.peer, reason }, now);
        self.settle(&who.room);
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        if room.len() == 0 {
            let ends_at = now.after(self.limits.empty_grace);
            room.ends_at = Some(ends_at);
            self.deadlines.insert((ends_at, who.room.clone(), None));
        }
    }

    /// Empty rooms are only kept for those who may come back: they give way to those who come. `false` without any.
    fn end_an_empty_room(&mut self) -> bool {
        let oldest = self.deadlines.iter().find(|(_, _, peer)| peer.is_none()).cloned();
        let Some(deadline) = oldest else { return false };
        self.deadlines.remove(&deadline);
        self.end(&deadline.1);
        true
    }

    fn end(&mut self, room: &RoomName) {
        let ended = self.rooms.remove(room);
        self.log_bytes -= ended.map_or(0, |room| room.log.bytes());
    }

    fn forget_membership(&mut self, connection: ConnectionId, who: &MemberRef) {
        let Some(memberships) = self.memberships.get_mut(&connection) else { return };
        memberships.retain(|other| other != who);
        if memberships.is_empty() {
            self.memberships.remove(&connection);
        }
    }

    /// Numbers an event, keeps it for those who are away, and puts it out for those who are here.
    fn record(&mut self, room: &RoomName, to: Audience, body: Body, now: Timestamp) -> Option<Seq> {
        let room = self.rooms.get_mut(room)?;
        let before = room.log.bytes();
        let heard = room.record(to, body, &self.limits, now);
        self.log_bytes = self.log_bytes + room.log.bytes() - before;
        self.shed();
        let seq = heard.1.seq;
        self.tell(heard);
        seq
    }

    /// Holds the bound of all logs. The largest gives way first: who hoards costs the others nothing.
    fn shed(&mut self) {
        while self.log_bytes > self.limits.total_bytes {
            let rooms = self.rooms.iter_mut();
            let largest = rooms.max_by_key(|(name, room)| (room.log.bytes(), *name));
            let Some((_, room)) = largest else { return };
            let before = room.log.bytes();
            // Half of it, so that the search is rare.
            while room.log.bytes() > before / 2
                && (room.lose_oldest() || room.log.forget_oldest_chat())
            {}
            self.log_bytes -= before - room.log.bytes();
        }
    }

    fn tell(&mut self, (to, event): Heard) {
        if !to.is_empty() {
            self.outputs.push_back(Output::Event { to, event });
        }
    }

    fn settle(&mut self, room: &RoomName) {
        let Some(room) = self.rooms.get_mut(room) else { return };
        let before = room.log.bytes();
        room.settle();
        self.log_bytes -= before - room.log.bytes();
    }
}
