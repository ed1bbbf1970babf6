//! The rooms that one connection has joined, for dialects whose clients may be in several at once.

use parlor_rooms::{
    Attributes, Call, Command, ConnectionId, DisplayName, Join, LeaveReason, MemberRef,
    OnDisconnect, Refusal, Reply, RoomName,
};

use crate::error::Problem;
use crate::session::{Ask, Said};
use crate::token::JoinToken;

/// Nobody was seen in more than two.
const MAX_ROOMS: usize = 16;

#[derive(Debug)]
pub(crate) struct Memberships {
    connection: ConnectionId,
    rooms: Vec<MemberRef>,
    /// The room of the last leave, until it is answered.
    leaving: Option<RoomName>,
}

impl Memberships {
    pub(crate) fn new(connection: ConnectionId) -> Self {
        Self { connection, rooms: Vec::new(), leaving: None }
    }

    pub(crate) fn is_in(&self, room: &RoomName) -> bool {
        self.rooms.iter().any(|member| member.room == *room)
    }

    pub(crate) fn join(
        &self,
        room: RoomName,
        name: DisplayName,
        token: Option<JoinToken>,
    ) -> Result<Ask, Refusal> {
        if self.rooms.len() >= MAX_ROOMS {
            return Err(Refusal::TooManyRooms);
        }
        Ok(Ask::Join(self.call(), plain_join(room, name), token))
    }

    pub(crate) fn leave(&mut self, room: Option<&RoomName>) -> Result<Ask, Refusal> {
        let member = self.member(room)?;
        self.leaving = Some(member.room.clone());
        Ok(Ask::Command(self.call(), member, Command::Leave))
    }

    /// A room left out means the only one that the client is in.
    pub(crate) fn command(
        &self,
        room: Option<&RoomName>,
        command: Command,
    ) -> Result<Ask, Refusal> {
        Ok(Ask::Command(self.call(), self.member(room)?, command))
    }

    pub(crate) fn say(&self, room: Option<&RoomName>, command: Command) -> Option<Said> {
        Some((self.call(), self.member(room).ok()?, command))
    }

    pub(crate) fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        match reply {
            Ok(Reply::Joined(joined)) => {
                self.rooms.push(MemberRef { room: joined.room.clone(), peer: joined.peer });
            }
            Ok(Reply::Left) => {
                let left = self.leaving.take();
                self.rooms.retain(|member| Some(&member.room) != left.as_ref());
            }
            Ok(
                Reply::Resumed(_)
                | Reply::Waiting(_)
                | Reply::Done { .. }
                | Reply::Presence(_)
                | Reply::Pong { .. },
            )
            | Err(_) => {}
        }
    }

    /// Others have ended a membership; says why, as an answer to nothing.
    pub(crate) fn expel(&mut self, who: &MemberRef, reason: LeaveReason) -> Problem {
        self.rooms.retain(|member| member != who);
        Problem::Refused(match reason {
            LeaveReason::Ended => Refusal::RoomEnded,
            LeaveReason::Removed => Refusal::Removed,
            LeaveReason::Left
            | LeaveReason::Timeout
            | LeaveReason::Replaced
            | LeaveReason::Expired => Refusal::NotJoined,
        })
    }

    pub(crate) fn call(&self) -> Call {
        Call { connection: self.connection, request: None }
    }

    fn member(&self, room: Option<&RoomName>) -> Result<MemberRef, Refusal> {
        let found = match room {
            Some(room) => self.rooms.iter().find(|member| member.room == *room),
            None if self.rooms.len() == 1 => self.rooms.first(),
            None => None,
        };
        found.cloned().ok_or(Refusal::NotJoined)
    }
}

/// For clients that can't resume and have no more to say of themselves than a name.
pub(crate) fn plain_join(room: RoomName, name: DisplayName) -> Join {
    Join {
        room,
        name,
        attributes: Attributes::default(),
        identity: None,
        nonce: None,
        alias: None,
        capacity: None,
        on_disconnect: OnDisconnect::Leave,
    }
}
