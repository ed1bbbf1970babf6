//! What members do: chat, messages, signals, updates; who may, and who hears it.

use std::sync::Arc;

use super::Rooms;
use crate::command::{Command, Delivery, MemberRef, Signal, Targets, Update};
use crate::event::{Body, MemberView};
use crate::ids::{PeerId, Timestamp};
use crate::limits::Limits;
use crate::log::Audience;
use crate::outcomes::Outcome;
use crate::refusal::Refusal;

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
        let view = member.view.clone();
        permit(&view, &command)?;
        measure(&command, &self.limits)?;
        let from = who.peer;
        match command {
            Command::Chat { text, key } => {
                let body = Body::Chat { from, name: view.name.clone(), text, key };
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
                let heard = room.mention(&to, body, now);
                self.tell(heard);
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
        Ok(self.record(&who.room, Audience::All, body, now))
    }

    /// Only members of the same room can be targets.
    fn audience(&self, who: &MemberRef, to: Targets) -> Result<Audience, Refusal> {
        let mut peers = match to {
            Targets::Others => return Ok(Audience::AllBut(who.peer)),
            Targets::All => return Ok(Audience::All),
            Targets::Peers(peers) => peers,
        };
        let room = self.rooms.get(&who.room).ok_or(Refusal::NotJoined)?;
        if peers.iter().any(|peer| room.get(*peer).is_none()) {
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

fn permit(member: &MemberView, command: &Command) -> Result<(), Refusal> {
    let permitted = match command {
        Command::Chat { .. } => member.permissions.chat,
        Command::Message { .. } | Command::Emit { .. } => member.permissions.message,
        Command::Signal { .. } => member.permissions.signal,
        Command::Update(_) => member.permissions.update,
        Command::Leave => true,
    };
    if permitted { Ok(()) } else { Err(Refusal::NotPermitted) }
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
        Command::Update(_) | Command::Leave => return Ok(()),
    };
    if bytes > max_bytes { Err(Refusal::TooLarge { what, max_bytes }) } else { Ok(()) }
}
