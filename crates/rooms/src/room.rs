//! One room: its members in the order they came, and its log. Knows nothing of other rooms.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::admission::{Admission, Rules};
use crate::command::{Call, Entry, OnDisconnect};
use crate::event::{Body, Event, Knocker, MemberView, Presence, State};
use crate::hashing::IdMap;
use crate::ids::{ConnectionId, PeerId, RoomName, Seq, Timestamp};
use crate::limits::Limits;
use crate::log::{Audience, Log};
use crate::member::{Member, Repetition};
use crate::permissions::{Permission, Permissions, Role};
use crate::refusal::Refusal;
use crate::text::{Alias, Identity, Nonce};

#[derive(Debug)]
pub(crate) struct Room {
    name: RoomName,
    pub(crate) rules: Rules,
    /// What they were before anybody in the room changed them.
    pub(crate) made_with: Rules,
    pub(crate) started_at: Timestamp,
    /// In the order in which they came.
    pub(crate) waiting: VecDeque<Knock>,
    /// Somebody who is seen has been here.
    was_seen: bool,
    by_order: BTreeMap<u64, Member>,
    order_of: IdMap<PeerId, u64>,
    joins: u64,
    /// Members who can resume: while there are none, nobody is owed an event.
    resumable: usize,
    stable: Seq,
    pub(crate) log: Log,
    /// When a room without members ends.
    pub(crate) ends_at: Option<Timestamp>,
}

/// A join that waits for somebody who moderates.
#[derive(Debug)]
pub(crate) struct Knock {
    pub(crate) call: Call,
    pub(crate) entry: Box<Entry>,
    pub(crate) view: Arc<Knocker>,
}

/// How the door is for somebody who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    /// Somebody has to let them in.
    Guarded,
}

impl Room {
    pub(crate) fn new(name: RoomName, rules: Rules, now: Timestamp) -> Self {
        Self {
            name,
            made_with: rules.clone(),
            rules,
            started_at: now,
            waiting: VecDeque::new(),
            was_seen: false,
            by_order: BTreeMap::new(),
            order_of: IdMap::default(),
            joins: 0,
            resumable: 0,
            stable: Seq::default(),
            log: Log::default(),
            ends_at: None,
        }
    }

    /// The name that all members share.
    pub(crate) fn name(&self) -> &RoomName {
        &self.name
    }

    /// A permanent room whose last member is gone.
    pub(crate) fn begin_anew(&mut self) {
        self.rules = self.made_with.clone();
        self.was_seen = false;
    }

    pub(crate) fn len(&self) -> usize {
        self.by_order.len()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.by_order.values()
    }

    pub(crate) fn get(&self, peer: PeerId) -> Option<&Member> {
        self.by_order.get(self.order_of.get(&peer)?)
    }

    pub(crate) fn get_mut(&mut self, peer: PeerId) -> Option<&mut Member> {
        self.by_order.get_mut(self.order_of.get(&peer)?)
    }

    pub(crate) fn on_connection(&self, connection: ConnectionId) -> Option<&Member> {
        self.members().find(|member| member.connection() == Some(connection))
    }

    /// Those who are seen under the same identity. A claim is not the same as what was proven.
    pub(crate) fn of_identity(&self, identity: &Identity, is_proven: bool) -> Vec<PeerId> {
        let same = self.members().filter(|member| {
            member.view.identity.as_ref() == Some(identity)
                && member.is_seen()
                && (is_proven || member.standing.identity().is_none())
        });
        same.map(Member::peer).collect()
    }

    pub(crate) fn of_alias(&self, alias: &Alias) -> Option<&Member> {
        self.members().find(|member| member.view.alias.as_ref() == Some(alias))
    }

    pub(crate) fn repetition(
        &self,
        nonce: &Nonce,
        connection: ConnectionId,
    ) -> Option<(PeerId, Repetition)> {
        self.members().find_map(|m| Some((m.peer(), m.repetition(nonce, connection)?)))
    }

    pub(crate) fn next_order(&mut self) -> u64 {
        self.joins += 1;
        self.joins
    }

    /// Whether only those come in whom somebody inside wants.
    pub(crate) fn is_closed(&self) -> bool {
        self.rules.locked || self.rules.waiting_room
    }

    /// What somebody would be and might do.
    pub(crate) fn grant(&self, admission: &Admission) -> (Role, Permissions) {
        let is_free = admission.role.is_none() && admission.permissions.is_none();
        let owns = is_free && !admission.hidden && self.wants_owner();
        let usual = if owns { Role::Owner } else { self.rules.role };
        let role = admission.role.unwrap_or(usual);
        (role, admission.permissions.unwrap_or(role.permissions()))
    }

    /// A room that somebody has closed belongs to nobody who was not let in.
    fn wants_owner(&self) -> bool {
        let is_open = !self.rules.locked && (!self.was_seen || !self.rules.waiting_room);
        self.rules.creator_owns && is_open && !self.is_moderated()
    }

    fn is_moderated(&self) -> bool {
        self.members().any(|member| member.moderates() && member.is_seen())
    }

    pub(crate) fn door(&self, admission: &Admission) -> Result<Door, Refusal> {
        if self.grant(admission).1.has(Permission::Moderate) {
            return Ok(Door::Open);
        }
        if self.rules.locked {
            return Err(Refusal::RoomLocked);
        }
        Ok(if self.rules.waiting_room { Door::Guarded } else { Door::Open })
    }

    /// Who is to own the room because nobody moderates it: among those to whom no token gave a role, whoever has been here longest.
    pub(crate) fn heir(&self) -> Option<PeerId> {
        if !self.rules.creator_owns || self.is_moderated() {
            return None;
        }
        let heirs = self.members().filter(|member| {
            member.is_seen() && member.standing.is_free() && member.view.role == Role::Speaker
        });
        let is_away = |member: &&Member| member.view.state == State::Reconnecting;
        heirs.min_by_key(|member| (is_away(member), member.view.order)).map(Member::peer)
    }

    /// Those who are asked to let somebody in.
    pub(crate) fn moderators(&self) -> Vec<PeerId> {
        self.members().filter(|member| member.moderates()).map(Member::peer).collect()
    }

    pub(crate) fn knockers(&self) -> Vec<Arc<Knocker>> {
        self.waiting.iter().map(|knock| knock.view.clone()).collect()
    }

    pub(crate) fn insert(&mut self, member: Member) {
        self.ends_at = None;
        self.was_seen |= member.is_seen();
        self.resumable += usize::from(member.on_disconnect == OnDisconnect::Keep);
        self.order_of.insert(member.peer(), member.view.order);
        self.by_order.insert(member.view.order, member);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) -> Option<Member> {
        let member = self.by_order.remove(&self.order_of.remove(&peer)?)?;
        self.resumable -= usize::from(member.on_disconnect == OnDisconnect::Keep);
        Some(member)
    }

    /// Everybody who is seen.
    pub(crate) fn views(&self) -> Vec<Arc<MemberView>> {
        let seen = self.members().filter(|member| member.is_seen());
        seen.map(|member| member.view.clone()).collect()
    }

    /// The same, and whoever looks.
    pub(crate) fn views_for(&self, peer: PeerId) -> Vec<Arc<MemberView>> {
        let seen = self.members().filter(|member| member.is_seen() || member.peer() == peer);
        seen.map(|member| member.view.clone()).collect()
    }

    pub(crate) fn presence(&self) -> Presence {
        let names = self.views().iter().map(|view| view.name.clone()).collect();
        Presence { room: self.name.clone(), names }
    }

    /// Gives an event its number and keeps it for those who are away.
    pub(crate) fn record(
        &mut self,
        to: Audience,
        body: Body,
        limits: &Limits,
        now: Timestamp,
    ) -> Arc<Event> {
        let event = Event { room: self.name.clone(), seq: None, at: now, body };
        let event = self.log.append(to, event, limits);
        if self.resumable == 0 {
            self.settle();
        }
        while self.log.is_over(limits) {
            self.lose_oldest();
        }
        event
    }

    /// An event that nobody is owed.
    pub(crate) fn mention(&self, body: Body, now: Timestamp) -> Arc<Event> {
        Arc::new(Event { room: self.name.clone(), seq: None, at: now, body })
    }

    /// The connections that hear it now.
    pub(crate) fn find_hearers(&self, to: &Audience, hearers: &mut Vec<ConnectionId>) {
        if let Audience::Only(peers) = to {
            hearers.extend(peers.iter().filter_map(|peer| self.get(*peer)?.connection()));
        } else {
            let heard = self.members().filter(|member| to.has(member.peer()));
            hearers.extend(heard.filter_map(Member::connection));
        }
    }

    /// Drops the oldest kept event and notes who will miss it. `false` when none is kept.
    pub(crate) fn lose_oldest(&mut self) -> bool {
        let Some(entry) = self.log.drop_oldest() else { return false };
        for member in self.by_order.values_mut() {
            if entry.audience.has(member.peer()) && member.acked < entry.seq {
                member.lost = entry.seq;
            }
        }
        true
    }

    /// Everybody who can resume has acknowledged everything up to here.
    pub(crate) fn stable(&self) -> Seq {
        self.stable
    }

    /// Lets go of events that nobody can miss any more. To be called when a member has left or acknowledged.
    pub(crate) fn settle(&mut self) {
        let resumable = self.members().filter(|member| member.on_disconnect == OnDisconnect::Keep);
        let acked = resumable.map(|member| member.acked).min();
        self.stable = acked.unwrap_or(self.log.last()).max(self.stable);
        self.log.trim(self.stable);
    }
}
