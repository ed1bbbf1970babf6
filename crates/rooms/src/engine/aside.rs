//! What members ask on another way than the connection that their events take, such as a request of its own for each.

use super::Rooms;
use crate::command::{Aside, Command, MemberRef};
use crate::event::{LeaveReason, Reply};
use crate::ids::Timestamp;
use crate::refusal::Refusal;

impl Rooms {
    /// Carries out what somebody asks whom the driver has recognised as this member, connected or away. It shows
    /// nothing about what has reached the client, so every secret stays good; it is not remembered, so the driver
    /// sees to it that nothing is carried out twice.
    pub fn handle_aside(
        &mut self,
        who: &MemberRef,
        aside: Aside,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let room = self.rooms.get_mut(&who.room).ok_or(Refusal::SessionUnknown)?;
        let last = room.log.last();
        let member = room.get_mut(who.peer).ok_or(Refusal::SessionUnknown)?;
        match aside {
            Aside::Command(Command::Leave) => {
                self.remove(who, LeaveReason::Left, now);
                Ok(Reply::Left)
            }
            Aside::Command(command) => {
                self.carry_out(who, command, now).map(|seq| Reply::Done { seq })
            }
            Aside::Ack(seq) => {
                member.acked = member.acked.max(seq.min(last));
                self.settle(&who.room);
                Ok(Reply::Done { seq: None })
            }
            Aside::Ping => Ok(Reply::Pong { stable: room.stable() }),
        }
    }
}
