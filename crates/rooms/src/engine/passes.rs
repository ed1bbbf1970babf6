//! How long a membership may last by its token: notices, ends, newer tokens, tokens that are revoked.

use std::time::Duration;

use super::{Due, Rooms};
use crate::admission::{Admission, Pass, PassId};
use crate::command::{Call, MemberRef};
use crate::event::Body;
use crate::ids::{PeerId, RoomName, Timestamp};
use crate::member::{Member, PassDue};
use crate::outcomes::Outcome;
use crate::refusal::Refusal;

/// How long before its token ends a member is told; half of the rest, if that is shorter.
const NOTICE: Duration = Duration::from_secs(60);

impl Rooms {
    /// A member shows a newer token, which the driver has judged like that of a join.
    pub fn handle_refresh(
        &mut self,
        call: Call,
        who: &MemberRef,
        admission: Admission,
        now: Timestamp,
    ) {
        let Some(member) = self.current(call.connection, who) else {
            return self.answer(call, Err(Refusal::NotJoined));
        };
        member.confirm();
        if let Some(outcome) = call.request.and_then(|id| member.outcomes.repeated(id)) {
            return self.answer(call, outcome);
        }
        let outcome = self.refresh(who, admission, now);
        if let (Some(member), Some(id)) = (self.current(call.connection, who), call.request) {
            member.outcomes.remember(id, outcome);
        }
        self.answer(call, outcome);
    }

    /// The same on another way than the member's connection.
    pub fn handle_refresh_aside(
        &mut self,
        who: &MemberRef,
        admission: Admission,
        now: Timestamp,
    ) -> Outcome {
        self.refresh(who, admission, now)
    }

    /// Nobody is a member by this token any more, and nobody waits with it.
    pub fn handle_revocation(&mut self, pass: &PassId, now: Timestamp) {
        let is_meant = |held: Option<&Pass>| held.and_then(|held| held.id.as_ref()) == Some(pass);
        let mut meant: Vec<MemberRef> = Vec::new();
        let mut waiting: Vec<(RoomName, PeerId)> = Vec::new();
        for (name, room) in &self.rooms {
            let members = room.members().filter(|m| is_meant(m.standing.pass.as_ref()));
            meant.extend(members.map(|m| MemberRef { room: name.clone(), peer: m.peer() }));
            let knocks = room.waiting.iter();
            let knocks = knocks.filter(|knock| is_meant(knock.entry.admission.pass.as_ref()));
            waiting.extend(knocks.map(|knock| (name.clone(), knock.view.peer)));
        }
        meant.sort_unstable_by(|a, b| (&a.room, a.peer).cmp(&(&b.room, b.peer)));
        waiting.sort_unstable();
        for who in meant {
            self.put_out(&who, None, now);
        }
        for (room, peer) in waiting {
            _ = self.deny(&room, (peer, Refusal::Removed), now);
        }
    }

    fn refresh(&mut self, who: &MemberRef, admission: Admission, now: Timestamp) -> Outcome {
        let room = self.rooms.get_mut(&who.room).ok_or(Refusal::NotJoined)?;
        let member = room.get_mut(who.peer).ok_or(Refusal::NotJoined)?;
        if member.standing.identity() != admission.identity.as_ref() {
            return Err(Refusal::NotPermitted); // It is somebody else's.
        }
        let granted = (admission.role, admission.permissions);
        let says_more = member.standing.granted != granted && granted != (None, None);
        member.standing.granted = granted;
        member.standing.pass = admission.pass;
        let role = admission.role.unwrap_or(member.view.role);
        self.watch_pass(who, now);
        if !says_more {
            return Ok(None);
        }
        Ok(self.give(who, (role, admission.permissions.unwrap_or(role.permissions())), now))
    }

    /// Sets the deadlines of a member's token anew.
    pub(super) fn watch_pass(&mut self, who: &MemberRef, now: Timestamp) {
        let room = self.rooms.get_mut(&who.room);
        let Some(member) = room.and_then(|room| room.get_mut(who.peer)) else { return };
        let ends_at = member.standing.pass.as_ref().and_then(|pass| pass.ends_at);
        let next = ends_at.map(|ends_at| {
            let rest = ends_at.0.saturating_sub(now.0);
            let notice = u64::try_from(NOTICE.as_millis()).unwrap_or(u64::MAX).min(rest / 2);
            PassDue::Notice(Timestamp(ends_at.0.saturating_sub(notice)))
        });
        let before = std::mem::replace(&mut member.standing.due, next);
        self.forget_pass(who, before);
        self.deadlines.extend(next.map(|next| deadline(who, next)));
    }

    pub(super) fn forget_pass(&mut self, who: &MemberRef, due: Option<PassDue>) {
        if let Some(due) = due {
            self.deadlines.remove(&deadline(who, due));
        }
    }

    pub(super) fn give_notice(&mut self, who: &MemberRef, now: Timestamp) {
        let room = self.rooms.get_mut(&who.room);
        let Some(member) = room.and_then(|room| room.get_mut(who.peer)) else { return };
        let ends_at = member.standing.pass.as_ref().and_then(|pass| pass.ends_at);
        member.standing.due = ends_at.map(PassDue::End);
        self.deadlines.extend(ends_at.map(|at| deadline(who, PassDue::End(at))));
        self.remind(who, now);
    }

    /// Who has just come back may have missed that its token is about to end.
    pub(super) fn remind(&mut self, who: &MemberRef, now: Timestamp) {
        let Some(room) = self.rooms.get(&who.room) else { return };
        let due = room.get(who.peer).and_then(|member| member.standing.due);
        if let Some(PassDue::End(ends_at)) = due {
            let to = room.get(who.peer).and_then(Member::connection).into_iter().collect();
            let event = room.mention(Body::TokenExpiring { ends_at }, now);
            self.tell(to, event);
        }
    }
}

fn deadline(who: &MemberRef, due: PassDue) -> (Timestamp, RoomName, Due) {
    match due {
        PassDue::Notice(at) => (at, who.room.clone(), Due::Notice(who.peer)),
        PassDue::End(at) => (at, who.room.clone(), Due::PassEnd(who.peer)),
    }
}
