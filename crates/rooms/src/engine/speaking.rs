//! What members do: chat, messages, signals, updates; who may, and who hears it.

use std::sync::Arc;

use super::Rooms;
use crate::command::{Command, Delivery, MemberRef, Signal, Targets, Update};
use crate::event::{Body, MemberView};
use crate::ids::{PeerId, Timestamp};
use crate::limits::Limits;
use crate::log::Audience;
use crate::member::Member;
use crate::outcomes::Outcome;
use crate::permissions::Permission;
use crate::refusal::Refusal;
use crate::sdp;
use crate::tracks::Track;

impl Rooms {
    pub(super) fn carry_out(
        &mut self,
        who: &MemberRef,
        command: Command,
        now: Timestamp,
    ) -> Outcome {
        let Some(member) = self.rooms.get(&who.room).and_then(|room| room.get(who.peer)) else {
            return Err(Refusal::NotJoined);
        };
        permit(member, &command)?;
        measure(&command, &self.limits)?;
        if let Command::Signal { signal: Signal::Offer(sdp) | Signal::Answer(sdp), .. } = &command {
            sdp::permit(sdp, member.view.permissions)?;
        }
        let from = who.peer;
        match command {
            Command::Chat { text, key } => {
                let body = Body::Chat { from, name: member.view.name.clone(), text, key };
                Ok(self.record(&who.room, Audience::All, body, now))
            }
            Command::Message { to, data, delivery } => {
                let to = self.audience(who, to)?;
                self.pass_on(who, (to, delivery), Body::Message { from, data }, now)
            }
            Command::Emit { to, name, args, attachments, delivery } => {
                let to = self.audience(who, to)?;
                let body = Body::Emitted { from, name, args, attachments };
                self.pass_on(who, (to, delivery), body, now)
            }
            Command::Signal { to, signal } => {
                let to = self.audience(who, to)?;
                Ok(self.record(&who.room, to, body_of(from, signal), now))
            }
            Command::Update(update) => self.update(who, &update, now),
            Command::Publish { source, muted } => self.publish(who, Track { source, muted }, now),
            Command::Unpublish(source) => self.unpublish(who, source, now),
            Command::RaiseHand(raised) => self.raise_hand(who, raised, now),
            Command::Moderate(moderation) => self.moderate(who, moderation, now),
            Command::Leave => Ok(None),
        }
    }

    fn pass_on(
        &mut self,
        who: &MemberRef,
        (to, delivery): (Audience, Delivery),
        body: Body,
        now: Timestamp,
    ) -> Outcome {
        match delivery {
            Delivery::Reliable => Ok(self.record(&who.room, to, body, now)),
            Delivery::Volatile => {
                let room = self.rooms.get(&who.room).ok_or(Refusal::NotJoined)?;
                let mut hearers = std::mem::take(&mut self.spare);
                room.find_hearers(&to, &mut hearers);
                let event = room.mention(body, now);
                self.tell(hearers, event);
                Ok(None)
            }
        }
    }

    fn update(&mut self, who: &MemberRef, update: &Update, now: Timestamp) -> Outcome {
        let room = self.rooms.get_mut(&who.room).ok_or(Refusal::NotJoined)?;
        let member = room.get_mut(who.peer).ok_or(Refusal::NotJoined)?;
        let mut changed = MemberView::clone(&member.view);
        if let Some(name) = &update.name {
            changed.name = name.clone();
        }
        // A key that goes makes room for one that comes, whatever their order.
        let (gone, set): (Vec<_>, Vec<_>) =
            update.attributes.iter().partition(|(_, value)| value.is_none());
        for (key, value) in gone.into_iter().chain(set) {
            let set = changed.attributes.set(key, value.as_deref());
            set.map_err(|_| Refusal::TooManyAttributes)?;
        }
        member.view = Arc::new(changed);
        let body = Body::MemberUpdated(member.view.clone());
        Ok(self.record_of(who, Audience::All, body, now))
    }

    /// Only members of the same room can be targets.
    fn audience(&self, who: &MemberRef, to: Targets) -> Result<Audience, Refusal> {
        let mut peers = match to {
            Targets::Others => return Ok(Audience::AllBut(who.peer)),
            Targets::All => return Ok(Audience::All),
            Targets::Peers(peers) => peers,
        };
        let room = self.rooms.get(&who.room).ok_or(Refusal::NotJoined)?;
        let is_seen = |peer| room.get(peer).is_some_and(Member::is_seen);
        if peers.iter().any(|peer| !is_seen(*peer)) {
            return Err(Refusal::UnknownTarget);
        }
        peers.sort_unstable();
        peers.dedup();
        Ok(Audience::Only(peers))
    }
}

fn body_of(from: PeerId, signal: Signal) -> Body {
    match signal {
        Signal::Offer(sdp) => Body::Offer { from, sdp },
        Signal::Answer(sdp) => Body::Answer { from, sdp },
        Signal::Candidate(candidate) => Body::Candidate { from, candidate },
    }
}

fn permit(member: &Member, command: &Command) -> Result<(), Refusal> {
    let wanted = match command {
        Command::Chat { .. } => Permission::Chat,
        Command::Message { .. } | Command::Emit { .. } => Permission::Message,
        Command::Signal { .. } => Permission::Signal,
        Command::Publish { source, .. } => source.permission(),
        Command::Update(_) => Permission::Update,
        Command::Moderate(_) => Permission::Moderate,
        Command::RaiseHand(true) => {
            return if member.is_seen() { Ok(()) } else { Err(Refusal::Hidden) };
        }
        Command::Unpublish(_) | Command::RaiseHand(false) | Command::Leave => return Ok(()),
    };
    if !member.view.permissions.has(wanted) {
        return Err(Refusal::Lacks(wanted));
    }
    let is_heard = !matches!(wanted, Permission::Update | Permission::Moderate);
    if is_heard && !member.is_seen() { Err(Refusal::Hidden) } else { Ok(()) }
}

fn measure(command: &Command, limits: &Limits) -> Result<(), Refusal> {
    let (what, bytes, max_bytes) = match command {
        Command::Chat { text, .. } => ("text", text.len(), limits.chat_bytes),
        Command::Message { data, .. } => ("data", data.as_str().len(), limits.message_bytes),
        Command::Emit { args, attachments, .. } => {
            ("args", args.as_str().len() + attachments.bytes(), limits.message_bytes)
        }
        Command::Signal { signal: Signal::Offer(sdp) | Signal::Answer(sdp), .. } => {
            ("sdp", sdp.len(), limits.sdp_bytes)
        }
        Command::Signal { signal: Signal::Candidate(candidate), .. } => {
            ("candidate", candidate.as_str().len(), Limits::CANDIDATE_BYTES)
        }
        Command::Update(_)
        | Command::Publish { .. }
        | Command::Unpublish(_)
        | Command::RaiseHand(_)
        | Command::Moderate(_)
        | Command::Leave => return Ok(()),
    };
    if bytes > max_bytes { Err(Refusal::TooLarge { what, max_bytes }) } else { Ok(()) }
}
