//! What happens in a room gets its number, is kept for those who are away, and is put out for those who are here.

use std::sync::Arc;

use super::{Output, Rooms};
use crate::command::MemberRef;
use crate::event::{Body, Event};
use crate::ids::{ConnectionId, RoomName, Seq, Timestamp};
use crate::log::Audience;

impl Rooms {
    /// The same, of a member: if it is hidden, nobody else hears of it.
    pub(super) fn record_of(
        &mut self,
        who: &MemberRef,
        to: Audience,
        body: Body,
        now: Timestamp,
    ) -> Option<Seq> {
        let is_hidden = self.rooms.get(&who.room)?.get(who.peer)?.standing.hidden;
        match to {
            to if !is_hidden => self.record(&who.room, to, body, now),
            Audience::All => self.record(&who.room, Audience::Only(vec![who.peer]), body, now),
            Audience::AllBut(_) | Audience::Only(_) => None,
        }
    }

    /// Numbers an event, keeps it for those who are away, and puts it out for those who are here.
    pub(super) fn record(
        &mut self,
        room: &RoomName,
        to: Audience,
        body: Body,
        now: Timestamp,
    ) -> Option<Seq> {
        let room = self.rooms.get_mut(room)?;
        let before = room.log.bytes();
        let mut hearers = std::mem::take(&mut self.spare);
        room.find_hearers(&to, &mut hearers);
        let event = room.record(to, body, &self.limits, now);
        self.log_bytes = self.log_bytes + room.log.bytes() - before;
        self.shed();
        let seq = event.seq;
        self.tell(hearers, event);
        seq
    }

    /// Holds the bound of all logs. The largest gives way first: who hoards costs the others nothing.
    pub(super) fn shed(&mut self) {
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

    pub(super) fn tell(&mut self, to: Vec<ConnectionId>, event: Arc<Event>) {
        // What is recorded is put out also when nobody hears it: for observers.
        if to.is_empty() && event.seq.is_none() {
            self.spare = to;
        } else {
            self.outputs.push_back(Output::Event { to, event });
        }
    }

    pub(super) fn settle(&mut self, room: &RoomName) {
        let Some(room) = self.rooms.get_mut(room) else { return };
        let before = room.log.bytes();
        room.settle();
        self.log_bytes -= before - room.log.bytes();
    }
}
