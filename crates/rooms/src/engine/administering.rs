//! What only the operator does: rooms made in advance or closed for good, words of the server, bans lifted.

use std::sync::Arc;

use super::{Due, Rooms};
use crate::admission::Rules;
use crate::bars::Banned;
use crate::command::Targets;
use crate::event::{Body, Event, MemberView};
use crate::ids::{PeerId, RoomName, Timestamp};
use crate::log::Audience;
use crate::outcomes::Outcome;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::text::{DisplayName, Identity, Json};

/// What the server itself says in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    Chat { name: DisplayName, text: Arc<str> },
    Message { to: Targets, data: Json },
}

/// Somebody who is not let in for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Under which address the room knew them.
    pub peer: PeerId,
    /// `None`: known by the network address, which is shown to nobody.
    pub identity: Option<Identity>,
    pub until: Timestamp,
}

impl Rooms {
    /// A room that is there before anybody comes. If it is not permanent and nobody comes, it ends like an empty one.
    /// `false`: there is one of this name.
    pub fn handle_make(
        &mut self,
        name: &RoomName,
        rules: Rules,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        if self.rooms.contains_key(name) {
            return Ok(false);
        }
        if self.rooms.len() >= self.limits.max_rooms && !self.end_an_empty_room(now) {
            return Err(Refusal::TooManyRooms);
        }
        let ends_at = (!rules.permanent).then(|| now.after(self.limits.empty_grace));
        let mut room = Room::new(name.clone(), rules, now);
        room.ends_at = ends_at;
        self.start_room(room, now);
        self.deadlines.extend(ends_at.map(|at| (at, name.clone(), Due::Empty)));
        Ok(true)
    }

    /// Everybody out; the room is over, and stays so even if it was permanent.
    pub fn handle_close(&mut self, name: &RoomName, now: Timestamp) -> Result<(), Refusal> {
        self.rooms.get_mut(name).ok_or(Refusal::RoomUnknown)?.made_with.permanent = false;
        self.keep(name);
        self.end_for_all(name, now);
        Ok(())
    }

    /// The server speaks; its address is that of no member.
    pub fn handle_announcement(
        &mut self,
        name: &RoomName,
        said: Announcement,
        now: Timestamp,
    ) -> Outcome {
        let room = self.rooms.get(name).ok_or(Refusal::RoomUnknown)?;
        let from = PeerId::SERVER;
        let (to, body) = match said {
            Announcement::Chat { name, text } => {
                fits("text", text.len(), self.limits.chat_bytes)?;
                (Audience::All, Body::Chat { from, name, text, key: None })
            }
            Announcement::Message { to, data } => {
                fits("data", data.as_str().len(), self.limits.message_bytes)?;
                (audience(room, to)?, Body::Message { from, data })
            }
        };
        Ok(self.record(name, to, body, now))
    }

    /// Nobody is kept out of the room by this ban any more. `false`: there is none.
    pub fn handle_pardon(&mut self, room: &RoomName, peer: PeerId, now: Timestamp) -> bool {
        self.bars.pardon(room, peer, now)
    }

    /// Those who are not let in for now, the oldest ban first; also of rooms that are over.
    #[must_use]
    pub fn bans(&self, room: &RoomName, now: Timestamp) -> Vec<Ban> {
        let bans = self.bars.bans(room, now).map(|(peer, banned, until)| {
            let identity = match banned {
                Banned::Identity(identity) => Some(identity.clone()),
                Banned::Address(_) => None,
            };
            Ban { peer, identity, until }
        });
        bans.collect()
    }

    /// One member, and whether it is hidden from the others.
    #[must_use]
    pub fn member(&self, room: &RoomName, peer: PeerId) -> Option<(Arc<MemberView>, bool)> {
        let member = self.rooms.get(room)?.get(peer)?;
        Some((member.view.clone(), !member.is_seen()))
    }

    /// The names of all rooms, in no order.
    pub fn names(&self) -> impl Iterator<Item = &RoomName> {
        self.rooms.keys()
    }

    /// The chat that the room keeps, oldest first.
    #[must_use]
    pub fn history(&self, room: &RoomName) -> Option<Vec<Arc<Event>>> {
        Some(self.rooms.get(room)?.log.history())
    }
}

fn fits(what: &'static str, bytes: usize, max_bytes: usize) -> Result<(), Refusal> {
    if bytes > max_bytes { Err(Refusal::TooLarge { what, max_bytes }) } else { Ok(()) }
}

fn audience(room: &Room, to: Targets) -> Result<Audience, Refusal> {
    match to {
        Targets::Others | Targets::All => Ok(Audience::All),
        Targets::Peers(peers) if peers.iter().any(|peer| room.get(*peer).is_none()) => {
            Err(Refusal::UnknownTarget)
        }
        Targets::Peers(mut peers) => {
            peers.sort_unstable();
            peers.dedup();
            Ok(Audience::Only(peers))
        }
    }
}
