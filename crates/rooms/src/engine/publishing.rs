//! What members say of their own sources and hands.

use super::Rooms;
use crate::command::MemberRef;
use crate::ids::Timestamp;
use crate::outcomes::Outcome;
use crate::refusal::Refusal;
use crate::tracks::{Source, Track};

impl Rooms {
    pub(super) fn publish(&mut self, who: &MemberRef, mut track: Track, now: Timestamp) -> Outcome {
        let room = self.rooms.get_mut(&who.room);
        let member = room.and_then(|room| room.get_mut(who.peer)).ok_or(Refusal::NotJoined)?;
        if track.source == Source::Microphone && std::mem::take(&mut member.standing.starts_muted) {
            track.muted = true;
        }
        Ok(self.change(who, |view| view.tracks.set(track), now))
    }

    pub(super) fn unpublish(&mut self, who: &MemberRef, source: Source, now: Timestamp) -> Outcome {
        Ok(self.change(who, |view| view.tracks.remove(source), now))
    }

    /// A hand that is up keeps its place. No two have the same time, so that everybody sees the same order.
    pub(super) fn raise_hand(&mut self, who: &MemberRef, raised: bool, now: Timestamp) -> Outcome {
        let room = self.rooms.get(&who.room).ok_or(Refusal::NotJoined)?;
        let last = room.members().filter_map(|member| member.view.hand).max();
        let at = last.map_or(now, |Timestamp(last)| now.max(Timestamp(last + 1)));
        Ok(self.change(who, |view| view.hand = raised.then(|| view.hand.unwrap_or(at)), now))
    }
}
