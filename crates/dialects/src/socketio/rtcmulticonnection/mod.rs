//! RTCMultiConnection's events over Socket.IO: addresses that the clients choose, one room at a time, messages to one member.
//!
//! A message between two such clients goes through the room as a named event, untouched but for its sender, which is
//! the server's. With members of other dialects they trade plain offers, answers and candidates; what their protocol
//! says around these is said here in the other's place. Who opened a room, or has been in it longest since, owns it.

mod handshake;
mod join;
mod letter;
mod read;
mod room;
mod talk;
pub(super) mod tell;

pub use handshake::Handshake;
pub(super) use join::{Entry, Way};
pub(super) use read::{Wish, begins_with, read};
pub(super) use room::{Room, Told};

use std::sync::Arc;

use parlor_rooms::{Alias, Command, PeerId, RoomName, Update};
use serde_json::value::RawValue;

use crate::error::Problem;

/// How sessions know each other.
const KIND: &str = "rtcmulticonnection";

/// What one socket is to its like.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) handshake: Handshake,
    /// Whether it has shown that it is one; otherwise most of these events are anybody's.
    pub(super) known: bool,
    /// What the client calls itself. Others call it what it was called when it came in.
    pub(super) userid: Arc<str>,
    pub(super) room: Option<Room>,
}

impl Client {
    pub(super) fn new(handshake: Option<Handshake>, peer: PeerId) -> Self {
        let known = handshake.is_some();
        let handshake = handshake.unwrap_or_default();
        let userid = handshake.userid.clone().unwrap_or_else(|| peer.to_string().into());
        Self { handshake, known, userid, room: None }
    }

    pub(super) fn is_in(&self, room: &RoomName) -> bool {
        self.room.as_ref().is_some_and(|own| own.name() == room)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.room.as_ref().is_some_and(Room::is_alone)
    }

    /// Those who are there know it by its old name until it comes in anew.
    pub(super) fn rename(&mut self, userid: &str) -> Result<(), Problem> {
        Alias::parse(userid).map_err(Problem::field("userid"))?;
        self.userid = userid.into();
        Ok(())
    }

    /// `Some` when those who are there are to be told.
    pub(super) fn say_extra(&mut self, extra: &RawValue) -> Result<Option<Update>, Problem> {
        let extra = if extra.get() == "null" { "{}" } else { extra.get() };
        let update = join::update(extra, &self.userid)?;
        self.handshake.extra = Some(extra.into());
        let own = self.room.as_ref().and_then(Room::own_extra);
        Ok(own.is_some_and(|own| own != extra).then_some(update))
    }

    /// Ends what it has with somebody: what the other is told, and this one.
    pub(super) fn part(&mut self, from: &str) -> (Option<Command>, Option<tell::Named>) {
        let Some(room) = &mut self.room else { return (None, None) };
        let Some(peer) = room.find(from).map(|member| member.peer) else { return (None, None) };
        room.end_talk(peer);
        let bye = if room.speaks(peer) { letter::bye(peer) } else { None };
        (bye, Some(room::disconnected(from)))
    }

    /// What all others of this kind are told, if there are any; `None` for whoever doesn't own the room.
    #[expect(clippy::option_option, reason = "no right to close is not the same as nobody to tell")]
    pub(super) fn close(&self) -> Option<Option<Command>> {
        let room = self.room.as_ref().filter(|room| room.owns())?;
        let others = room.like_me();
        Some(if others.is_empty() { None } else { letter::close(others) })
    }

    /// Everybody whom the client won't hear of any more: its page lets go of them when it is told so.
    pub(super) fn farewells(&self) -> Vec<tell::Named> {
        self.room.as_ref().map(Room::farewells).unwrap_or_default()
    }

    pub(super) fn leave(&mut self, room: &RoomName) {
        if self.is_in(room) {
            self.room = None;
        }
    }
}
