//! The room that a client is in: who is there, who owns it, and what is under way with members of other dialects.

use std::collections::HashMap;
use std::sync::Arc;

use parlor_rooms::{Body, Command, Joined, Json, MemberView, PeerId, RoomName, Signal, Targets};
use serde_json::json;
use serde_json::value::RawValue;

use super::letter::{self, Kind, Passed};
use super::talk::{Said, Talk};
use super::tell::{self, Envelope, Named};
use super::{Client, KIND, join};
use crate::directory::{Directory, speaks};

#[derive(Debug)]
pub(in crate::socketio) struct Room {
    name: RoomName,
    /// As the client writes it.
    said: String,
    me: PeerId,
    directory: Directory,
    /// With members of other dialects.
    talks: HashMap<PeerId, Talk>,
}

/// What follows from something that happened in the room.
#[derive(Debug)]
pub(in crate::socketio) enum Told {
    Emit(Named),
    /// The session is over for all.
    Leave,
}

/// What follows from something that the client said.
#[derive(Debug, Default)]
pub(in crate::socketio) struct Sent {
    pub(in crate::socketio) commands: Vec<Command>,
    pub(in crate::socketio) told: Vec<Named>,
    pub(in crate::socketio) leaves: bool,
    /// Nobody is there by that address.
    pub(in crate::socketio) unknown: bool,
}

impl Room {
    pub(in crate::socketio) fn name(&self) -> &RoomName {
        &self.name
    }

    pub(super) fn said(&self) -> &str {
        &self.said
    }

    pub(super) fn is_alone(&self) -> bool {
        self.directory.members().all(|member| member.peer == self.me)
    }

    pub(super) fn farewells(&self) -> Vec<Named> {
        let others = self.directory.members().filter(|member| member.peer != self.me);
        let mut others: Vec<_> = others.collect();
        others.sort_unstable_by_key(|member| member.order);
        others.into_iter().map(|member| disconnected(&self.directory.address_of(member))).collect()
    }

    pub(super) fn find(&self, address: &str) -> Option<&Arc<MemberView>> {
        self.directory.get(self.directory.find(address)?)
    }

    pub(super) fn own_extra(&self) -> Option<String> {
        self.directory.get(self.me).map(|me| join::extra_of(me))
    }

    pub(super) fn owns(&self) -> bool {
        self.owner() == Some(self.me)
    }

    /// All of this kind but this one.
    pub(super) fn like_me(&self) -> Vec<PeerId> {
        let others = self.directory.members().filter(|member| member.peer != self.me);
        others.filter(|member| speaks(member, KIND)).map(|member| member.peer).collect()
    }

    pub(super) fn speaks(&self, peer: PeerId) -> bool {
        self.directory.speaks(peer, KIND)
    }

    pub(super) fn end_talk(&mut self, peer: PeerId) {
        self.talks.remove(&peer);
    }

    fn owner(&self) -> Option<PeerId> {
        let like = self.directory.members().filter(|member| speaks(member, KIND));
        like.min_by_key(|member| member.order).map(|member| member.peer)
    }

    fn is_one_way(&self) -> bool {
        let owner = self.owner().and_then(|owner| self.directory.get(owner));
        owner.is_some_and(|owner| join::is_one_way(owner))
    }

    fn order(&self, peer: PeerId) -> u64 {
        self.directory.get(peer).map_or(u64::MAX, |member| member.order)
    }

    /// Whom "who is there may call me" is for.
    fn callers(&self) -> Vec<PeerId> {
        let mut callers = self.like_me();
        if self.is_one_way() {
            let owner = self.owner();
            callers.retain(|peer| Some(*peer) == owner);
        }
        callers
    }
}

impl Client {
    /// The client is in. It is told who was there before.
    pub(in crate::socketio) fn enter(&mut self, said: String, joined: &Joined) -> Vec<Named> {
        let mut directory = Directory::default();
        for member in &joined.members {
            directory.insert(member);
        }
        let others = joined.members.iter().filter(|member| member.peer != joined.peer);
        let there = others.map(|member| connected(&directory.address_of(member))).collect();
        let (name, talks) = (joined.room.clone(), HashMap::new());
        self.room = Some(Room { name, said, me: joined.peer, directory, talks });
        there
    }

    /// The client's message to one member, or to the room when it asks to be called.
    pub(in crate::socketio) fn send(&mut self, to: &str, message: &RawValue) -> Sent {
        let Some(room) = &mut self.room else { return Sent::default() };
        let kind = letter::kind(message);
        if matches!(kind, Kind::Participation) && to == room.said {
            let callers = room.callers();
            let command = if callers.is_empty() { None } else { letter::message(callers, message) };
            return Sent { commands: command.into_iter().collect(), ..Sent::default() };
        }
        let leaves = matches!(kind, Kind::Farewell);
        let Some(peer) = room.directory.find(to).filter(|peer| *peer != room.me) else {
            return Sent { unknown: true, leaves, ..Sent::default() };
        };
        if room.directory.speaks(peer, KIND) {
            let commands = letter::message(vec![peer], message).into_iter().collect();
            return Sent { commands, leaves, ..Sent::default() };
        }
        Sent { leaves, ..self.translate(peer, kind) }
    }

    fn translate(&mut self, peer: PeerId, kind: Kind<'_>) -> Sent {
        let Some(room) = &mut self.room else { return Sent::default() };
        let talk = room.talks.entry(peer).or_default();
        match kind {
            Kind::Signal(signal) => {
                talk.say(&signal);
                let command = Command::Signal { to: Targets::Peers(vec![peer]), signal };
                Sent { commands: vec![command], ..Sent::default() }
            }
            Kind::Enable { preferences } if !talk.is_begun() => {
                let ready = self.envelope(peer, |envelope| envelope.seal_ready(preferences));
                Sent { told: ready.into_iter().collect(), ..Sent::default() }
            }
            Kind::Drop | Kind::Farewell => {
                room.talks.remove(&peer);
                Sent::default()
            }
            Kind::Enable { .. } | Kind::Participation | Kind::Other => Sent::default(),
        }
    }

    /// `None`: this is told as to every client of Socket.IO.
    pub(in crate::socketio) fn hear(&mut self, body: &Body) -> Option<Vec<Told>> {
        match body {
            Body::MemberJoined(member) => Some(emit(self.welcome(member))),
            Body::MemberUpdated(member) => Some(emit(self.renew(member))),
            Body::MemberLeft { peer, .. } => Some(self.farewell(*peer)),
            Body::Offer { from, sdp } => {
                Some(emit(self.hear_signal(*from, &Signal::Offer(sdp.clone()))))
            }
            Body::Answer { from, sdp } => {
                Some(emit(self.hear_signal(*from, &Signal::Answer(sdp.clone()))))
            }
            Body::Candidate { from, candidate } => {
                Some(emit(self.hear_signal(*from, &Signal::Candidate(candidate.clone()))))
            }
            Body::Emitted { from, name, args, .. } if letter::is_passed(name) => {
                Some(self.hear_passed(*from, args))
            }
            Body::Emitted { .. }
            | Body::Chat { .. }
            | Body::Message { .. }
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => None,
        }
    }

    fn welcome(&mut self, member: &Arc<MemberView>) -> Vec<Named> {
        let Some(room) = &mut self.room else { return Vec::new() };
        room.directory.insert(member);
        let mut told = vec![connected(&room.directory.address_of(member))];
        if !speaks(member, KIND) && (room.owns() || !room.is_one_way()) {
            told.extend(self.envelope(member.peer, |envelope| envelope.seal_request()));
        }
        told
    }

    /// Somebody says something else of itself, or has begun anew.
    fn renew(&mut self, member: &Arc<MemberView>) -> Vec<Named> {
        let Some(room) = &mut self.room else { return Vec::new() };
        let before = room.directory.insert(member);
        if member.peer == room.me {
            return Vec::new();
        }
        let address = room.directory.address_of(member);
        if before.as_ref().is_some_and(|before| before.incarnation < member.incarnation) {
            room.talks.remove(&member.peer);
            return std::iter::once(disconnected(&address)).chain(self.welcome(member)).collect();
        }
        let extra = join::extra_of(member);
        if before.is_some_and(|before| join::extra_of(&before) == extra) {
            return Vec::new();
        }
        vec![tell::event("extra-data-updated", &json!([&*address, tell::raw_json(&extra)]))]
    }

    fn farewell(&mut self, peer: PeerId) -> Vec<Told> {
        let Some(room) = &mut self.room else { return Vec::new() };
        let (address, owner) = (room.directory.address(peer), room.owner());
        room.talks.remove(&peer);
        let Some(member) = room.directory.remove(peer) else { return Vec::new() };
        let mut told = vec![Told::Emit(disconnected(&address))];
        if owner == Some(peer) && join::closes(&member) {
            told.extend(self.closed(&member));
        } else if owner == Some(peer) && room.owns() {
            told.push(Told::Emit(tell::event("set-isInitiator-true", &json!([room.said]))));
        }
        told
    }

    fn closed(&self, owner: &MemberView) -> Vec<Told> {
        let Some(room) = &self.room else { return Vec::new() };
        let extra = tell::raw_json(&join::extra_of(owner));
        let closed = tell::event("closed-entire-session", &json!([room.said, extra]));
        vec![Told::Emit(closed), Told::Leave]
    }

    fn hear_signal(&mut self, from: PeerId, signal: &Signal) -> Vec<Named> {
        let Some(room) = &mut self.room else { return Vec::new() };
        let was_there_first = room.order(room.me) < room.order(from);
        let address = room.directory.address(from);
        let talk = room.talks.entry(from).or_default();
        let said: Vec<Said> = match signal {
            Signal::Offer(sdp) => talk.hear_offer(sdp, was_there_first),
            Signal::Answer(sdp) => talk.hear_answer(sdp),
            Signal::Candidate(candidate) => talk.hear_candidate(candidate).into_iter().collect(),
        };
        let told = said.iter().flat_map(|said| match said {
            Said::StartOver => vec![disconnected(&address), connected(&address)],
            Said::Offer { .. } | Said::Answer(_) | Said::Candidate(_) => self
                .envelope(from, |envelope| envelope.seal_signal(said))
                .flatten()
                .into_iter()
                .collect(),
        });
        told.collect()
    }

    fn hear_passed(&mut self, from: PeerId, args: &Json) -> Vec<Told> {
        let Some(room) = self.room.as_ref().filter(|room| room.speaks(from)) else {
            return Vec::new(); // Of others it is an event like any other, and means nothing here.
        };
        match letter::unpack(args) {
            Some(Passed::Message(message)) => emit(
                self.envelope(from, |envelope| envelope.seal_json(&message)).into_iter().collect(),
            ),
            Some(Passed::Bye) => vec![Told::Emit(disconnected(&room.directory.address(from)))],
            Some(Passed::Close) if room.owner() == Some(from) => {
                let owner = room.directory.get(from).cloned();
                owner.map(|owner| self.closed(&owner)).unwrap_or_default()
            }
            Some(Passed::Close) | None => Vec::new(),
        }
    }

    fn envelope<T>(&self, from: PeerId, seal: impl FnOnce(&Envelope<'_>) -> T) -> Option<T> {
        let room = self.room.as_ref()?;
        let sender = room.directory.get(from)?;
        let from = room.directory.address_of(sender);
        let event = &self.handshake.message_event;
        Some(seal(&Envelope { event, to: &self.userid, from: &from, sender }))
    }
}

fn emit(named: Vec<Named>) -> Vec<Told> {
    named.into_iter().map(Told::Emit).collect()
}

fn connected(address: &str) -> Named {
    tell::event("user-connected", &json!([address]))
}

pub(super) fn disconnected(address: &str) -> Named {
    tell::event("user-disconnected", &json!([address]))
}
