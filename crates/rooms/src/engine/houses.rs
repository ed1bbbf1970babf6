//! Rooms as the server and its operators see them: opened, listed, looked into.

use std::sync::Arc;

use super::{Output, RoomView, Rooms, Totals};
use crate::admission::Rules;
use crate::event::{Knocker, MemberView};
use crate::ids::{RoomName, Timestamp};
use crate::room::Room;

impl Rooms {
    /// A permanent room is there before anybody comes. One that exists gets these rules.
    pub fn handle_open(&mut self, name: RoomName, rules: Rules, now: Timestamp) {
        let rules = Rules { permanent: true, ..rules };
        let Some(room) = self.rooms.get_mut(&name) else {
            return self.start_room(Room::new(name, rules, now), now);
        };
        (room.rules, room.made_with) = (rules.clone(), rules);
        self.keep(&name);
    }

    /// Who is in a room, as its members see them.
    #[must_use]
    pub fn members(&self, room: &RoomName) -> Vec<Arc<MemberView>> {
        self.rooms.get(room).map(Room::views).unwrap_or_default()
    }

    /// Those who are there and not seen.
    #[must_use]
    pub fn hidden_members(&self, room: &RoomName) -> Vec<Arc<MemberView>> {
        let members = self.rooms.get(room).into_iter().flat_map(Room::members);
        members.filter(|member| !member.is_seen()).map(|member| member.view.clone()).collect()
    }

    /// Those who wait to be let in.
    #[must_use]
    pub fn waiting(&self, room: &RoomName) -> Vec<Arc<Knocker>> {
        self.rooms.get(room).map(Room::knockers).unwrap_or_default()
    }

    #[must_use]
    pub fn room(&self, name: &RoomName) -> Option<RoomView> {
        self.rooms.get(name).map(|room| view(name, room))
    }

    /// All rooms, in no order.
    pub fn rooms(&self) -> impl Iterator<Item = RoomView> {
        self.rooms.iter().map(|(name, room)| view(name, room))
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn start_room(&mut self, room: Room, now: Timestamp) {
        let name = room.name().clone();
        self.rooms.insert(name.clone(), room);
        self.totals.rooms_started += 1;
        self.outputs.push_back(Output::RoomStarted { room: name, at: now });
    }

    /// A room that was empty is not to end any more.
    pub(super) fn keep(&mut self, name: &RoomName) {
        let ends_at = self.rooms.get_mut(name).and_then(|room| room.ends_at.take());
        if let Some(ends_at) = ends_at {
            self.deadlines.remove(&(ends_at, name.clone(), super::Due::Empty));
        }
    }
}

fn view(name: &RoomName, room: &Room) -> RoomView {
    let seen = room.members().filter(|member| member.is_seen()).count();
    RoomView {
        name: name.clone(),
        started_at: room.started_at,
        members: seen,
        hidden: room.len() - seen,
        waiting: room.waiting.len(),
        rules: room.rules.clone(),
        seq: room.log.last(),
    }
}
