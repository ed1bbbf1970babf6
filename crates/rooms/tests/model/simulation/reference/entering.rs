//! Joins and resumes, as they have to be.

use parlor_rooms::{
    Body, Call, DuplicateIdentity, Event, Fresh, Join, Joined, LeaveReason, MemberRef, MemberView,
    OnDisconnect, Output, Picture, Refusal, Reply, Resume, Resumed, Secret, Seq, State, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Also, Member, Reference};

impl Reference {
    pub fn join(&mut self, call: Call, join: Join, fresh: Fresh, now: Timestamp) {
        let is_new = !self.rooms.contains_key(&join.room);
        if is_new && self.rooms.len() >= self.limits.max_rooms {
            self.end_an_empty_room();
        }
        match self.admit(call, &join) {
            Err(refusal) => self.refuse(call, refusal),
            Ok(Admission::Again(who)) => {
                self.restart(call, &who, fresh.secret, now);
            }
            Ok(Admission::New { instead_of }) => {
                for who in instead_of {
                    self.replace(&who, now);
                }
                self.enter(call, join, fresh, now);
            }
        }
    }

    fn admit(&self, call: Call, join: &Join) -> Result<Admission, Refusal> {
        let Some(room) = self.rooms.get(&join.room) else {
            let full = self.rooms.len() >= self.limits.max_rooms;
            let new = Admission::New { instead_of: vec![] };
            return if full { Err(Refusal::TooManyRooms) } else { Ok(new) };
        };
        let who = |member: &Member| MemberRef { room: join.room.clone(), peer: member.view.peer };
        if room.members.iter().any(|member| member.connection == Some(call.connection)) {
            return Err(Refusal::AlreadyJoined);
        }
        let mut joined = room.members.iter().filter(|member| {
            let is_late = call.connection < member.newest;
            join.nonce.is_some()
                && member.nonce == join.nonce
                && (is_late || member.also == Also::Nonce)
        });
        if let Some(same) = joined.next() {
            let is_late = call.connection < same.newest;
            return if is_late {
                Err(Refusal::AlreadyJoined)
            } else {
                Ok(Admission::Again(who(same)))
            };
        }
        let is_same =
            |member: &&Member| join.identity.is_some() && member.view.identity == join.identity;
        let same: Vec<MemberRef> = room.members.iter().filter(is_same).map(who).collect();
        let instead_of = match self.limits.duplicate_identity {
            DuplicateIdentity::Reject if !same.is_empty() => return Err(Refusal::IdentityTaken),
            DuplicateIdentity::Allow | DuplicateIdentity::Reject => vec![],
            DuplicateIdentity::Replace => same,
        };
        if room.members.len() - instead_of.len() >= self.limits.max_members {
            return Err(Refusal::RoomFull);
        }
        Ok(Admission::New { instead_of })
    }

    /// The one that has been empty for the longest time.
    fn end_an_empty_room(&mut self) {
        let empty =
            self.rooms.iter().filter_map(|(name, room)| Some((room.ends_at?, name.clone())));
        if let Some((_, name)) = empty.min() {
            self.rooms.remove(&name);
        }
    }

    fn replace(&mut self, who: &MemberRef, now: Timestamp) {
        let connection = self.member(who).and_then(|member| member.connection);
        self.remove(who, LeaveReason::Replaced, now);
        self.out.extend(connection.map(|connection| Output::Replaced { connection }));
    }

    fn enter(&mut self, call: Call, join: Join, fresh: Fresh, now: Timestamp) {
        let room = self.rooms.entry(join.room.clone()).or_default();
        room.ends_at = None;
        room.joins += 1;
        let view = MemberView {
            peer: fresh.peer,
            name: join.name,
            identity: join.identity,
            alias: None,
            attributes: join.attributes,
            permissions: self.limits.permissions,
            state: State::Connected,
            incarnation: 1,
            order: room.joins,
        };
        room.members.push(Member {
            view: view.clone(),
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
            return self.refuse(call, Refusal::SessionUnknown);
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
        let members = room.members.iter().map(|member| member.view.clone().into()).collect();
        let Some(member) = room.get_mut(who.peer) else { return };
        member.acked = last;
        let joined = Joined {
            room: who.room.clone(),
            peer: who.peer,
            secret: member.secret,
            seq: Seq(last as u64),
            members,
            history: history[history.len().saturating_sub(messages)..].to_vec(),
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

enum Admission {
    New { instead_of: Vec<MemberRef> },
    Again(MemberRef),
}

fn is_chat(event: &Event) -> bool {
    matches!(event.body, Body::Chat { .. })
}

fn number(event: &Event) -> usize {
    event.seq.map_or(0, |seq| seq.0 as usize)
}
