//! Who may not come in again: kept by room, beyond the room's end and for a limited time.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::admission::{AddressKey, Admission, PassId};
use crate::command::Join;
use crate::ids::{PeerId, RoomName, Timestamp};
use crate::refusal::Refusal;
use crate::text::{Identity, Nonce};

/// How long what opened a session stays worthless after a removal: longer than tokens should live.
pub const BAR_TIME: Duration = Duration::from_secs(24 * 3_600);
/// Longer bans are the application's, which gives out no tokens to those it does not want.
pub const MAX_BAN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Beyond it the oldest of the room goes.
pub const MAX_BARS_OF_A_ROOM: usize = 256;
/// About 20 MB. Beyond it the room with the most gives way, so that nobody can push out another room's.
pub const MAX_BARS: usize = 65_536;

/// What is remembered of somebody who had to go.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    pub peer: PeerId,
    /// What a resume of the session is told.
    pub why: Refusal,
    pub nonce: Option<Nonce>,
    pub pass: Option<PassId>,
    /// Tokens of this identity are worthless if they are not younger than this.
    pub older: Option<(Identity, Timestamp)>,
    pub ban: Option<(Banned, Timestamp)>,
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Banned {
    Identity(Identity),
    Address(AddressKey),
}

#[derive(Debug, Default)]
pub struct Bars {
    rooms: HashMap<RoomName, VecDeque<Bar>>,
    count: usize,
}

impl Bars {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn add(&mut self, room: &RoomName, bar: Bar, now: Timestamp) {
        if let Some(bars) = self.rooms.get_mut(room) {
            let before = bars.len();
            bars.retain(|bar| bar.until > now);
            if bars.len() >= MAX_BARS_OF_A_ROOM {
                bars.pop_front();
            }
            self.count -= before - bars.len();
        }
        if self.count >= MAX_BARS {
            self.shed(now);
        }
        self.rooms.entry(room.clone()).or_default().push_back(bar);
        self.count += 1;
    }

    /// Whether somebody may come in, as far as it is known here.
    pub fn judge(&self, join: &Join, admission: &Admission, now: Timestamp) -> Result<(), Refusal> {
        let bars = self.rooms.get(&join.room).into_iter().flatten();
        for bar in bars.filter(|bar| bar.until > now) {
            if bar.bans(admission, now) {
                return Err(Refusal::Banned);
            }
            if bar.knows(join, admission) {
                return Err(Refusal::Removed);
            }
        }
        Ok(())
    }

    /// Why a session that is not there can't be gone on with.
    pub fn fate(&self, room: &RoomName, peer: PeerId, now: Timestamp) -> Option<Refusal> {
        let bars = self.rooms.get(room)?;
        bars.iter().find(|bar| bar.peer == peer && bar.until > now).map(|bar| bar.why)
    }

    /// Who is banned from a room: under which address it knew them, by what they are known, until when.
    pub fn bans(
        &self,
        room: &RoomName,
        now: Timestamp,
    ) -> impl Iterator<Item = (PeerId, &Banned, Timestamp)> {
        let bars = self.rooms.get(room).into_iter().flatten();
        let bans = bars.filter_map(|bar| Some((bar.peer, bar.ban.as_ref()?)));
        bans.filter(move |(_, (_, until))| *until > now)
            .map(|(peer, (who, until))| (peer, who, *until))
    }

    /// Lifts a ban; what opened the session stays worthless. `false`: there is none.
    pub fn pardon(&mut self, room: &RoomName, peer: PeerId, now: Timestamp) -> bool {
        let bars = self.rooms.get_mut(room).into_iter().flatten();
        let mut bans = bars.filter(|bar| bar.peer == peer && bar.ban.is_some());
        let lifted = bans.next().and_then(|bar| bar.ban.take());
        lifted.is_some_and(|(_, until)| until > now)
    }

    /// Everything that is over; if that is nothing, the oldest of the room with the most.
    fn shed(&mut self, now: Timestamp) {
        for bars in self.rooms.values_mut() {
            bars.retain(|bar| bar.until > now);
        }
        self.rooms.retain(|_, bars| !bars.is_empty());
        self.count = self.rooms.values().map(VecDeque::len).sum();
        if self.count >= MAX_BARS {
            let most = self.rooms.iter_mut().max_by_key(|(name, bars)| (bars.len(), *name));
            let dropped = most.and_then(|(_, bars)| bars.pop_front());
            self.count -= usize::from(dropped.is_some());
        }
    }
}

impl Bar {
    fn bans(&self, admission: &Admission, now: Timestamp) -> bool {
        let Some((banned, until)) = &self.ban else { return false };
        *until > now
            && match banned {
                Banned::Identity(identity) => admission.identity.as_ref() == Some(identity),
                Banned::Address(address) => admission.address == Some(*address),
            }
    }

    /// By what the removed member came in with.
    fn knows(&self, join: &Join, admission: &Admission) -> bool {
        let pass = admission.pass.as_ref();
        let same_nonce = self.nonce.is_some() && self.nonce == join.nonce;
        let same_pass =
            self.pass.is_some() && self.pass.as_ref() == pass.and_then(|p| p.id.as_ref());
        let is_old = self.older.as_ref().is_some_and(|(identity, before)| {
            let issued_at = pass.map(|pass| pass.issued_at);
            admission.identity.as_ref() == Some(identity)
                && issued_at.is_some_and(|at| at <= *before)
        });
        same_nonce || same_pass || is_old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(number: usize) -> RoomName {
        RoomName::parse(&format!("room {number}")).unwrap()
    }

    fn bar(number: u8, until: u64) -> Bar {
        let (peer, until) = (PeerId::from_entropy([number; 16]), Timestamp(until));
        let (nonce, pass, older, ban) = (None, None, None, None);
        Bar { peer, why: Refusal::Removed, nonce, pass, older, ban, until }
    }

    #[test]
    fn a_room_remembers_so_many_and_forgets_the_oldest_first() {
        let mut bars = Bars::default();
        bars.add(&room(1), bar(1, 100), Timestamp(0));
        for _ in 0..MAX_BARS_OF_A_ROOM {
            bars.add(&room(1), bar(2, 100), Timestamp(0));
        }
        assert_eq!(bars.len(), MAX_BARS_OF_A_ROOM);
        assert_eq!(bars.fate(&room(1), PeerId::from_entropy([1; 16]), Timestamp(0)), None);
        let second = PeerId::from_entropy([2; 16]);
        assert_eq!(bars.fate(&room(1), second, Timestamp(99)), Some(Refusal::Removed));
        assert_eq!(bars.fate(&room(1), second, Timestamp(100)), None);
    }

    #[test]
    fn nobody_pushes_out_what_another_room_remembers() {
        let mut bars = Bars::default();
        bars.add(&room(0), bar(1, 100), Timestamp(0));
        for number in 0..MAX_BARS {
            bars.add(&room(1 + number / MAX_BARS_OF_A_ROOM), bar(2, 100), Timestamp(0));
        }
        assert_eq!(bars.len(), MAX_BARS);
        let first = PeerId::from_entropy([1; 16]);
        assert_eq!(bars.fate(&room(0), first, Timestamp(0)), Some(Refusal::Removed));
        bars.add(&room(0), bar(3, 300), Timestamp(200));
        bars.add(&room(0), bar(4, 300), Timestamp(200));
        assert_eq!(bars.len(), 2, "what is over goes first");
    }
}
