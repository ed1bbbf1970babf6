//! How somebody becomes a member: joins, resumes, and what each of them is shown.

use std::sync::Arc;

use super::{Due, Output, Rooms};
use crate::admission::{Admission, Rules};
use crate::command::{Call, Entry, Fresh, Join, MemberRef, OnDisconnect, Resume};
use crate::event::{Body, Event, Joined, LeaveReason, Picture, Reply, Resumed, State};
use crate::ids::{ConnectionId, PeerId, RoomName, Secret, Timestamp};
use crate::limits::DuplicateIdentity;
use crate::log::Audience;
use crate::member::{Link, Member, Renewal, Repetition, Seat};
use crate::permissions::Permission;
use crate::refusal::Refusal;
use crate::room::{Door, Room};

impl Rooms {
    pub(super) fn join(&mut self, call: Call, entry: Entry, now: Timestamp) -> Result<(), Refusal> {
        let Entry { join, admission, fresh } = &entry;
        self.bars.judge(join, admission, now)?;
        if let Some(room) = self.rooms.get(&join.room) {
            if room.on_connection(call.connection).is_some() || self.waits(call, &join.room) {
                return Err(Refusal::AlreadyJoined);
            }
            if let Some(peer) = readmitted(room, join, call.connection)? {
                let renewal = Renewal { used: None, next: fresh.secret };
                self.start_anew(call, &MemberRef { room: join.room.clone(), peer }, renewal, now);
                return Ok(());
            }
            self.replace_knock(call, &entry, now)?;
        }
        match self.open_or_find(&entry, now)? {
            Door::Guarded => self.knock(call, entry, now),
            Door::Open => {
                let replaced = self.make_room(&entry.join, &entry.admission)?;
                self.let_in(call, entry, replaced, now);
                Ok(())
            }
        }
    }

    fn waits(&self, call: Call, room: &RoomName) -> bool {
        self.knocks.get(&call.connection).is_some_and(|rooms| rooms.contains(room))
    }

    /// How the door of the room is, which comes to be if it is not there.
    fn open_or_find(&mut self, entry: &Entry, now: Timestamp) -> Result<Door, Refusal> {
        let Entry { join, admission, .. } = entry;
        if let Some(room) = self.rooms.get(&join.room) {
            return room.door(admission);
        }
        if !admission.may_create {
            return Err(Refusal::RoomUnknown);
        }
        let room = Room::new(join.room.clone(), Rules::clone(&admission.rules), now);
        let door = room.door(admission)?;
        if self.rooms.len() >= self.limits.max_rooms && !self.end_an_empty_room(now) {
            return Err(Refusal::TooManyRooms);
        }
        self.start_room(room, now);
        Ok(door)
    }

    /// The members that this join puts out. It is refused when there would still be too many.
    pub(super) fn make_room(
        &self,
        join: &Join,
        admission: &Admission,
    ) -> Result<Vec<PeerId>, Refusal> {
        let Some(room) = self.rooms.get(&join.room) else { return Err(Refusal::RoomUnknown) };
        let replaced = self.duplicates(room, join, admission)?;
        let limits = [join.capacity, room.rules.max_members, Some(self.limits.max_members)];
        let capacity = limits.into_iter().flatten().min().unwrap_or_default();
        if room.len() >= capacity.saturating_add(replaced.len()) {
            return Err(Refusal::RoomFull);
        }
        Ok(replaced)
    }

    fn duplicates(
        &self,
        room: &Room,
        join: &Join,
        admission: &Admission,
    ) -> Result<Vec<PeerId>, Refusal> {
        let identity = admission.identity.as_ref().or(join.identity.as_ref());
        let same = identity.filter(|_| !admission.hidden);
        let same = same.map(|identity| room.of_identity(identity, admission.identity.is_some()));
        let same = same.unwrap_or_default();
        match self.limits.duplicate_identity {
            DuplicateIdentity::Allow => Ok(Vec::new()),
            DuplicateIdentity::Replace => Ok(same),
            DuplicateIdentity::Reject if same.is_empty() => Ok(Vec::new()),
            DuplicateIdentity::Reject => Err(Refusal::IdentityTaken),
        }
    }

    pub(super) fn let_in(
        &mut self,
        call: Call,
        entry: Entry,
        replaced: Vec<PeerId>,
        now: Timestamp,
    ) {
        let name = entry.join.room.clone();
        for peer in replaced {
            self.replace(&MemberRef { room: name.clone(), peer }, now);
        }
        self.enter(call, entry, now);
    }

    fn replace(&mut self, who: &MemberRef, now: Timestamp) {
        let room = self.rooms.get(&who.room);
        let connection = room.and_then(|room| room.get(who.peer)?.connection());
        self.remove(who, LeaveReason::Replaced, now);
        if let Some(connection) = connection {
            self.outputs.push_back(Output::Replaced { connection });
        }
    }

    fn enter(&mut self, call: Call, entry: Entry, now: Timestamp) {
        let Entry { join, admission, fresh } = entry;
        let name = join.room.clone();
        self.keep(&name);
        let Some(room) = self.rooms.get_mut(&name) else { return };
        // One text for all members: it is compared at a glance, and kept once.
        let name = room.name().clone();
        let who = MemberRef { room: name.clone(), peer: fresh.peer };
        let (role, permissions) = room.grant(&admission);
        let seat = Seat {
            connection: call.connection,
            order: room.next_order(),
            role,
            permissions,
            starts_muted: room.rules.mute_on_entry && !permissions.has(Permission::Moderate),
        };
        let member = Member::new(join, admission, fresh, seat);
        let view = member.view.clone();
        room.insert(member);
        self.memberships.entry(call.connection).or_default().push(who.clone());
        self.totals.joined += 1;
        self.record_of(&who, Audience::AllBut(who.peer), Body::MemberJoined(view), now);
        self.watch_pass(&who, now);
        self.paint(call, &who, Picture::New, now);
    }

    pub(super) fn resume(
        &mut self,
        call: Call,
        resume: &Resume,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let who = &resume.member;
        let fate = || self.bars.fate(&who.room, who.peer, now).unwrap_or(Refusal::SessionUnknown);
        let room = self.rooms.get(&who.room).ok_or_else(fate)?;
        let member = room.get(who.peer).filter(|member| member.on_disconnect == OnDisconnect::Keep);
        let member = member.ok_or_else(fate)?;
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
            self.replay(call, who, fresh.secret, now);
        } else {
            member.forget_requests();
            self.totals.lost += 1;
            self.paint(call, who, Picture::Lost, now);
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
        self.totals.restarted += 1;
        self.paint(call, who, Picture::Restarted, now);
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
                self.deadlines.remove(&(until, who.room.clone(), Due::Grace(who.peer)));
            }
        }
        self.memberships.entry(call.connection).or_default().push(who.clone());
        if view != before {
            // The member itself learns its state from the answer to its request.
            self.record_of(who, Audience::AllBut(who.peer), Body::MemberUpdated(view), now);
        }
    }

    /// Answers with the whole picture; what was before it is not owed any more.
    fn paint(&mut self, call: Call, who: &MemberRef, picture: Picture, now: Timestamp) {
        let grace = self.limits.grace;
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let seq = room.log.last();
        let Some(member) = room.get_mut(who.peer) else { return };
        (member.acked, member.lost) = (seq, seq);
        let (secret, moderates) = (member.secret(), member.moderates());
        let joined = Joined {
            room: room.name().clone(),
            peer: who.peer,
            secret,
            seq,
            members: room.views_for(who.peer),
            history: room.log.history(),
            rules: room.rules.clone(),
            waiting: if moderates { room.knockers() } else { Vec::new() },
            grace,
            picture,
        };
        let reply = Ok(Reply::Joined(Box::new(joined)));
        self.outputs.push_back(Output::Reply { call, reply });
        self.settle(&who.room);
        self.remind(who, now);
    }

    /// Answers that the session goes on, then gives everything that was missed.
    fn replay(&mut self, call: Call, who: &MemberRef, secret: Secret, now: Timestamp) {
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
            self.totals.replayed += 1;
            self.outputs.push_back(Output::Event { to: vec![call.connection], event });
        }
        self.totals.resumed += 1;
        self.settle(&who.room);
        self.remind(who, now);
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
