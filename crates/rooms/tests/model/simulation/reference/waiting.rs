//! Who waits to be let in, as it has to be.

use std::sync::Arc;

use parlor_rooms::{
    AddressKey, Body, Call, ConnectionId, Entry, Join, KnockEnd, Knocker, Output, PeerId, Refusal,
    Reply, RoomName, Timestamp, Waiting,
};

use super::{Knock, Reference};

impl Reference {
    /// The address of somebody who waits.
    pub fn knocking(&self, address: AddressKey) -> Option<PeerId> {
        let mut waiting = self.rooms.values().flat_map(|room| &room.waiting);
        let knock = waiting.find(|knock| knock.admission.address == Some(address));
        knock.map(|knock| knock.view.peer)
    }

    pub fn waits(&self, connection: ConnectionId) -> bool {
        let mut waiting = self.rooms.values().flat_map(|room| &room.waiting);
        waiting.any(|knock| knock.call.connection == connection)
    }

    pub fn waiting(&self) -> usize {
        self.rooms.values().map(|room| room.waiting.len()).sum()
    }

    pub(super) fn knock(
        &mut self,
        call: Call,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Entry { join, admission, fresh } = entry;
        let view = Arc::new(Knocker {
            peer: fresh.peer,
            name: join.name.clone(),
            identity: join.identity.clone(),
            since: now,
        });
        let (room, peer) = (join.room.clone(), fresh.peer);
        let knock = Knock { call, join, admission, fresh, view: view.clone() };
        self.rooms.get_mut(&room).ok_or(Refusal::RoomUnknown)?.waiting.push(knock);
        let waiting = Waiting { room: room.clone(), peer };
        self.out.push(Output::Reply { call, reply: Ok(Reply::Waiting(waiting)) });
        self.tell_moderators(&room, Body::Knock(view), now);
        Ok(())
    }

    pub(super) fn forget_same_knock(
        &mut self,
        call: Call,
        join: &Join,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let waiting = self.rooms.get(&join.room).into_iter().flat_map(|room| &room.waiting);
        let mut same =
            waiting.filter(|knock| join.nonce.is_some() && knock.join.nonce == join.nonce);
        let Some((peer, connection)) = same.next().map(|one| (one.view.peer, one.call.connection))
        else {
            return Ok(());
        };
        if connection > call.connection {
            return Err(Refusal::AlreadyJoined);
        }
        self.end_knock(&join.room, peer, KnockEnd::Left, now);
        self.out.push(Output::Replaced { connection });
        Ok(())
    }

    pub(super) fn admit_knock(
        &mut self,
        room: &RoomName,
        peer: PeerId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut waiting = self.rooms.get(room).into_iter().flat_map(|room| &room.waiting);
        let knock = waiting.find(|knock| knock.view.peer == peer).ok_or(Refusal::UnknownTarget)?;
        let (call, join, admission) = (knock.call, knock.join.clone(), knock.admission.clone());
        let entry = Entry { join, admission, fresh: knock.fresh };
        if let Err(why) = self.barred(room, &entry.join, &entry.admission, now) {
            self.end_knock(room, peer, KnockEnd::Denied, now);
            self.refuse(call, why);
            return Err(why);
        }
        let instead_of = self.space(&entry)?;
        self.end_knock(room, peer, KnockEnd::Admitted, now);
        instead_of.iter().for_each(|who| self.replace(who, now));
        self.enter(call, entry, now);
        Ok(())
    }

    pub(super) fn deny(
        &mut self,
        room: &RoomName,
        peer: PeerId,
        why: Refusal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let knock = self.end_knock(room, peer, KnockEnd::Denied, now);
        self.refuse(knock.ok_or(Refusal::UnknownTarget)?.call, why);
        Ok(())
    }

    pub(super) fn open_door(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get(name) else { return };
        if room.rules.locked || room.rules.waiting_room {
            return;
        }
        let waiting: Vec<PeerId> = room.waiting.iter().map(|knock| knock.view.peer).collect();
        for peer in waiting {
            if let Err(why) = self.admit_knock(name, peer, now) {
                _ = self.deny(name, peer, why, now);
            }
        }
    }

    pub(super) fn stop_waiting(&mut self, connection: ConnectionId, now: Timestamp) {
        let all = self.rooms.iter().flat_map(|(name, room)| {
            room.waiting.iter().map(|knock| (name.clone(), knock.view.peer, knock.call.connection))
        });
        let gone: Vec<_> = all.filter(|(_, _, other)| *other == connection).collect();
        for (room, peer, _) in gone {
            self.end_knock(&room, peer, KnockEnd::Left, now);
        }
    }

    fn end_knock(
        &mut self,
        name: &RoomName,
        peer: PeerId,
        how: KnockEnd,
        now: Timestamp,
    ) -> Option<Knock> {
        let room = self.rooms.get_mut(name)?;
        let at = room.waiting.iter().position(|knock| knock.view.peer == peer)?;
        let knock = room.waiting.remove(at);
        let is_forsaken = room.members.is_empty() && room.waiting.is_empty();
        self.tell_moderators(name, Body::KnockEnded { peer, how }, now);
        if is_forsaken && how != KnockEnd::Admitted {
            self.end(name, now);
        }
        Some(knock)
    }

    fn tell_moderators(&mut self, name: &RoomName, body: Body, now: Timestamp) {
        let Some(room) = self.rooms.get(name) else { return };
        let moderators = room.members.iter().filter(|member| member.moderates());
        let moderators: Vec<PeerId> = moderators.map(|member| member.view.peer).collect();
        if !moderators.is_empty() {
            self.record(name, moderators, body, now);
        }
    }
}
