//! The short way of an event that means nothing but itself: from the sender's line to the rooms, and from them to the hearer.

use std::sync::Arc;

use parlor_rooms::{
    Attachments, Call, Command, Delivery, Event, EventName, Json, MemberRef, Refusal, Reply,
    Targets,
};

use super::ask::has_meaning;
use super::conference::Wanted;
use super::tell::Words;
use super::{ACK_EVERY, Member};
use crate::error::Problem;
use crate::socketio::packet::Plain;
use crate::socketio::rtcmulticonnection;
use crate::socketio::session::Spoken;

impl Member {
    /// What the rooms are asked to tell the others. `None`: the event means more than itself, or goes to several rooms, and
    /// [`Self::handle_event`] is to be told of it.
    pub fn relay(&mut self, event: &Plain<'_>) -> Option<(Call, MemberRef, Command)> {
        if self.conference.known || rtcmulticonnection::begins_with(event.name) {
            return None;
        }
        let [room] = self.rooms.as_slice() else { return None };
        let who = room.who.clone();
        let command = command(event)?;
        let call = self.call_seldom(event.id, &who);
        Some((call, who, command))
    }

    /// Takes note of an event. What the client is to be told if that is all; otherwise [`Self::poll_output`] has what is to be done.
    pub fn hear_plainly(&mut self, event: Arc<Event>) -> Option<Arc<dyn Spoken>> {
        self.take_note(&event);
        if self.hear_in_conference(&event) {
            return None;
        }
        if Words::of(&event).is_some() {
            return Some(event);
        }
        self.put_into_words(&event);
        None
    }

    /// A request that is answered where the client wants it, and every so often, because the answer tells how far the room's log
    /// has grown by what this client says itself.
    fn call_seldom(&mut self, id: Option<u64>, who: &MemberRef) -> Call {
        self.silent_requests += 1;
        if id.is_none() && self.silent_requests < ACK_EVERY {
            return self.silent_call();
        }
        self.silent_requests = 0;
        self.call(id, &who.room, Wanted::Plain)
    }

    /// The answer to a request that needs none, unless it was refused.
    pub(super) fn handle_unasked(&mut self, reply: &Result<Reply, Refusal>) {
        if let Err(refusal) = reply {
            self.refuse(None, &Problem::Refused(*refusal));
        }
    }
}

/// `None`: it has a meaning of its own, or no name that can be told on.
fn command(event: &Plain<'_>) -> Option<Command> {
    let (to, delivery) = (Targets::Others, Delivery::Reliable);
    if event.name == "message" && event.count <= 1 {
        let data = Json::from_checked(event.first.unwrap_or("null"));
        return Some(Command::Message { to, data, delivery });
    }
    if has_meaning(event.name) {
        return None;
    }
    let name = EventName::parse(event.name).ok()?;
    let args = Json::from_checked(&["[", event.args, "]"].concat());
    Some(Command::Emit { to, name, args, attachments: Attachments::default(), delivery })
}
