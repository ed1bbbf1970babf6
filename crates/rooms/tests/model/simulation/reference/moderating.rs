//! What those who moderate do, and to whom, as it has to be.

use parlor_rooms::{
    AddressKey, Admission, Body, LeaveReason, MemberRef, MemberView, Moderation, Output, PeerId,
    Permission, Permissions, Refusal, Role, RoomName, Rules, RulesChange, Seq, Source, State,
    Timestamp, Track, Whom,
};

use super::{Also, Bar, Member, Reference, Room};

type Outcome = Result<Option<Seq>, Refusal>;

/// As long as rooms remember who was removed without a ban.
const BAR_TIME: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);

/// Who acts: nobody is the house.
type Hand = Option<MemberView>;

impl Reference {
    pub fn order(&mut self, room: &RoomName, moderation: Moderation, now: Timestamp) -> Outcome {
        if !self.rooms.contains_key(room) {
            return Err(Refusal::RoomUnknown);
        }
        self.act(room, None, moderation, now)
    }

    pub(super) fn moderate(
        &mut self,
        who: &MemberRef,
        moderation: Moderation,
        now: Timestamp,
    ) -> Outcome {
        let view = self.member(who).map(|member| member.view.clone());
        self.act(&who.room, view, moderation, now)
    }

    pub fn permissions_of(&self, peer: PeerId) -> Permissions {
        let member = self.rooms.values().find_map(|room| room.get(peer));
        member.map_or(Permissions::NONE, |member| member.view.permissions)
    }

    fn act(
        &mut self,
        room: &RoomName,
        hand: Hand,
        moderation: Moderation,
        now: Timestamp,
    ) -> Outcome {
        let who = |peer| MemberRef { room: room.clone(), peer };
        match moderation {
            Moderation::Remove { peer, ban } => {
                self.remove_member(&who(peer), &hand, ban.map(|ban| now.after(ban)), now)
            }
            Moderation::Mute { whom, source } => self.mute(room, whom, source, now),
            Moderation::SetRole { peer, role } => self.set_role(&who(peer), &hand, role, now),
            Moderation::SetPermissions { peer, permissions } => {
                self.set_permissions(&who(peer), &hand, permissions, now)
            }
            Moderation::LowerHand { peer } => {
                self.find(room, &hand, peer)?;
                Ok(self.change(&who(peer), |view| view.hand = None, now))
            }
            Moderation::Admit { peer } => self.admit_knock(room, peer, now).map(|()| None),
            Moderation::Deny { peer } => self.deny(room, peer, Refusal::Denied, now).map(|()| None),
            Moderation::SetRules(change) => self.set_rules(room, change, now),
            Moderation::End if rank(&hand) < 2 => Err(Refusal::Outranked),
            Moderation::End => {
                self.end_for_all(room, now);
                Ok(None)
            }
        }
    }

    fn remove_member(
        &mut self,
        who: &MemberRef,
        hand: &Hand,
        ban: Option<Timestamp>,
        now: Timestamp,
    ) -> Outcome {
        let (name, peer) = (&who.room, who.peer);
        let mut bar = Bar {
            room: name.clone(),
            peer,
            why: Refusal::Removed,
            nonce: None,
            address: None,
            ban,
            until: now.after(BAR_TIME),
        };
        let room = &self.rooms[name];
        if let Some(knock) = room.waiting.iter().find(|knock| knock.view.peer == peer) {
            (bar.nonce, bar.address) = (knock.join.nonce.clone(), knock.admission.address);
            self.bars.push(bar);
            let why = if ban.is_some() { Refusal::Banned } else { Refusal::Removed };
            return self.deny(name, peer, why, now).map(|()| None);
        }
        self.below(name, hand, peer)?;
        let member = room.get(peer).ok_or(Refusal::UnknownTarget)?;
        (bar.nonce, bar.address) = (member.nonce.clone(), member.address);
        self.bars.push(bar);
        self.expel(who, LeaveReason::Removed, now);
        Ok(None)
    }

    fn mute(&mut self, room: &RoomName, whom: Whom, source: Source, now: Timestamp) -> Outcome {
        let members = self.rooms[room].members.iter();
        let meant: Vec<PeerId> = match whom {
            Whom::Peer(peer) => vec![peer],
            Whom::Others => members.filter(|m| !m.moderates()).map(|m| m.view.peer).collect(),
        };
        let muted = |track: Track| Track { muted: track.muted || track.source == source, ..track };
        let mute = |view: &mut MemberView| {
            view.tracks = view.tracks.iter().map(muted).collect();
        };
        let mut last = None;
        for peer in meant {
            let who = MemberRef { room: room.clone(), peer };
            last = self.change(&who, mute, now).or(last);
        }
        Ok(last)
    }

    fn set_role(&mut self, who: &MemberRef, hand: &Hand, role: Role, now: Timestamp) -> Outcome {
        let (room, peer) = (&who.room, who.peer);
        let target = self.find(room, hand, peer)?;
        let is_self = hand.as_ref().is_some_and(|hand| hand.peer == peer);
        if is_self && role < target.role {
            return Ok(self.give(who, role, role.permissions(), now));
        }
        self.below(room, hand, peer)?;
        if (role >= Role::Moderator || target.role >= Role::Moderator) && rank(hand) < 2 {
            return Err(Refusal::Outranked);
        }
        Ok(self.give(who, role, role.permissions(), now))
    }

    fn set_permissions(
        &mut self,
        who: &MemberRef,
        hand: &Hand,
        permissions: Permissions,
        now: Timestamp,
    ) -> Outcome {
        let (room, peer) = (&who.room, who.peer);
        let target = self.find(room, hand, peer)?;
        let more = permissions.iter().filter(|one| !target.permissions.has(*one));
        let more: Vec<Permission> = more.collect();
        let is_self = hand.as_ref().is_some_and(|hand| hand.peer == peer);
        if !(is_self && more.is_empty()) {
            self.below(room, hand, peer)?;
            let own = hand.as_ref().map_or(Permissions::ALL, |hand| hand.permissions);
            if let Some(one) = more.into_iter().find(|one| !own.has(*one)) {
                return Err(Refusal::Lacks(one));
            }
            let rises = |set: Permissions| set.has(Permission::Moderate);
            if rises(permissions) != rises(target.permissions) && rank(hand) < 2 {
                return Err(Refusal::Outranked);
            }
        }
        Ok(self.give(who, target.role, permissions, now))
    }

    fn set_rules(&mut self, room: &RoomName, change: RulesChange, now: Timestamp) -> Outcome {
        let rules = &mut self.rooms.get_mut(room).ok_or(Refusal::RoomUnknown)?.rules;
        let before = rules.clone();
        let limit = change.max_members.map(|max| max.map(|max| max.max(1)));
        *rules = Rules {
            locked: change.locked.unwrap_or(rules.locked),
            waiting_room: change.waiting_room.unwrap_or(rules.waiting_room),
            max_members: limit.unwrap_or(rules.max_members),
            ..rules.clone()
        };
        if *rules == before {
            return Ok(None);
        }
        let body = Body::RoomUpdated(rules.clone());
        let everybody = self.rooms[room].peers().collect();
        let seq = self.record(room, everybody, body, now);
        self.open_door(room, now);
        Ok(Some(seq))
    }

    fn end_for_all(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let members = std::mem::take(&mut room.members);
        for member in members {
            let (peer, reason) = (member.view.peer, LeaveReason::Ended);
            if !member.hidden {
                self.record(name, vec![], Body::MemberLeft { peer, reason }, now);
            }
            match member.connection {
                Some(connection) => {
                    let who = MemberRef { room: name.clone(), peer };
                    self.out.push(Output::Expelled { connection, who, reason, is_last: true });
                }
                None => self.bars.push(Bar {
                    room: name.clone(),
                    peer,
                    why: Refusal::RoomEnded,
                    nonce: None,
                    address: None,
                    ban: None,
                    until: now.after(BAR_TIME),
                }),
            }
        }
        self.end(name, now);
    }

    fn expel(&mut self, who: &MemberRef, reason: LeaveReason, now: Timestamp) {
        let connection = self.member(who).and_then(|member| member.connection);
        self.remove(who, reason, now);
        let who = who.clone();
        self.out.extend(connection.map(|connection| Output::Expelled {
            connection,
            who,
            reason,
            is_last: true,
        }));
    }

    pub(super) fn give(
        &mut self,
        who: &MemberRef,
        role: Role,
        permissions: Permissions,
        now: Timestamp,
    ) -> Option<Seq> {
        let moderated = self.member(who)?.moderates();
        let edit = |view: &mut MemberView| {
            (view.role, view.permissions) = (role, permissions);
            let kept =
                view.tracks.iter().filter(|track| permissions.has(track.source.permission()));
            view.tracks = kept.collect();
        };
        let seq = self.change(who, edit, now);
        let moderates = self.member(who)?.moderates();
        if moderates && !moderated {
            let views: Vec<_> =
                self.rooms[&who.room].waiting.iter().map(|knock| knock.view.clone()).collect();
            for view in views {
                self.record(&who.room, vec![who.peer], Body::Knock(view), now);
            }
        }
        if moderated && !moderates {
            self.succeed(&who.room, now);
        }
        seq
    }

    /// Tells everybody, if there is a difference.
    pub(super) fn change(
        &mut self,
        who: &MemberRef,
        edit: impl FnOnce(&mut MemberView),
        now: Timestamp,
    ) -> Option<Seq> {
        let member = self.member(who)?;
        let before = member.view.clone();
        edit(&mut member.view);
        if member.view == before {
            return None;
        }
        let (view, hidden) = (member.view.clone(), member.hidden);
        let everybody = self.rooms[&who.room].peers().collect();
        let hearers = if hidden { vec![who.peer] } else { everybody };
        Some(self.record(&who.room, hearers, Body::MemberUpdated(view.into()), now))
    }

    /// Among those to whom no token gave a role, and who are still speakers, the one who is here and came first.
    pub(super) fn succeed(&mut self, name: &RoomName, now: Timestamp) {
        let Some(room) = self.rooms.get(name) else { return };
        if !room.rules.creator_owns || room.is_moderated() {
            return;
        }
        let mut heirs: Vec<&Member> = room.members.iter().collect();
        heirs
            .retain(|member| member.is_free && !member.hidden && member.view.role == Role::Speaker);
        let here = heirs.iter().find(|member| member.view.state == State::Connected);
        if let Some(peer) = here.or(heirs.first()).map(|member| member.view.peer) {
            self.give(&MemberRef { room: name.clone(), peer }, Role::Owner, Permissions::ALL, now);
        }
    }

    fn find(&self, room: &RoomName, hand: &Hand, peer: PeerId) -> Result<MemberView, Refusal> {
        let member = self.rooms[room].get(peer).ok_or(Refusal::UnknownTarget)?;
        let sees = !member.hidden || hand.as_ref().is_none_or(|hand| hand.peer == peer);
        if sees { Ok(member.view.clone()) } else { Err(Refusal::UnknownTarget) }
    }

    fn below(&self, room: &RoomName, hand: &Hand, peer: PeerId) -> Result<(), Refusal> {
        let target = self.find(room, hand, peer)?;
        if rank(&Some(target)) < rank(hand) { Ok(()) } else { Err(Refusal::Outranked) }
    }

    pub(super) fn barred(
        &self,
        room: &RoomName,
        join: &parlor_rooms::Join,
        admission: &Admission,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        for bar in self.bars.iter().filter(|bar| bar.room == *room) {
            let banned: Option<AddressKey> = bar.ban.filter(|until| *until > now).and(bar.address);
            if banned.is_some() && banned == admission.address {
                return Err(Refusal::Banned);
            }
            if bar.until > now && bar.nonce.is_some() && bar.nonce == join.nonce {
                return Err(Refusal::Removed);
            }
        }
        Ok(())
    }

    pub(super) fn fate(&self, who: &MemberRef, now: Timestamp) -> Refusal {
        let bar = self
            .bars
            .iter()
            .find(|bar| bar.room == who.room && bar.peer == who.peer && bar.until > now);
        bar.map_or(Refusal::SessionUnknown, |bar| bar.why)
    }
}

impl Room {
    pub(super) fn is_moderated(&self) -> bool {
        self.members.iter().any(|member| member.moderates() && !member.hidden)
    }
}

impl Member {
    pub(super) fn moderates(&self) -> bool {
        self.view.permissions.has(Permission::Moderate)
    }

    pub(super) fn knows_nonce(&self, join: &parlor_rooms::Join) -> bool {
        join.nonce.is_some() && self.nonce == join.nonce && self.also == Also::Nonce
    }
}

/// 3 is the house, 2 an owner, 1 whoever else moderates.
fn rank(hand: &Hand) -> u8 {
    match hand {
        None => 3,
        Some(view) if view.role == Role::Owner => 2,
        Some(view) => {
            u8::from(view.role == Role::Moderator || view.permissions.has(Permission::Moderate))
        }
    }
}
