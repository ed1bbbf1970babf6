//! Who talks with whom: the tutorials' clients name the wrong target, or none, and mean the one they talk with.

use std::collections::{HashMap, HashSet};

use parlor_rooms::{Body, Event, MemberRef, PeerId, RoomName, Signal, Targets};

#[derive(Debug, Default)]
pub(super) struct Pairs {
    rooms: HashMap<RoomName, Others>,
}

#[derive(Debug, Default)]
struct Others {
    present: HashSet<PeerId>,
    /// Who was last offered or answered something, or has offered or answered.
    partner: Option<PeerId>,
}

impl Pairs {
    pub(super) fn enter(&mut self, room: RoomName, present: impl Iterator<Item = PeerId>) {
        self.rooms.insert(room, Others { present: present.collect(), partner: None });
    }

    pub(super) fn leave(&mut self, room: &RoomName) {
        self.rooms.remove(room);
    }

    /// Whom a signal is for. An offer without a target is for everybody else: it is how these clients call.
    pub(super) fn targets(
        &mut self,
        who: &MemberRef,
        signal: &Signal,
        named: Option<PeerId>,
    ) -> Targets {
        let Some(others) = self.rooms.get_mut(&who.room) else { return Targets::Others };
        let named = named.filter(|peer| others.present.contains(peer));
        let target = match signal {
            Signal::Offer(_) => named,
            Signal::Answer(_) | Signal::Candidate(_) => named.or(others.partner),
        };
        others.partner = target.or(others.partner);
        target.map_or(Targets::Others, |peer| Targets::Peers(vec![peer]))
    }

    pub(super) fn take_note(&mut self, event: &Event) {
        match &event.body {
            Body::MemberJoined(member) => {
                self.change(&event.room, |others| _ = others.present.insert(member.peer));
            }
            Body::MemberLeft { peer, .. } => self.change(&event.room, |others| {
                others.present.remove(peer);
                others.partner = others.partner.filter(|partner| partner != peer);
            }),
            Body::Offer { from, .. } | Body::Answer { from, .. } => {
                self.change(&event.room, |others| others.partner = Some(*from));
            }
            // Most events are such: they cost no search.
            Body::MemberUpdated(_)
            | Body::Chat { .. }
            | Body::Message { .. }
            | Body::Emitted { .. }
            | Body::Candidate { .. }
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => {}
        }
    }

    fn change(&mut self, room: &RoomName, change: impl FnOnce(&mut Others)) {
        if let Some(others) = self.rooms.get_mut(room) {
            change(others);
        }
    }
}
