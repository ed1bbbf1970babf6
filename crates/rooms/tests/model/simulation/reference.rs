//! What rooms have to do, said in the simplest way: logs that forget nothing, lists that are searched.

mod entering;
mod moderating;
mod speaking;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use parlor_rooms::{
    AddressKey, Admission, Body, Call, ConnectionId, Event, Fresh, Join, Knocker, LeaveReason,
    Limits, MemberRef, MemberView, Nonce, Output, PeerId, Presence, Refusal, Reply, RoomName,
    Rules, Secret, Seq, State, Timestamp,
};

pub struct Reference {
    limits: Limits,
    rooms: BTreeMap<RoomName, Room>,
    bars: Vec<Bar>,
    out: Vec<Output>,
}

#[derive(Default)]
struct Room {
    log: Vec<Entry>,
    /// Everything up to here is gone from the bounded log.
    floor: usize,
    stable: usize,
    joins: u64,
    members: Vec<Member>,
    ends_at: Option<Timestamp>,
    rules: Rules,
    was_seen: bool,
    waiting: Vec<Knock>,
}

struct Knock {
    call: Call,
    join: Join,
    admission: Admission,
    fresh: Fresh,
    view: Arc<Knocker>,
}

/// Somebody who may not come back.
struct Bar {
    room: RoomName,
    peer: PeerId,
    why: Refusal,
    nonce: Option<Nonce>,
    address: Option<AddressKey>,
    ban: Option<Timestamp>,
    until: Timestamp,
}

pub struct Entry {
    pub event: Arc<Event>,
    pub meant_for: Vec<PeerId>,
}

struct Member {
    view: MemberView,
    hidden: bool,
    /// No token gave it a role.
    is_free: bool,
    address: Option<AddressKey>,
    keeps: bool,
    connection: Option<ConnectionId>,
    until: Option<Timestamp>,
    acked: usize,
    secret: Secret,
    nonce: Option<Nonce>,
    also: Also,
    /// Which connection served the session last; those before it were given up by the client.
    newest: ConnectionId,
    outcomes: BTreeMap<u64, Result<Option<Seq>, Refusal>>,
}

/// What opens a session beside its secret.
#[derive(PartialEq)]
enum Also {
    Nothing,
    Nonce,
    Secret(Secret),
}

impl Reference {
    pub fn new(limits: Limits) -> Self {
        Self { limits, rooms: BTreeMap::new(), bars: Vec::new(), out: Vec::new() }
    }

    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Everything that ever happened in a room, the number of the first being 1.
    pub fn log(&self, room: &RoomName) -> &[Entry] {
        self.rooms.get(room).map_or(&[], |room| &room.log)
    }

    pub fn is_served_by(&self, who: &MemberRef, connection: ConnectionId) -> bool {
        self.rooms
            .get(&who.room)
            .and_then(|room| room.get(who.peer))
            .is_some_and(|member| member.connection == Some(connection))
    }

    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }

    pub fn memberships(&self) -> usize {
        let members = self.rooms.values().flat_map(|room| &room.members);
        members.filter(|member| member.connection.is_some()).count()
    }

    /// No event that somebody may still want, and no chat for those who come late.
    pub fn keeps_nothing(&self) -> bool {
        let is_chat = |entry: &Entry| matches!(entry.event.body, Body::Chat { .. });
        self.rooms.values().all(|room| {
            let no_chat = self.limits.history_messages == 0 || !room.log.iter().any(is_chat);
            room.floor == room.log.len() && no_chat
        })
    }

    pub fn ack(&mut self, connection: ConnectionId, who: &MemberRef, seq: usize) {
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let last = room.log.len();
        let Some(member) = room.get_mut(who.peer) else { return };
        if member.connection == Some(connection) {
            member.also = Also::Nothing;
            member.acked = member.acked.max(seq.min(last));
            room.settle();
        }
    }

    pub fn ping(&mut self, call: Call, who: &MemberRef) {
        let stable = Seq(self.rooms.get(&who.room).map_or(0, |room| room.stable) as u64);
        self.out.push(Output::Reply { call, reply: Ok(Reply::Pong { stable }) });
    }

    pub fn presence(&mut self, call: Call, room: RoomName) {
        let members = self.rooms.get(&room).map_or(&[][..], |room| &room.members);
        let names = members
            .iter()
            .filter(|member| !member.hidden)
            .map(|member| member.view.name.clone())
            .collect();
        let reply = Ok(Reply::Presence(Presence { room, names }));
        self.out.push(Output::Reply { call, reply });
    }

    pub fn disconnect(&mut self, connection: ConnectionId, now: Timestamp) {
        let until = now.after(self.limits.grace);
        self.stop_waiting(connection, now);
        for who in self.served_by(connection) {
            let Some(member) = self.member(&who) else { continue };
            if !member.keeps {
                self.remove(&who, LeaveReason::Left, now);
                continue;
            }
            (member.connection, member.until) = (None, Some(until));
            member.view.state = State::Reconnecting;
            let body = Body::MemberUpdated(member.view.clone().into());
            self.record_for_others(&who, body, now);
        }
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines().min().map(|(at, _, _)| at)
    }

    pub fn pass(&mut self, now: Timestamp) {
        while let Some((at, room, peer)) = self.deadlines().min() {
            if at > now {
                return;
            }
            match peer {
                Some(peer) => self.remove(&MemberRef { room, peer }, LeaveReason::Timeout, now),
                None => self.end(&room, now),
            }
        }
    }

    fn deadlines(&self) -> impl Iterator<Item = (Timestamp, RoomName, Option<PeerId>)> {
        self.rooms.iter().flat_map(|(name, room)| {
            let members = room.members.iter();
            let graces = members.filter_map(|member| Some((member.until?, Some(member.view.peer))));
            let all = graces.chain(room.ends_at.map(|at| (at, None)));
            all.map(|(at, peer)| (at, name.clone(), peer))
        })
    }

    /// In the order in which the connection became a member.
    fn served_by(&self, connection: ConnectionId) -> Vec<MemberRef> {
        let all = self.rooms.iter().flat_map(|(name, room)| {
            let served = room.members.iter().filter(|member| member.connection == Some(connection));
            served.map(|member| MemberRef { room: name.clone(), peer: member.view.peer })
        });
        all.collect()
    }

    fn member(&mut self, who: &MemberRef) -> Option<&mut Member> {
        self.rooms.get_mut(&who.room)?.get_mut(who.peer)
    }

    fn remove(&mut self, who: &MemberRef, reason: LeaveReason, now: Timestamp) {
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let Some(at) = room.members.iter().position(|member| member.view.peer == who.peer) else {
            return;
        };
        let member = room.members.remove(at);
        if !member.hidden {
            let others = room.peers().collect();
            self.record(&who.room, others, Body::MemberLeft { peer: who.peer, reason }, now);
        }
        let ends_at = now.after(self.limits.empty_grace);
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        room.settle();
        if !room.members.is_empty() {
            self.succeed(&who.room, now);
        } else if room.rules.locked || room.rules.waiting_room {
            self.end(&who.room, now);
        } else {
            room.ends_at = Some(ends_at);
        }
    }

    fn end(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.remove(name) else { return };
        for knock in room.waiting {
            self.refuse(knock.call, Refusal::RoomEnded);
        }
        self.out.push(Output::RoomEnded { room: name.clone(), at: now });
    }

    /// Nobody hears of those who are hidden.
    fn record_for_others(&mut self, who: &MemberRef, body: Body, now: Timestamp) {
        let Some(room) = self.rooms.get(&who.room) else { return };
        if room.get(who.peer).is_none_or(|member| member.hidden) {
            return;
        }
        let others = room.peers().filter(|peer| *peer != who.peer).collect();
        self.record(&who.room, others, body, now);
    }

    fn record(
        &mut self,
        name: &RoomName,
        meant_for: Vec<PeerId>,
        body: Body,
        now: Timestamp,
    ) -> Seq {
        let Some(room) = self.rooms.get_mut(name) else { return Seq(0) };
        let seq = Seq(room.log.len() as u64 + 1);
        let event = Arc::new(Event { room: name.clone(), seq: Some(seq), at: now, body });
        let to = room.connections_of(&meant_for);
        self.out.push(Output::Event { to, event: event.clone() });
        room.log.push(Entry { event, meant_for });
        if room.members.iter().all(|member| !member.keeps) {
            room.settle();
        }
        room.floor = room.floor.max(room.log.len().saturating_sub(self.limits.log_events));
        seq
    }
}

impl Room {
    fn get(&self, peer: PeerId) -> Option<&Member> {
        self.members.iter().find(|member| member.view.peer == peer)
    }

    fn get_mut(&mut self, peer: PeerId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.view.peer == peer)
    }

    fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.members.iter().map(|member| member.view.peer)
    }

    fn connections_of(&self, peers: &[PeerId]) -> Vec<ConnectionId> {
        peers.iter().filter_map(|peer| self.get(*peer)?.connection).collect()
    }

    fn meant_for(&self, peer: PeerId, after: usize) -> impl Iterator<Item = &Entry> {
        self.log.iter().skip(after).filter(move |entry| entry.meant_for.contains(&peer))
    }

    /// The bounded log forgets what all who can resume have.
    fn settle(&mut self) {
        let acked = self.members.iter().filter(|member| member.keeps).map(|member| member.acked);
        self.stable = self.stable.max(acked.min().unwrap_or(self.log.len()));
        self.floor = self.floor.max(self.stable);
    }
}
