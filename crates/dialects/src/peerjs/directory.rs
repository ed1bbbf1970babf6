//! Who is in the room, and what PeerJS clients call them.

use std::collections::HashMap;
use std::sync::Arc;

use parlor_rooms::{Alias, Attributes, MemberView, PeerId};

/// An attribute that every member sees, which tells sessions what the other one understands.
const MARK: (&str, &str) = ("client", "peerjs");

pub(super) fn mark(attributes: &mut Attributes) {
    // An empty set takes one entry of this length.
    _ = attributes.set(MARK.0, Some(MARK.1));
}

#[derive(Debug, Default)]
pub(super) struct Directory {
    members: HashMap<PeerId, Arc<MemberView>>,
    by_alias: HashMap<Alias, PeerId>,
}

impl Directory {
    pub(super) fn insert(&mut self, member: &Arc<MemberView>) -> Option<Arc<MemberView>> {
        if let Some(alias) = &member.alias {
            self.by_alias.insert(alias.clone(), member.peer);
        }
        self.members.insert(member.peer, member.clone())
    }

    pub(super) fn remove(&mut self, peer: PeerId) -> Option<Arc<MemberView>> {
        let member = self.members.remove(&peer)?;
        if let Some(alias) = &member.alias
            && self.by_alias.get(alias) == Some(&peer)
        {
            self.by_alias.remove(alias);
        }
        Some(member)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A server-made address goes first, so that nobody gets another's mail by choosing its text as an id.
    pub(super) fn find(&self, address: &str) -> Option<PeerId> {
        let peer = PeerId::parse(address).filter(|peer| self.members.contains_key(peer));
        peer.or_else(|| self.by_alias.get(&Alias::parse(address).ok()?).copied())
    }

    pub(super) fn speaks_peerjs(&self, peer: PeerId) -> bool {
        self.members.get(&peer).is_some_and(|member| speaks_peerjs(member))
    }

    /// What PeerJS clients call a member: what the member calls itself, unless that leads to somebody else.
    pub(super) fn address(&self, peer: PeerId) -> Arc<str> {
        self.members.get(&peer).map_or_else(|| text(peer), |member| self.address_of(member))
    }

    pub(super) fn address_of(&self, member: &MemberView) -> Arc<str> {
        let alias = member.alias.as_ref().map(Alias::as_str);
        let own = alias.filter(|alias| self.find(alias).is_none_or(|found| found == member.peer));
        own.map_or_else(|| text(member.peer), Into::into)
    }
}

pub(super) fn speaks_peerjs(member: &MemberView) -> bool {
    member.alias.is_some() && member.attributes.iter().any(|attribute| attribute == MARK)
}

fn text(peer: PeerId) -> Arc<str> {
    peer.to_string().into()
}
