//! What members say, and who has to hear it.

use std::sync::Arc;

use parlor_rooms::{
    Body, Call, Command, Delivery, Event, LeaveReason, MemberRef, MemberView, Output, PeerId,
    Permission, Refusal, Reply, RequestId, Seq, Signal, Targets, Timestamp, Track, Update,
};

use super::{Also, Reference};

type Outcome = Result<Option<Seq>, Refusal>;

impl Reference {
    pub fn command(&mut self, call: Call, who: &MemberRef, command: Command, now: Timestamp) {
        if !self.is_served_by(who, call.connection) {
            return self.refuse(call, Refusal::NotJoined);
        }
        let Some(member) = self.member(who) else { return };
        member.also = Also::Nothing;
        let id = call.request.map(RequestId::get);
        let newest = member.outcomes.last_key_value().map_or(0, |(newest, _)| *newest);
        if let Some(id) = id.filter(|id| *id <= newest) {
            let first = member.outcomes.get(&id).copied();
            return self.answer(call, first.unwrap_or(Err(Refusal::RequestOutOfOrder)));
        }
        if command == Command::Leave {
            self.remove(who, LeaveReason::Left, now);
            return self.out.push(Output::Reply { call, reply: Ok(Reply::Left) });
        }
        let before = self.out.len();
        let outcome = self.carry_out(who, command, now);
        if !self.is_served_by(who, call.connection) {
            let after = self.out.split_off(before);
            self.answer(call, outcome);
            return self.out.extend(after);
        }
        if let (Some(member), Some(id)) = (self.member(who), id) {
            member.outcomes.insert(id, outcome);
        }
        self.answer(call, outcome);
    }

    fn answer(&mut self, call: Call, outcome: Outcome) {
        match outcome {
            Ok(seq) if call.request.is_some() => {
                self.out.push(Output::Reply { call, reply: Ok(Reply::Done { seq }) });
            }
            Ok(_) => {}
            Err(refusal) => self.refuse(call, refusal),
        }
    }

    fn carry_out(&mut self, who: &MemberRef, command: Command, now: Timestamp) -> Outcome {
        let from = who.peer;
        self.permit(who, &command)?;
        match command {
            Command::Chat { text, key } => {
                let name = self.member(who).map(|member| member.view.name.clone());
                let body = Body::Chat { from, name: name.unwrap_or_default(), text, key };
                self.tell_everybody(who, body, now)
            }
            Command::Message { to, data, delivery } => {
                let to = self.targets(who, to)?;
                Ok(self.pass_on(who, (to, delivery), Body::Message { from, data }, now))
            }
            Command::Emit { to, name, args, attachments, delivery } => {
                let to = self.targets(who, to)?;
                let body = Body::Emitted { from, name, args, attachments };
                Ok(self.pass_on(who, (to, delivery), body, now))
            }
            Command::Signal { to, signal } => {
                let to = self.targets(who, to)?;
                let body = match signal {
                    Signal::Offer(sdp) => Body::Offer { from, sdp },
                    Signal::Answer(sdp) => Body::Answer { from, sdp },
                    Signal::Candidate(candidate) => Body::Candidate { from, candidate },
                };
                Ok(Some(self.record(&who.room, to, body, now)))
            }
            Command::Update(update) => self.update(who, &update, now),
            Command::Publish { source, muted } => {
                let track = Track { source, muted };
                let set = |view: &mut MemberView| {
                    view.tracks = view.tracks.iter().chain([track]).collect();
                };
                Ok(self.change(who, set, now))
            }
            Command::Unpublish(source) => {
                let unset = |view: &mut MemberView| {
                    view.tracks =
                        view.tracks.iter().filter(|track| track.source != source).collect();
                };
                Ok(self.change(who, unset, now))
            }
            Command::RaiseHand(true) => {
                let hands = self.rooms[&who.room].members.iter().filter_map(|m| m.view.hand);
                let at = hands.map(|hand| Timestamp(hand.0 + 1)).fold(now, Timestamp::max);
                Ok(self.change(who, |view| view.hand = view.hand.or(Some(at)), now))
            }
            Command::RaiseHand(false) => Ok(self.change(who, |view| view.hand = None, now)),
            Command::Moderate(moderation) => self.moderate(who, moderation, now),
            Command::Leave => Ok(None),
        }
    }

    fn permit(&mut self, who: &MemberRef, command: &Command) -> Result<(), Refusal> {
        let member = self.member(who).ok_or(Refusal::NotJoined)?;
        let (hidden, permissions) = (member.hidden, member.view.permissions);
        let wanted = match command {
            Command::Chat { .. } => Some(Permission::Chat),
            Command::Message { .. } | Command::Emit { .. } => Some(Permission::Message),
            Command::Signal { .. } => Some(Permission::Signal),
            Command::Publish { source, .. } => Some(source.permission()),
            Command::Update(_) => Some(Permission::Update),
            Command::Moderate(_) => Some(Permission::Moderate),
            Command::RaiseHand(_) | Command::Unpublish(_) | Command::Leave => None,
        };
        if let Some(one) = wanted.filter(|one| !permissions.has(*one)) {
            return Err(Refusal::Lacks(one));
        }
        let is_heard = matches!(
            command,
            Command::Chat { .. }
                | Command::Message { .. }
                | Command::Emit { .. }
                | Command::Signal { .. }
                | Command::Publish { .. }
                | Command::RaiseHand(true)
        );
        if hidden && is_heard { Err(Refusal::Hidden) } else { Ok(()) }
    }

    fn pass_on(
        &mut self,
        who: &MemberRef,
        (to, delivery): (Vec<PeerId>, Delivery),
        body: Body,
        now: Timestamp,
    ) -> Option<Seq> {
        match delivery {
            Delivery::Reliable => Some(self.record(&who.room, to, body, now)),
            Delivery::Volatile => {
                self.mention(who, &to, body, now);
                None
            }
        }
    }

    fn update(&mut self, who: &MemberRef, update: &Update, now: Timestamp) -> Outcome {
        let Some(member) = self.member(who) else { return Err(Refusal::NotJoined) };
        if let Some(name) = &update.name {
            member.view.name = name.clone();
        }
        for (key, value) in &update.attributes {
            let set = member.view.attributes.set(key, value.as_deref());
            assert_eq!(set, Ok(()), "the simulation sets few attributes");
        }
        let (body, hidden) = (Body::MemberUpdated(member.view.clone().into()), member.hidden);
        if hidden {
            return Ok(Some(self.record(&who.room, vec![who.peer], body, now)));
        }
        self.tell_everybody(who, body, now)
    }

    fn tell_everybody(&mut self, who: &MemberRef, body: Body, now: Timestamp) -> Outcome {
        let Some(room) = self.rooms.get(&who.room) else { return Err(Refusal::NotJoined) };
        let everybody = room.peers().collect();
        Ok(Some(self.record(&who.room, everybody, body, now)))
    }

    fn mention(&mut self, who: &MemberRef, to: &[PeerId], body: Body, now: Timestamp) {
        let Some(room) = self.rooms.get(&who.room) else { return };
        let to = room.connections_of(to);
        if !to.is_empty() {
            let event = Arc::new(Event { room: who.room.clone(), seq: None, at: now, body });
            self.out.push(Output::Event { to, event });
        }
    }

    fn targets(&self, who: &MemberRef, to: Targets) -> Result<Vec<PeerId>, Refusal> {
        let room = self.rooms.get(&who.room).ok_or(Refusal::NotJoined)?;
        let mut peers = match to {
            Targets::Others => return Ok(room.peers().filter(|peer| *peer != who.peer).collect()),
            Targets::All => return Ok(room.peers().collect()),
            Targets::Peers(peers) => peers,
        };
        if peers.iter().any(|peer| room.get(*peer).is_none_or(|member| member.hidden)) {
            return Err(Refusal::UnknownTarget);
        }
        peers.sort_unstable();
        peers.dedup();
        Ok(peers)
    }
}
