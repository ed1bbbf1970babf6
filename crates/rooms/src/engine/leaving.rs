//! How a membership ends, and with the last one the room.

use super::{Due, Output, Rooms};
use crate::bars::{BAR_TIME, Bar};
use crate::command::MemberRef;
use crate::event::{Body, LeaveReason};
use crate::ids::{ConnectionId, PeerId, RoomName, Timestamp};
use crate::log::Audience;
use crate::member::{Link, Member};
use crate::refusal::Refusal;
use crate::room::Room;

impl Rooms {
    pub(super) fn remove(&mut self, who: &MemberRef, reason: LeaveReason, now: Timestamp) {
        let Some(member) = self.take_out(who) else { return };
        let room = &who.room;
        if member.is_seen() {
            self.record(room, Audience::All, Body::MemberLeft { peer: who.peer, reason }, now);
        }
        self.settle(room);
        if self.rooms.get(room).is_some_and(|room| room.len() == 0) {
            self.leave_empty(room, now);
        } else {
            self.succeed(room, now);
        }
    }

    /// Ends a membership for its client, who is told so.
    pub(super) fn expel(&mut self, who: &MemberRef, reason: LeaveReason, now: Timestamp) {
        let room = self.rooms.get(&who.room);
        let connection = room.and_then(|room| room.get(who.peer)?.connection());
        self.remove(who, reason, now);
        if let Some(connection) = connection {
            let is_last = self.serves_nobody(connection);
            let who = who.clone();
            self.outputs.push_back(Output::Expelled { connection, who, reason, is_last });
        }
    }

    /// Everybody out, at once: nobody is there to hear of the others.
    pub(super) fn end_for_all(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get(name) else { return };
        let peers: Vec<PeerId> = room.members().map(Member::peer).collect();
        let mut left = Vec::new();
        for peer in peers {
            left.extend(self.take_out(&MemberRef { room: name.clone(), peer }));
        }
        for member in left {
            let who = MemberRef { room: name.clone(), peer: member.peer() };
            let (peer, reason) = (who.peer, LeaveReason::Ended);
            if member.is_seen() {
                self.record(name, Audience::All, Body::MemberLeft { peer, reason }, now);
            }
            match member.link {
                Link::Connected(connection) => {
                    let is_last = self.serves_nobody(connection);
                    self.outputs.push_back(Output::Expelled { connection, who, reason, is_last });
                }
                // Its client would take "unknown" for a reason to join again.
                Link::Waiting { .. } => self.bars.add(name, over(peer, now), now),
            }
        }
        self.end(name, now);
    }

    fn serves_nobody(&self, connection: ConnectionId) -> bool {
        !self.memberships.contains_key(&connection) && !self.knocks.contains_key(&connection)
    }

    fn take_out(&mut self, who: &MemberRef) -> Option<Member> {
        let member = self.rooms.get_mut(&who.room)?.remove(who.peer)?;
        match member.link {
            Link::Connected(connection) => self.forget_membership(connection, who),
            Link::Waiting { until } => {
                self.deadlines.remove(&(until, who.room.clone(), Due::Grace(who.peer)));
            }
        }
        self.forget_pass(who, member.standing.due);
        Some(member)
    }

    /// A room that was closed has no use for its empty grace: nobody could come back into it.
    fn leave_empty(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let was_closed = room.is_closed();
        if room.rules.permanent {
            room.begin_anew();
            if was_closed {
                self.forget_chat(name);
            }
            self.open_door(name, now);
        } else if was_closed {
            self.end(name, now);
        } else {
            let ends_at = now.after(self.limits.empty_grace);
            room.ends_at = Some(ends_at);
            self.deadlines.insert((ends_at, name.clone(), Due::Empty));
        }
    }

    /// Empty rooms are only kept for those who may come back: they give way to those who come. `false` without any.
    pub(super) fn end_an_empty_room(&mut self, now: Timestamp) -> bool {
        let oldest = self.deadlines.iter().find(|(_, _, due)| *due == Due::Empty).cloned();
        let Some(deadline) = oldest else { return false };
        self.deadlines.remove(&deadline);
        self.end(&deadline.1, now);
        true
    }

    /// Nobody is in it any more. A permanent one begins anew.
    pub(super) fn end(&mut self, name: &RoomName, now: Timestamp) {
        self.keep(name);
        let Some(mut room) = self.rooms.remove(name) else { return };
        self.log_bytes -= room.log.bytes();
        for knock in std::mem::take(&mut room.waiting) {
            self.forget_knock(knock.call.connection, name);
            self.refuse(knock.call, Refusal::RoomEnded);
        }
        self.totals.rooms_ended += 1;
        self.outputs.push_back(Output::RoomEnded { room: name.clone(), at: now });
        if room.made_with.permanent {
            self.start_room(Room::new(name.clone(), room.made_with, now), now);
        }
    }

    fn forget_chat(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let before = room.log.bytes();
        while room.log.forget_oldest_chat() {}
        self.log_bytes -= before - room.log.bytes();
    }
}

fn over(peer: PeerId, now: Timestamp) -> Bar {
    Bar {
        peer,
        why: Refusal::RoomEnded,
        nonce: None,
        pass: None,
        older: None,
        ban: None,
        until: now.after(BAR_TIME),
    }
}
