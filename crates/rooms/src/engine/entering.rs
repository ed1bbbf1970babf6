//! How somebody becomes a member: joins, resumes, and what each of them is shown.

use std::sync::Arc;

use super::{Output, Rooms};
use crate::command::{Call, Fresh, Join, MemberRef, OnDisconnect, Resume};
use crate::event::{Body, Event, Joined, LeaveReason, Picture, Reply, Resumed, State};
use crate::ids::{ConnectionId, PeerId, Secret, Timestamp};
use crate::limits::DuplicateIdentity;
use crate::log::Audience;
use crate::member::{Link, Member, Renewal, Repetition, Seat};
use crate::refusal::Refusal;
use crate::room::Room;

impl Rooms {
    pub(super) fn join(
        &mut self,
        call: Call,
        join: Join,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut replaced = Vec::new();
        if let Some(room) = self.rooms.get(&join.room) {
            if room.on_connection(call.connection).is_some() {
                return Err(Refusal::AlreadyJoined);
            }
            if let Some(peer) = readmitted(room, &join, call.connection)? {
                let renewal = Renewal { used: None, next: fresh.secret };
                self.start_anew(call, &MemberRef { room: join.room, peer }, renewal, now);
                return Ok(());
            }
            replaced = self.duplicates(room, &join)?;
            let capacity = join.capacity.unwrap_or(usize::MAX).min(self.limits.max_members);
            if room.len() >= capacity.saturating_add(replaced.len()) {
                return Err(Refusal::RoomFull);
            }
        } else if self.rooms.len() >= self.limits.max_rooms && !self.end_an_empty_room() {
            return Err(Refusal::TooManyRooms);
        }
        for peer in replaced {
            self.replace(&MemberRef { room: join.room.clone(), peer }, now);
        }
        self.enter(call, join, fresh, now);
        Ok(())
    }

    /// The members that this join puts out.
    fn duplicates(&self, room: &Room, join: &Join) -> Result<Vec<PeerId>, Refusal> {
        let same = join.identity.as_ref().map(|id| room.of_identity(id)).unwrap_or_default();
        match self.limits.duplicate_identity {
            DuplicateIdentity::Allow => Ok(Vec::new()),
            DuplicateIdentity::Replace => Ok(same),
            DuplicateIdentity::Reject if same.is_empty() => Ok(Vec::new()),
            DuplicateIdentity::Reject => Err(Refusal::IdentityTaken),
        }
    }

    fn replace(&mut self, who: &MemberRef, now: Timestamp) {
        let room = self.rooms.get(&who.room);
        let connection = room.and_then(|room| room.get(who.peer)?.connection());
        self.remove(who, LeaveReason::Replaced, now);
        if let Some(connection) = connection {
            self.outputs.push_back(Output::Replaced { connection });
        }
    }

    fn enter(&mut self, call: Call, join: Join, fresh: Fresh, now: Timestamp) {
        let name = join.room.clone();
        let who = MemberRef { room: name.clone(), peer: fresh.peer };
        let room = self.rooms.entry(name.clone()).or_insert_with(|| Room::new(name.clone()));
        if let Some(ends_at) = room.ends_at {
            self.deadlines.remove(&(ends_at, name.clone(), None));
        }
        let seat = Seat {
            connection: call.connection,
            order: room.next_order(),
            permissions: self.limits.permissions,
        };
        let member = Member::new(join, fresh, seat);
        let view = member.view.clone();
        room.insert(member);
        self.memberships.entry(call.connection).or_default().push(who.clone());
        self.record(&name, Audience::AllBut(who.peer), Body::MemberJoined(view), now);
        self.paint(call, &who, Picture::New);
    }

    pub(super) fn resume(
        &mut self,
        call: Call,
        resume: &Resume,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let who = &resume.member;
        let room = self.rooms.get(&who.room).ok_or(Refusal::SessionUnknown)?;
        let member = room.get(who.peer).filter(|member| member.on_disconnect == OnDisconnect::Keep);
        let member = member.ok_or(Refusal::SessionUnknown)?;
        if !member.knows(resume.secret, call.connection) {
            return Err(Refusal::BadSecret);
        }
        if room.on_connection(call.connection).is_some() {
            return Err(Refusal::AlreadyJoined);
        }
        let renewal = Renewal { used: Some(resume.secret), next: fresh.secret };
        let Some(since) = resume.since else {
            self.start_anew(call, who, renewal, now);
            return Ok(());
        };
        let is_known = since <= room.log.last();
        self.take_over(call, who, now, |_| {});
        let member = self.current(call.connection, who).ok_or(Refusal::SessionUnknown)?;
        member.renew(renewal);
        // Asked only now: the news of the return may itself have pushed something out of the log.
        if is_known && since >= member.lost.max(member.acked) {
            member.acked = member.acked.max(since);
            self.replay(call, who, fresh.secret);
        } else {
            member.forget_requests();
            self.paint(call, who, Picture::Lost);
        }
        Ok(())
    }

    /// The same member, whose client knows nothing any more: the others must build anew what they had with it.
    fn start_anew(&mut self, call: Call, who: &MemberRef, renewal: Renewal, now: Timestamp) {
        self.take_over(call, who, now, |member| {
            member.forget_requests();
            member.renew(renewal);
            member.change(|view| view.incarnation += 1);
        });
        self.paint(call, who, Picture::Restarted);
    }

    /// Hands a session to the calling connection, closes the one that had it, and tells the others what changed.
    fn take_over(
        &mut self,
        call: Call,
        who: &MemberRef,
        now: Timestamp,
        edit: impl FnOnce(&mut Member),
    ) {
        let room = self.rooms.get_mut(&who.room);
        let Some(member) = room.and_then(|room| room.get_mut(who.peer)) else { return };
        let before = member.view.clone();
        edit(member);
        member.change(|view| view.state = State::Connected);
        let link = member.serve(call.connection);
        let view = member.view.clone();
        match link {
            Link::Connected(connection) => {
                self.forget_membership(connection, who);
                self.outputs.push_back(Output::Replaced { connection });
            }
            Link::Waiting { until } => {
                self.deadlines.remove(&(until, who.room.clone(), Some(who.peer)));
            }
        }
        self.memberships.entry(call.connection).or_default().push(who.clone());
        if view != before {
            // The member itself learns its state from the answer to its request.
            self.record(&who.room, Audience::AllBut(who.peer), Body::MemberUpdated(view), now);
        }
    }

    /// Answers with the whole picture; what was before it is not owed any more.
    fn paint(&mut self, call: Call, who: &MemberRef, picture: Picture) {
        let grace = self.limits.grace;
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let seq = room.log.last();
        let Some(member) = room.get_mut(who.peer) else { return };
        (member.acked, member.lost) = (seq, seq);
        let joined = Joined {
            room: who.room.clone(),
            peer: who.peer,
            secret: member.secret(),
            seq,
            members: room.views(),
            history: room.log.history(),
            grace,
            picture,
        };
        let reply = Ok(Reply::Joined(Box::new(joined)));
        self.outputs.push_back(Output::Reply { call, reply });
        self.settle(&who.room);
    }

    /// Answers that the session goes on, then gives everything that was missed.
    fn replay(&mut self, call: Call, who: &MemberRef, secret: Secret) {
        let Some(room) = self.rooms.get(&who.room) else { return };
        let Some(member) = room.get(who.peer) else { return };
        let missed: Vec<Arc<Event>> = room.log.missed(who.peer, member.acked);
        let resumed = Resumed {
            room: who.room.clone(),
            peer: who.peer,
            secret,
            seq: room.log.last(),
            replayed: missed.len(),
        };
        self.outputs.push_back(Output::Reply { call, reply: Ok(Reply::Resumed(resumed)) });
        for event in missed {
            self.outputs.push_back(Output::Event { to: vec![call.connection], event });
        }
        self.settle(&who.room);
    }
}

/// The member that this join is: one whose `joined` was lost on the way, or the holder of the same alias.
fn readmitted(
    room: &Room,
    join: &Join,
    connection: ConnectionId,
) -> Result<Option<PeerId>, Refusal> {
    match join.nonce.as_ref().and_then(|nonce| room.repetition(nonce, connection)) {
        Some((peer, Repetition::Again)) => return Ok(Some(peer)),
        Some((_, Repetition::Late)) => return Err(Refusal::AlreadyJoined),
        None => {}
    }
    let Some(claim) = &join.alias else { return Ok(None) };
    match room.of_alias(&claim.alias) {
        None => Ok(None),
        Some(member) if member.gives_way_to(&claim.token) => Ok(Some(member.peer())),
        Some(_) => Err(Refusal::AliasTaken),
    }
}
