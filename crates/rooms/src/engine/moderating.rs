//! What those who moderate do, and to whom they may.

use std::time::Duration;

use super::Rooms;
use crate::admission::Rules;
use crate::bars::{BAR_TIME, Banned, Bar, MAX_BAN};
use crate::command::MemberRef;
use crate::event::{Body, LeaveReason, MemberView};
use crate::ids::{PeerId, RoomName, Timestamp};
use crate::log::Audience;
use crate::moderation::{Moderation, RulesChange, Whom};
use crate::outcomes::Outcome;
use crate::permissions::{Permission, Permissions, Role};
use crate::refusal::Refusal;
use crate::room::Knock;
use crate::tracks::{Source, Track};

/// Nobody moderates those who are not below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ordinary,
    Moderator,
    Owner,
    /// The operator, by the admin API.
    House,
}

impl Rank {
    fn of(view: &MemberView) -> Self {
        match view.role {
            Role::Owner => Self::Owner,
            Role::Moderator => Self::Moderator,
            Role::Listener | Role::Speaker if view.permissions.has(Permission::Moderate) => {
                Self::Moderator
            }
            Role::Listener | Role::Speaker => Self::Ordinary,
        }
    }
}

/// Who acts in which room.
struct Hand<'a> {
    room: &'a RoomName,
    rank: Rank,
    permissions: Permissions,
    /// `None`: the house.
    peer: Option<PeerId>,
}

impl Rooms {
    /// The operator acts in a room, with every right.
    pub fn handle_moderation(
        &mut self,
        room: &RoomName,
        moderation: Moderation,
        now: Timestamp,
    ) -> Outcome {
        if !self.rooms.contains_key(room) {
            return Err(Refusal::RoomUnknown);
        }
        let hand = Hand { room, rank: Rank::House, permissions: Permissions::ALL, peer: None };
        self.act(&hand, moderation, now)
    }

    pub(super) fn moderate(
        &mut self,
        who: &MemberRef,
        moderation: Moderation,
        now: Timestamp,
    ) -> Outcome {
        let member = self.rooms.get(&who.room).and_then(|room| room.get(who.peer));
        let view = &member.ok_or(Refusal::NotJoined)?.view;
        let (rank, permissions) = (Rank::of(view), view.permissions);
        self.act(
            &Hand { room: &who.room, rank, permissions, peer: Some(who.peer) },
            moderation,
            now,
        )
    }

    fn act(&mut self, hand: &Hand<'_>, moderation: Moderation, now: Timestamp) -> Outcome {
        match moderation {
            Moderation::Remove { peer, ban } => self.remove_member(hand, peer, ban, now),
            Moderation::Mute { whom, source } => self.mute(hand, whom, source, now),
            Moderation::SetRole { peer, role } => self.set_role(hand, peer, role, now),
            Moderation::SetPermissions { peer, permissions } => {
                self.set_permissions(hand, peer, permissions, now)
            }
            Moderation::LowerHand { peer } => {
                let who = self.find(hand, peer)?;
                Ok(self.change(&who, |view| view.hand = None, now))
            }
            Moderation::Admit { peer } => self.admit(hand.room, peer, now).map(|()| None),
            Moderation::Deny { peer } => {
                self.deny(hand.room, (peer, Refusal::Denied), now).map(|()| None)
            }
            Moderation::SetRules(change) => Ok(self.set_rules(hand, change, now)),
            Moderation::End => {
                own(hand)?;
                self.end_for_all(hand.room, now);
                Ok(None)
            }
        }
    }

    fn remove_member(
        &mut self,
        hand: &Hand<'_>,
        peer: PeerId,
        ban: Option<Duration>,
        now: Timestamp,
    ) -> Outcome {
        let room = self.rooms.get(hand.room).ok_or(Refusal::RoomUnknown)?;
        if let Some(knock) = room.waiting.iter().find(|knock| knock.view.peer == peer) {
            let bar = bar_of_knock(knock, ban, now);
            self.bars.add(hand.room, bar, now);
            let why = if ban.is_some() { Refusal::Banned } else { Refusal::Removed };
            return self.deny(hand.room, (peer, why), now).map(|()| None);
        }
        let who = self.below(hand, peer)?;
        self.put_out(&who, ban, now);
        Ok(None)
    }

    /// Out, and nothing that opened the session opens the room again.
    pub(super) fn put_out(&mut self, who: &MemberRef, ban: Option<Duration>, now: Timestamp) {
        let member = self.rooms.get(&who.room).and_then(|room| room.get(who.peer));
        let Some(member) = member else { return };
        let (standing, nonce) = (&member.standing, member.nonce().cloned());
        let ban = ban.and_then(|ban| Some((standing.banned()?, now.after(ban.min(MAX_BAN)))));
        let bar = Bar {
            peer: who.peer,
            why: Refusal::Removed,
            nonce,
            pass: standing.pass.as_ref().and_then(|pass| pass.id.clone()),
            older: standing.identity().map(|identity| (identity.clone(), now)),
            until: until(ban.as_ref(), now),
            ban,
        };
        self.bars.add(&who.room, bar, now);
        self.totals.removed += 1;
        self.expel(who, LeaveReason::Removed, now);
    }

    fn mute(&mut self, hand: &Hand<'_>, whom: Whom, source: Source, now: Timestamp) -> Outcome {
        let meant = match whom {
            Whom::Peer(peer) if hand.peer == Some(peer) => vec![self.find(hand, peer)?],
            Whom::Peer(peer) => vec![self.below(hand, peer)?],
            Whom::Others => {
                let room = self.rooms.get(hand.room).ok_or(Refusal::RoomUnknown)?;
                let others = room.members().filter(|member| !member.moderates());
                let others = others.map(|m| MemberRef { room: hand.room.clone(), peer: m.peer() });
                others.collect()
            }
        };
        let mut last = None;
        let mute = |view: &mut MemberView| {
            let track = view.tracks.get(source).map(|track| Track { muted: true, ..track });
            track.into_iter().for_each(|track| view.tracks.set(track));
        };
        for who in meant {
            last = self.change(&who, mute, now).or(last);
        }
        Ok(last)
    }

    fn set_role(&mut self, hand: &Hand<'_>, peer: PeerId, role: Role, now: Timestamp) -> Outcome {
        let who = self.find(hand, peer)?;
        let (before, _) = self.known(&who)?;
        let steps_down = hand.peer == Some(peer) && role < before;
        if !steps_down {
            self.below(hand, peer)?;
            if role >= Role::Moderator || before >= Role::Moderator {
                own(hand)?;
            }
        }
        Ok(self.give(&who, (role, role.permissions()), now))
    }

    fn set_permissions(
        &mut self,
        hand: &Hand<'_>,
        peer: PeerId,
        permissions: Permissions,
        now: Timestamp,
    ) -> Outcome {
        let who = self.find(hand, peer)?;
        let (role, before) = self.known(&who)?;
        let steps_down = hand.peer == Some(peer) && permissions.iter().all(|one| before.has(one));
        if !steps_down {
            self.below(hand, peer)?;
        }
        let gained =
            permissions.iter().find(|one| !before.has(*one) && !hand.permissions.has(*one));
        if let Some(one) = gained {
            return Err(Refusal::Lacks(one)); // Nobody gives what they don't have.
        }
        let changes_rank =
            permissions.has(Permission::Moderate) != before.has(Permission::Moderate);
        if changes_rank && !steps_down {
            own(hand)?;
        }
        Ok(self.give(&who, (role, permissions), now))
    }

    fn set_rules(
        &mut self,
        hand: &Hand<'_>,
        change: RulesChange,
        now: Timestamp,
    ) -> Option<crate::ids::Seq> {
        let room = self.rooms.get_mut(hand.room)?;
        let before = room.rules.clone();
        room.rules.apply(change);
        if hand.peer.is_none() {
            room.made_with.apply(change);
        }
        if room.rules == before {
            return None;
        }
        let body = Body::RoomUpdated(room.rules.clone());
        let seq = self.record(hand.room, Audience::All, body, now);
        self.open_door(hand.room, now);
        seq
    }

    /// A member whom the one who acts can see.
    fn find(&self, hand: &Hand<'_>, peer: PeerId) -> Result<MemberRef, Refusal> {
        let member = self.rooms.get(hand.room).and_then(|room| room.get(peer));
        let sees = |member: &&crate::member::Member| {
            member.is_seen() || hand.peer.is_none() || hand.peer == Some(peer)
        };
        member.filter(sees).ok_or(Refusal::UnknownTarget)?;
        Ok(MemberRef { room: hand.room.clone(), peer })
    }

    fn below(&self, hand: &Hand<'_>, peer: PeerId) -> Result<MemberRef, Refusal> {
        let who = self.find(hand, peer)?;
        let member = self.rooms.get(hand.room).and_then(|room| room.get(peer));
        let is_below = member.is_some_and(|member| Rank::of(&member.view) < hand.rank);
        if is_below { Ok(who) } else { Err(Refusal::Outranked) }
    }

    fn known(&self, who: &MemberRef) -> Result<(Role, Permissions), Refusal> {
        let member = self.rooms.get(&who.room).and_then(|room| room.get(who.peer));
        member.map(|m| (m.view.role, m.view.permissions)).ok_or(Refusal::UnknownTarget)
    }
}

/// Only who owns the room may.
fn own(hand: &Hand<'_>) -> Result<(), Refusal> {
    if hand.rank >= Rank::Owner { Ok(()) } else { Err(Refusal::Outranked) }
}

fn until(ban: Option<&(Banned, Timestamp)>, now: Timestamp) -> Timestamp {
    let usual = now.after(BAR_TIME);
    ban.map_or(usual, |(_, until)| (*until).max(usual))
}

fn bar_of_knock(knock: &Knock, ban: Option<Duration>, now: Timestamp) -> Bar {
    let (join, admission) = (&knock.entry.join, &knock.entry.admission);
    let identity = admission.identity.clone();
    let banned = identity.clone().map(Banned::Identity).or(admission.address.map(Banned::Address));
    let ban = ban.and_then(|ban| Some((banned?, now.after(ban.min(MAX_BAN)))));
    Bar {
        peer: knock.view.peer,
        why: Refusal::Removed,
        nonce: join.nonce.clone(),
        pass: admission.pass.as_ref().and_then(|pass| pass.id.clone()),
        older: identity.map(|identity| (identity, now)),
        until: until(ban.as_ref(), now),
        ban,
    }
}

impl Rules {
    fn apply(&mut self, change: RulesChange) {
        self.locked = change.locked.unwrap_or(self.locked);
        self.waiting_room = change.waiting_room.unwrap_or(self.waiting_room);
        self.mute_on_entry = change.mute_on_entry.unwrap_or(self.mute_on_entry);
        // A room for nobody is a locked one.
        let max_members = change.max_members.map(|max| max.map(|max| max.max(1)));
        self.max_members = max_members.unwrap_or(self.max_members);
    }
}
