//! The waiting room: who has knocked, and how they are let in or sent away.

use std::sync::Arc;

use super::{Output, Rooms};
use crate::command::{Call, Entry};
use crate::event::{Body, KnockEnd, Knocker, Reply, Waiting};
use crate::ids::{ConnectionId, PeerId, RoomName, Timestamp};
use crate::log::Audience;
use crate::refusal::Refusal;
use crate::room::Knock;

impl Rooms {
    /// Keeps a join until somebody who moderates has decided about it.
    pub(super) fn knock(
        &mut self,
        call: Call,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let name = entry.join.room.clone();
        let Some(room) = self.rooms.get_mut(&name) else { return Err(Refusal::RoomUnknown) };
        if room.waiting.len() >= self.limits.max_waiting {
            return Err(Refusal::WaitingRoomFull);
        }
        let (join, admission) = (&entry.join, &entry.admission);
        let view = Arc::new(Knocker {
            peer: entry.fresh.peer,
            name: admission.name.clone().unwrap_or_else(|| join.name.clone()),
            identity: admission.identity.clone().or_else(|| join.identity.clone()),
            since: now,
        });
        room.waiting.push_back(Knock { call, entry: Box::new(entry), view: view.clone() });
        self.knocks.entry(call.connection).or_default().push(name.clone());
        self.totals.knocked += 1;
        let waiting = Waiting { room: name.clone(), peer: view.peer };
        self.outputs.push_back(Output::Reply { call, reply: Ok(Reply::Waiting(waiting)) });
        self.tell_moderators(&name, Body::Knock(view), now);
        Ok(())
    }

    /// A repeated join takes the place of the one that waits: its client has not got the answer.
    pub(super) fn replace_knock(
        &mut self,
        call: Call,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (room, nonce) = (self.rooms.get(&entry.join.room), &entry.join.nonce);
        let mut waiting = room.into_iter().flat_map(|room| &room.waiting);
        let same = waiting.find(|knock| nonce.is_some() && knock.entry.join.nonce == *nonce);
        let Some((peer, connection)) = same.map(|knock| (knock.view.peer, knock.call.connection))
        else {
            return Ok(());
        };
        if connection > call.connection {
            return Err(Refusal::AlreadyJoined); // It was given up on its way.
        }
        self.end_knock(&entry.join.room, peer, KnockEnd::Left, now);
        self.outputs.push_back(Output::Replaced { connection });
        Ok(())
    }

    /// The join goes on. If it can't, whoever admits hears why, and the client waits on.
    pub(super) fn admit(
        &mut self,
        name: &RoomName,
        peer: PeerId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(room) = self.rooms.get(name) else { return Err(Refusal::RoomUnknown) };
        let knock = room.waiting.iter().find(|knock| knock.view.peer == peer);
        let (call, entry) = knock
            .map(|knock| (knock.call, Entry::clone(&knock.entry)))
            .ok_or(Refusal::UnknownTarget)?;
        if let Err(why) = self.bars.judge(&entry.join, &entry.admission, now) {
            self.end_knock(name, peer, KnockEnd::Denied, now);
            self.refuse(call, why);
            return Err(why);
        }
        let replaced = self.make_room(&entry.join, &entry.admission)?;
        self.end_knock(name, peer, KnockEnd::Admitted, now);
        self.totals.admitted += 1;
        self.let_in(call, entry, replaced, now);
        Ok(())
    }

    /// Whether somebody waited under this address, who now hears why they don't any more.
    pub(super) fn deny(
        &mut self,
        name: &RoomName,
        (peer, why): (PeerId, Refusal),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let knock =
            self.end_knock(name, peer, KnockEnd::Denied, now).ok_or(Refusal::UnknownTarget)?;
        self.totals.denied += 1;
        self.refuse(knock.call, why);
        Ok(())
    }

    /// Lets everybody in who waits, as far as there is room, if nobody has to wait any more.
    pub(super) fn open_door(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get(name).filter(|room| !room.is_closed()) else { return };
        let waiting: Vec<PeerId> = room.waiting.iter().map(|knock| knock.view.peer).collect();
        for peer in waiting {
            if let Err(why) = self.admit(name, peer, now) {
                _ = self.deny(name, (peer, why), now);
            }
        }
    }

    /// A connection is gone, and with it what it waited for.
    pub(super) fn stop_waiting(&mut self, connection: ConnectionId, now: Timestamp) {
        for name in self.knocks.get(&connection).cloned().unwrap_or_default() {
            let Some(room) = self.rooms.get(&name) else { continue };
            let mut waiting = room.waiting.iter();
            let knock = waiting.find(|knock| knock.call.connection == connection);
            if let Some(peer) = knock.map(|knock| knock.view.peer) {
                self.end_knock(&name, peer, KnockEnd::Left, now);
            }
        }
    }

    pub(super) fn end_knock(
        &mut self,
        name: &RoomName,
        peer: PeerId,
        how: KnockEnd,
        now: Timestamp,
    ) -> Option<Knock> {
        let room = self.rooms.get_mut(name)?;
        let at = room.waiting.iter().position(|knock| knock.view.peer == peer)?;
        let knock = room.waiting.remove(at)?;
        let is_forsaken = room.len() == 0 && room.waiting.is_empty() && how != KnockEnd::Admitted;
        let ends = is_forsaken && !room.rules.permanent;
        self.forget_knock(knock.call.connection, name);
        self.tell_moderators(name, Body::KnockEnded { peer, how }, now);
        if ends {
            self.end(name, now);
        }
        Some(knock)
    }

    pub(super) fn forget_knock(&mut self, connection: ConnectionId, name: &RoomName) {
        let Some(rooms) = self.knocks.get_mut(&connection) else { return };
        rooms.retain(|other| other != name);
        if rooms.is_empty() {
            self.knocks.remove(&connection);
        }
    }

    /// Who has just become one of them hears of everybody who waits.
    pub(super) fn show_knocks(&mut self, name: &RoomName, peer: PeerId, now: Timestamp) {
        let knockers = self.rooms.get(name).map(crate::room::Room::knockers).unwrap_or_default();
        for view in knockers {
            self.record(name, Audience::Only(vec![peer]), Body::Knock(view), now);
        }
    }

    fn tell_moderators(&mut self, name: &RoomName, body: Body, now: Timestamp) {
        let moderators = self.rooms.get(name).map(crate::room::Room::moderators);
        if let Some(moderators) = moderators.filter(|peers| !peers.is_empty()) {
            self.record(name, Audience::Only(moderators), body, now);
        }
    }
}
