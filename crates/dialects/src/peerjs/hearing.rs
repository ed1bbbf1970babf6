//! What a PeerJS client is told: what happens in the room, and what became of what it said.

use std::sync::Arc;

use parlor_rooms::{Body, LeaveReason, MemberRef, MemberView, PeerId, Refusal, Reply, RequestId};

use super::KIND;
use super::absent::Absent;
use super::encode;
use super::read::Kind;
use super::relay::{self, Passed};
use super::session::Session;
use super::translate::Connection;
use crate::directory::speaks;
use crate::session::{Heard, Step};

impl Session {
    pub fn handle_heard(&mut self, heard: &Heard) {
        match heard {
            Heard::Event(event) => self.hear(&event.body),
            Heard::Reply(call, reply) => match call.request {
                None => self.hear_reply(reply),
                Some(request) => self.hear_outcome(request, reply),
            },
            Heard::Expelled(..) => {} // Its only membership; the connection is closed.
        }
    }

    fn hear_reply(&mut self, reply: &Result<Reply, Refusal>) {
        match reply {
            Ok(Reply::Joined(joined)) => {
                self.has_joined = true;
                self.member = Some(MemberRef { room: joined.room.clone(), peer: joined.peer });
                for member in &joined.members {
                    self.directory.insert(member);
                }
                self.steps.push_back(Step::Send(encode::open()));
            }
            Ok(Reply::Left) => {
                self.member = None;
                self.directory.clear();
                self.conversations.clear();
                self.absent = Absent::default();
            }
            Ok(Reply::Waiting(_)) => self.waits = true,
            Err(refusal) if !self.has_joined => self.turn_away(encode::refused(*refusal)),
            Err(_)
            | Ok(
                Reply::Resumed(_) | Reply::Done { .. } | Reply::Presence(_) | Reply::Pong { .. },
            ) => {}
        }
    }

    fn hear_outcome(&mut self, request: RequestId, reply: &Result<Reply, Refusal>) {
        let asked = self.asked.pop_front_if(|(asked, _)| *asked == request);
        let (Some((_, message)), Err(refusal)) = (asked, reply) else { return };
        match refusal {
            // Left in the meantime, which has been heard by now; may be back under the same name.
            Refusal::UnknownTarget => self.relay(message),
            Refusal::NotJoined => {}
            Refusal::AlreadyJoined
            | Refusal::SessionUnknown
            | Refusal::BadSecret
            | Refusal::NotPermitted
            | Refusal::Lacks(_)
            | Refusal::Outranked
            | Refusal::Hidden
            | Refusal::RoomUnknown
            | Refusal::RoomLocked
            | Refusal::RoomEnded
            | Refusal::WaitingRoomFull
            | Refusal::Denied
            | Refusal::Removed
            | Refusal::Banned
            | Refusal::BadDescription
            | Refusal::TooManySections
            | Refusal::IdentityTaken
            | Refusal::AliasTaken
            | Refusal::RoomFull
            | Refusal::TooManyRooms
            | Refusal::Draining
            | Refusal::TooLarge { .. }
            | Refusal::TooManyAttributes
            | Refusal::RequestOutOfOrder
            | Refusal::Token(_) => self.tell(Kind::Expire, &message.dst, None),
        }
    }

    /// What the others do. Chat and messages have no words here: PeerJS has its own channels for them.
    fn hear(&mut self, body: &Body) {
        match body {
            Body::MemberJoined(member) => self.welcome(member),
            Body::MemberUpdated(member) => {
                let before = self.directory.insert(member);
                let anew = before.is_some_and(|before| before.incarnation < member.incarnation);
                // A PeerJS client that comes back is the same page; another's page was loaded anew.
                if anew && !speaks(member, KIND) && self.conversations.end(member.peer) {
                    self.tell(Kind::Leave, &self.directory.address_of(member), None);
                }
            }
            Body::MemberLeft { peer, reason } => self.farewell(*peer, *reason),
            Body::Offer { from, sdp } => {
                let connection = Connection::offered_by(*from, sdp);
                let payload = connection.offer(sdp);
                self.conversations.with(*from).current = Some(connection);
                self.tell(Kind::Offer, &self.directory.address(*from), payload.as_ref());
            }
            Body::Answer { from, sdp } => {
                let conversation = self.conversations.with(*from);
                conversation.current = conversation.offered.clone();
                let payload = conversation.current.as_ref().and_then(|with| with.answer(sdp));
                self.tell_of(Kind::Answer, *from, payload);
            }
            Body::Candidate { from, candidate } => {
                let with = self.conversations.with(*from).current.as_ref();
                // These clients have no word for the end of candidates.
                let with = with.filter(|_| candidate.as_str() != "null");
                let payload = with.and_then(|with| with.candidate(candidate));
                self.tell_of(Kind::Candidate, *from, payload);
            }
            Body::Emitted { from, name, args, .. } => {
                if let Some(passed) = relay::unpack(name, args) {
                    self.pass_on(*from, passed);
                }
            }
            Body::Chat { .. }
            | Body::Message { .. }
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => {}
        }
    }

    fn welcome(&mut self, member: &Arc<MemberView>) {
        self.directory.insert(member);
        let address = self.directory.address_of(member);
        self.conversations.go_on(&address, member.peer);
        for message in self.absent.take(&address) {
            self.relay(message);
        }
    }

    fn farewell(&mut self, peer: PeerId, reason: LeaveReason) {
        let address = self.directory.address(peer);
        let Some(member) = self.directory.remove(peer) else { return };
        if !self.conversations.end(peer) {
            return;
        }
        if speaks(&member, KIND) && reason == LeaveReason::Left {
            self.conversations.interrupt(address, self.now);
        } else {
            self.tell(Kind::Leave, &address, None);
        }
    }

    fn pass_on(&mut self, from: PeerId, passed: Passed) {
        match passed {
            Passed::Bye => {
                self.conversations.end(from);
            }
            Passed::Message(kind, payload) => {
                match kind {
                    Kind::Offer | Kind::Answer | Kind::Candidate => {
                        self.conversations.with(from);
                    }
                    Kind::Leave => {
                        self.conversations.end(from);
                    }
                    Kind::Expire => {}
                }
                self.tell(kind, &self.directory.address(from), payload.as_ref());
            }
        }
    }
}
