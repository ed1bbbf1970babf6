//! How what a member is and may do changes, and what follows from it.

use super::Rooms;
use crate::command::MemberRef;
use crate::event::{Body, MemberView};
use crate::ids::{PeerId, RoomName, Seq, Timestamp};
use crate::log::Audience;
use crate::permissions::{Permissions, Role};

impl Rooms {
    /// Changes what the others see of a member, and tells everybody if there is a difference.
    pub(super) fn change(
        &mut self,
        who: &MemberRef,
        edit: impl FnOnce(&mut MemberView),
        now: Timestamp,
    ) -> Option<Seq> {
        let member = self.rooms.get_mut(&who.room)?.get_mut(who.peer)?;
        let before = member.view.clone();
        member.change(edit);
        if member.view == before {
            return None;
        }
        let view = member.view.clone();
        self.record_of(who, Audience::All, Body::MemberUpdated(view), now)
    }

    pub(super) fn give(
        &mut self,
        who: &MemberRef,
        (role, permissions): (Role, Permissions),
        now: Timestamp,
    ) -> Option<Seq> {
        let room = self.rooms.get(&who.room)?;
        let moderated = room.get(who.peer)?.moderates();
        let edit = |view: &mut MemberView| {
            (view.role, view.permissions) = (role, permissions);
            view.tracks.confine(permissions);
        };
        let seq = self.change(who, edit, now);
        let moderates = self.rooms.get(&who.room)?.get(who.peer)?.moderates();
        if moderates && !moderated {
            self.show_knocks(&who.room, who.peer, now);
        } else if moderated && !moderates {
            self.succeed(&who.room, now);
        }
        seq
    }

    /// A room whose last moderator is gone gets another owner, where its rules say so.
    pub(super) fn succeed(&mut self, name: &RoomName, now: Timestamp) {
        let heir: Option<PeerId> = self.rooms.get(name).and_then(crate::room::Room::heir);
        if let Some(peer) = heir {
            let who = MemberRef { room: name.clone(), peer };
            self.give(&who, (Role::Owner, Role::Owner.permissions()), now);
        }
    }
}
