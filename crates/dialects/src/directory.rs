//! Who is in the room, and what clients call them who choose addresses for themselves.

use std::collections::HashMap;
use std::sync::Arc;

use parlor_rooms::{Alias, Attributes, MemberView, PeerId};

/// An attribute that every member sees, which tells sessions what the other one understands.
const MARK: &str = "client";

/// `kind` is a short word.
pub(crate) fn mark(attributes: &mut Attributes, kind: &str) {
    // An empty set takes one entry of this length.
    _ = attributes.set(MARK, Some(kind));
}

/// Only who has an address of its own choice is taken at the word: other dialects can't choose one.
pub(crate) fn speaks(member: &MemberView, kind: &str) -> bool {
    member.alias.is_some() && member.attributes.iter().any(|attribute| attribute == (MARK, kind))
}

#[derive(Debug, Default)]
pub(crate) struct Directory {
    members: HashMap<PeerId, Arc<MemberView>>,
    by_alias: HashMap<Alias, PeerId>,
}

impl Directory {
    pub(crate) fn insert(&mut self, member: &Arc<MemberView>) -> Option<Arc<MemberView>> {
        if let Some(alias) = &member.alias {
            self.by_alias.insert(alias.clone(), member.peer);
        }
        self.members.insert(member.peer, member.clone())
    }

    pub(crate) fn remove(&mut self, peer: PeerId) -> Option<Arc<MemberView>> {
        let member = self.members.remove(&peer)?;
        if let Some(alias) = &member.alias
            && self.by_alias.get(alias) == Some(&peer)
        {
            self.by_alias.remove(alias);
        }
        Some(member)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A server-made address goes first, so that nobody gets another's mail by choosing its text as an id.
    pub(crate) fn find(&self, address: &str) -> Option<PeerId> {
        let peer = PeerId::parse(address).filter(|peer| self.members.contains_key(peer));
        peer.or_else(|| self.by_alias.get(&Alias::parse(address).ok()?).copied())
    }

    pub(crate) fn get(&self, peer: PeerId) -> Option<&Arc<MemberView>> {
        self.members.get(&peer)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<MemberView>> {
        self.members.values()
    }

    pub(crate) fn speaks(&self, peer: PeerId, kind: &str) -> bool {
        self.members.get(&peer).is_some_and(|member| speaks(member, kind))
    }

    /// What such clients call a member: what the member calls itself, unless that leads to somebody else.
    pub(crate) fn address(&self, peer: PeerId) -> Arc<str> {
        self.members.get(&peer).map_or_else(|| text(peer), |member| self.address_of(member))
    }

    pub(crate) fn address_of(&self, member: &MemberView) -> Arc<str> {
        let alias = member.alias.as_ref().map(Alias::as_str);
        let own = alias.filter(|alias| self.find(alias).is_none_or(|found| found == member.peer));
        own.map_or_else(|| text(member.peer), Into::into)
    }
}

fn text(peer: PeerId) -> Arc<str> {
    peer.to_string().into()
}
