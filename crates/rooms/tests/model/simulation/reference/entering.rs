//! Joins and resumes, as they have to be.

use parlor_rooms::{
    Admission, Body, Call, DuplicateIdentity, Entry, Event, Fresh, Join, Joined, LeaveReason,
    MemberRef, MemberView, OnDisconnect, Output, Permission, Permissions, Picture, Refusal, Reply,
    Resume, Resumed, Role, Rules, Secret, Seq, State, Timestamp, Tracks,
};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Also, Member, Reference, Room};

impl Reference {
    pub fn join(&mut self, call: Call, entry: Entry, now: Timestamp) {
        if let Err(refusal) = self.try_to_join(call, entry, now) {
            self.refuse(call, refusal);
        }
    }

    fn try_to_join(&mut self, call: Call, entry: Entry, now: Timestamp) -> Result<(), Refusal> {
        let Entry { join, admission, fresh } = &entry;
        self.barred(&join.room, join, admission, now)?;
        if let Some(who) = self.known(call, join)? {
            self.restart(call, &who, fresh.secret, now);
            return Ok(());
        }
        self.forget_same_knock(call, join, now)?;
        if !self.rooms.contains_key(&join.room) {
            let room = Room::new(Rules::clone(&admission.rules));
            let closed = room.door(admission)?;
            if self.rooms.len() >= self.limits.max_rooms && !self.end_an_empty_room(now) {
                return Err(Refusal::TooManyRooms);
            }
            self.rooms.insert(join.room.clone(), room);
            self.out.push(Output::RoomStarted { room: join.room.clone(), at: now });
            return self.enter_or_wait(call, entry, closed, now);
        }
        let closed = self.rooms[&join.room].door(admission)?;
        self.enter_or_wait(call, entry, closed, now)
    }

    fn enter_or_wait(
        &mut self,
        call: Call,
        entry: Entry,
        closed: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if closed {
            return self.knock(call, entry, now);
        }
        let instead_of = self.space(&entry)?;
        for who in instead_of {
            self.replace(&who, now);
        }
        self.enter(call, entry, now);
        Ok(())
    }

    /// The member that this join is already.
    fn known(&self, call: Call, join: &Join) -> Result<Option<MemberRef>, Refusal> {
        let Some(room) = self.rooms.get(&join.room) else { return Ok(None) };
        let waits = room.waiting.iter().any(|knock| knock.call.connection == call.connection);
        if waits || room.members.iter().any(|member| member.connection == Some(call.connection)) {
            return Err(Refusal::AlreadyJoined);
        }
        let mut same = room.members.iter().filter(|member| {
            let is_late = join.nonce.is_some()
                && member.nonce == join.nonce
                && call.connection < member.newest;
            is_late || member.knows_nonce(join)
        });
        let Some(same) = same.next() else { return Ok(None) };
        if call.connection < same.newest {
            return Err(Refusal::AlreadyJoined);
        }
        Ok(Some(MemberRef { room: join.room.clone(), peer: same.view.peer }))
    }

    /// Whom the newcomer puts out, if there is space for it.
    pub(super) fn space(&self, entry: &Entry) -> Result<Vec<MemberRef>, Refusal> {
        let (join, hidden) = (&entry.join, entry.admission.hidden);
        let room = &self.rooms[&join.room];
        let is_same = |member: &&Member| {
            join.identity.is_some()
                && member.view.identity == join.identity
                && !hidden
                && !member.hidden
        };
        let who = |member: &Member| MemberRef { room: join.room.clone(), peer: member.view.peer };
        let same: Vec<MemberRef> = room.members.iter().filter(is_same).map(who).collect();
        let instead_of = match self.limits.duplicate_identity {
            DuplicateIdentity::Reject if !same.is_empty() => return Err(Refusal::IdentityTaken),
            DuplicateIdentity::Allow | DuplicateIdentity::Reject => vec![],
            DuplicateIdentity::Replace => same,
        };
        let most = self.limits.max_members.min(room.rules.max_members.unwrap_or(usize::MAX));
        if room.members.len() - instead_of.len() >= most {
            return Err(Refusal::RoomFull);
        }
        Ok(instead_of)
    }

    /// The one that has been empty for the longest time.
    fn end_an_empty_room(&mut self, now: Timestamp) -> bool {
        let empty =
            self.rooms.iter().filter_map(|(name, room)| Some((room.ends_at?, name.clone())));
        let Some((_, name)) = empty.min() else { return false };
        self.end(&name, now);
        true
    }

    pub(super) fn replace(&mut self, who: &MemberRef, now: Timestamp) {
        let connection = self.member(who).and_then(|member| member.connection);
        self.remove(who, LeaveReason::Replaced, now);
        self.out.extend(connection.map(|connection| Output::Replaced { connection }));
    }

    pub(super) fn enter(&mut self, call: Call, entry: Entry, now: Timestamp) {
        let Entry { join, admission, fresh } = entry;
        let Some(room) = self.rooms.get_mut(&join.room) else { return };
        let (role, permissions) = room.grant(&admission);
        room.ends_at = None;
        room.joins += 1;
        room.was_seen |= !admission.hidden;
        let view = MemberView {
            peer: fresh.peer,
            name: join.name,
            identity: join.identity,
            alias: None,
            attributes: join.attributes,
            role,
            permissions,
            tracks: Tracks::default(),
            hand: None,
            state: State::Connected,
            incarnation: 1,
            order: room.joins,
        };
        room.members.push(Member {
            view: view.clone(),
            hidden: admission.hidden,
            is_free: admission.role.is_none(),
            address: admission.address,
            keeps: join.on_disconnect == OnDisconnect::Keep,
            connection: Some(call.connection),
            until: None,
            acked: 0,
            secret: fresh.secret,
            also: if join.nonce.is_some() { Also::Nonce } else { Also::Nothing },
            nonce: join.nonce,
            newest: call.connection,
            outcomes: BTreeMap::new(),
        });
        let who = MemberRef { room: join.room, peer: fresh.peer };
        self.record_for_others(&who, Body::MemberJoined(view.into()), now);
        self.paint(call, &who, Picture::New);
    }

    pub fn resume(&mut self, call: Call, resume: &Resume, fresh: Fresh, now: Timestamp) {
        let who = &resume.member;
        let Some(member) = self.member(who).filter(|member| member.keeps) else {
            let why = self.fate(who, now);
            return self.refuse(call, why);
        };
        let is_previous = member.also == Also::Secret(resume.secret);
        let is_late = call.connection < member.newest;
        if member.secret != resume.secret && (is_late || !is_previous) {
            return self.refuse(call, Refusal::BadSecret);
        }
        let Some(room) = self.rooms.get(&who.room) else { return };
        if room.members.iter().any(|member| member.connection == Some(call.connection)) {
            return self.refuse(call, Refusal::AlreadyJoined);
        }
        let Some(member) = self.member(who) else { return };
        member.also = Also::Secret(resume.secret);
        match resume.since {
            None => self.restart(call, who, fresh.secret, now),
            Some(since) => self.go_on(call, who, (since.0 as usize, fresh.secret), now),
        }
    }

    fn restart(&mut self, call: Call, who: &MemberRef, secret: Secret, now: Timestamp) {
        let Some(member) = self.member(who) else { return };
        member.secret = secret;
        member.view.incarnation += 1;
        member.outcomes.clear();
        self.take_over(call, who);
        self.tell_of(who, now);
        self.paint(call, who, Picture::Restarted);
    }

    fn go_on(
        &mut self,
        call: Call,
        who: &MemberRef,
        (since, secret): (usize, Secret),
        now: Timestamp,
    ) {
        let last = self.log(&who.room).len();
        let Some(member) = self.member(who) else { return };
        member.secret = secret;
        let was_away = member.connection.is_none();
        self.take_over(call, who);
        if was_away {
            self.tell_of(who, now);
        }
        let Some(room) = self.rooms.get(&who.room) else { return };
        let acked = room.get(who.peer).map_or(0, |member| member.acked);
        let gone = room.meant_for(who.peer, since).any(|entry| number(&entry.event) <= room.floor);
        if gone || since < acked || since > last {
            let Some(member) = self.member(who) else { return };
            member.outcomes.clear();
            self.paint(call, who, Picture::Lost);
        } else {
            self.replay(call, who, since);
        }
    }

    fn take_over(&mut self, call: Call, who: &MemberRef) {
        let Some(member) = self.member(who) else { return };
        member.until = None;
        member.newest = member.newest.max(call.connection);
        member.view.state = State::Connected;
        let before = member.connection.replace(call.connection);
        self.out.extend(before.map(|connection| Output::Replaced { connection }));
    }

    fn tell_of(&mut self, who: &MemberRef, now: Timestamp) {
        let Some(member) = self.member(who) else { return };
        let body = Body::MemberUpdated(member.view.clone().into());
        self.record_for_others(who, body, now);
    }

    fn paint(&mut self, call: Call, who: &MemberRef, picture: Picture) {
        let (grace, messages) = (self.limits.grace, self.limits.history_messages);
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let last = room.log.len();
        let chats = room.log.iter().map(|entry| &entry.event).filter(|event| is_chat(event));
        let history: Vec<Arc<Event>> = chats.cloned().collect();
        let seen = room.members.iter().filter(|one| !one.hidden || one.view.peer == who.peer);
        let members = seen.map(|member| member.view.clone().into()).collect();
        let rules = room.rules.clone();
        let mut waiting: Vec<_> = room.waiting.iter().map(|knock| knock.view.clone()).collect();
        let Some(member) = room.get_mut(who.peer) else { return };
        member.acked = last;
        if !member.moderates() {
            waiting.clear();
        }
        let joined = Joined {
            room: who.room.clone(),
            peer: who.peer,
            secret: member.secret,
            seq: Seq(last as u64),
            members,
            history: history[history.len().saturating_sub(messages)..].to_vec(),
            rules,
            waiting,
            grace,
            picture,
        };
        room.settle();
        self.out.push(Output::Reply { call, reply: Ok(Reply::Joined(Box::new(joined))) });
    }

    fn replay(&mut self, call: Call, who: &MemberRef, since: usize) {
        let Some(room) = self.rooms.get_mut(&who.room) else { return };
        let missed: Vec<_> =
            room.meant_for(who.peer, since).map(|entry| entry.event.clone()).collect();
        let last = room.log.len();
        let Some(member) = room.get_mut(who.peer) else { return };
        member.acked = since;
        let resumed = Resumed {
            room: who.room.clone(),
            peer: who.peer,
            secret: member.secret,
            seq: Seq(last as u64),
            replayed: missed.len(),
        };
        room.settle();
        self.out.push(Output::Reply { call, reply: Ok(Reply::Resumed(resumed)) });
        let to = vec![call.connection];
        self.out.extend(missed.into_iter().map(|event| Output::Event { to: to.clone(), event }));
    }

    pub(super) fn refuse(&mut self, call: Call, refusal: Refusal) {
        self.out.push(Output::Reply { call, reply: Err(refusal) });
    }
}

impl Room {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    fn grant(&self, admission: &Admission) -> (Role, Permissions) {
        let closed = self.rules.locked || (self.rules.waiting_room && self.was_seen);
        let owned = closed || self.is_moderated() || admission.hidden || !self.rules.creator_owns;
        let usual = if owned { Role::Speaker } else { Role::Owner };
        let role = admission.role.unwrap_or(usual);
        (role, role.permissions())
    }

    /// Whether somebody has to wait.
    fn door(&self, admission: &Admission) -> Result<bool, Refusal> {
        if self.grant(admission).1.has(Permission::Moderate) {
            return Ok(false);
        }
        if self.rules.locked { Err(Refusal::RoomLocked) } else { Ok(self.rules.waiting_room) }
    }
}

fn is_chat(event: &Event) -> bool {
    matches!(event.body, Body::Chat { .. })
}

fn number(event: &Event) -> usize {
    event.seq.map_or(0, |seq| seq.0 as usize)
}
