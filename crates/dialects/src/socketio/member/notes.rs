//! What a member remembers of its rooms: that it is in them, and up to where it has told its client.

use parlor_rooms::{Joined, LeaveReason, MemberRef, RoomName, Seq};

use super::{ACK_EVERY, Member, Membership, Step, emit, tell};
use crate::session::Ask;

impl Member {
    pub(super) fn note_joined(&mut self, joined: &Joined) {
        let who = MemberRef { room: joined.room.clone(), peer: joined.peer };
        self.rooms.retain(|room| room.who.room != who.room);
        let (secret, seq) = (joined.secret, joined.seq);
        self.rooms.push(Membership { who, secret, seq, acked: seq });
        let others = joined.members.iter().map(|member| member.peer);
        self.pairs.enter(joined.room.clone(), others.filter(|peer| *peer != joined.peer));
    }

    pub(super) fn note_left(&mut self, room: &RoomName) {
        self.rooms.retain(|member| member.who.room != *room);
        self.pairs.leave(room);
        self.conference.leave(room);
    }

    /// Others have ended a membership; this socket has more.
    pub(super) fn handle_expelled(&mut self, who: &MemberRef, reason: LeaveReason) {
        self.note_left(&who.room);
        self.steps.extend(tell::expelled(who, reason).map(|(name, args)| emit(name, args)));
    }

    pub(super) fn take_note(&mut self, event: &parlor_rooms::Event) {
        self.pairs.take_note(event);
        if let Some(seq) = event.seq {
            self.advance(&event.room, seq);
        }
    }

    /// Everything in a room's log up to here is known, and need not be kept there much longer.
    pub(super) fn advance(&mut self, room: &RoomName, seq: Seq) {
        let Some(room) = self.rooms.iter_mut().find(|member| member.who.room == *room) else {
            return;
        };
        room.seq = room.seq.max(seq);
        if room.seq.0 >= room.acked.0 + ACK_EVERY {
            room.acked = room.seq;
            self.steps.push_back(Step::Ask(Ask::Ack(room.who.clone(), room.seq)));
        }
    }

    /// Tells every room what need not be kept for this socket any more.
    pub fn acknowledge_rooms(&mut self) {
        for room in &mut self.rooms {
            if room.acked < room.seq {
                room.acked = room.seq;
                self.steps.push_back(Step::Ask(Ask::Ack(room.who.clone(), room.seq)));
            }
        }
    }
}
