//! One room: its members in the order they came, and its log. Knows nothing of other rooms.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::command::OnDisconnect;
use crate::event::{Body, Event, MemberView, Presence};
use crate::ids::{ConnectionId, PeerId, RoomName, Seq, Timestamp};
use crate::limits::Limits;
use crate::log::{Audience, Log};
use crate::member::{Member, Repetition};
use crate::text::{Alias, Identity, Nonce};

#[derive(Debug)]
pub(crate) struct Room {
    name: RoomName,
    by_order: BTreeMap<u64, Member>,
    order_of: HashMap<PeerId, u64>,
    joins: u64,
    /// Members who can resume: while there are none, nobody is owed an event.
    resumable: usize,
    stable: Seq,
    pub(crate) log: Log,
    /// When a room without members ends.
    pub(crate) ends_at: Option<Timestamp>,
}

/// An event and the connections that hear it now.
pub(crate) type Heard = (Vec<ConnectionId>, Arc<Event>);

impl Room {
    pub(crate) fn new(name: RoomName) -> Self {
        Self {
            name,
            by_order: BTreeMap::new(),
            order_of: HashMap::new(),
            joins: 0,
            resumable: 0,
            stable: Seq::default(),
            log: Log::default(),
            ends_at: None,
        }
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

    pub(crate) fn of_identity(&self, identity: &Identity) -> Vec<PeerId> {
        let same = self.members().filter(|member| member.view.identity.as_ref() == Some(identity));
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

    pub(crate) fn insert(&mut self, member: Member) {
        self.ends_at = None;
        self.resumable += usize::from(member.on_disconnect == OnDisconnect::Keep);
        self.order_of.insert(member.peer(), member.view.order);
        self.by_order.insert(member.view.order, member);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) -> Option<Member> {
        let member = self.by_order.remove(&self.order_of.remove(&peer)?)?;
        self.resumable -= usize::from(member.on_disconnect == OnDisconnect::Keep);
        Some(member)
    }

    pub(crate) fn views(&self) -> Vec<Arc<MemberView>> {
        self.members().map(|member| member.view.clone()).collect()
    }

    pub(crate) fn presence(&self) -> Presence {
        let names = self.members().map(|member| member.view.name.clone()).collect();
        Presence { room: self.name.clone(), names }
    }

    /// Gives an event its number and keeps it for those who are away.
    pub(crate) fn record(
        &mut self,
        to: Audience,
        body: Body,
        limits: &Limits,
        now: Timestamp,
    ) -> Heard {
        let event = Event { room: self.name.clone(), seq: None, at: now, body };
        let hearers = self.hearers(&to);
        let event = self.log.append(to, event, limits);
        if self.resumable == 0 {
            self.settle();
        }
        while self.log.is_over(limits) {
            self.lose_oldest();
        }
        (hearers, event)
    }

    /// An event that nobody is owed.
    pub(crate) fn mention(&self, to: &Audience, body: Body, now: Timestamp) -> Heard {
        let event = Event { room: self.name.clone(), seq: None, at: now, body };
        (self.hearers(to), Arc::new(event))
    }

    fn hearers(&self, to: &Audience) -> Vec<ConnectionId> {
        if let Audience::Only(peers) = to {
            return peers.iter().filter_map(|peer| self.get(*peer)?.connection()).collect();
        }
        let heard = self.members().filter(|member| to.has(member.peer()));
        heard.filter_map(Member::connection).collect()
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
