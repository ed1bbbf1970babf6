//! The client's POSTs while it is polling: one at a time, and heard in portions.

use std::collections::VecDeque;

use parlor_rooms::Timestamp;

use super::wire::Wire;
use super::{Closed, Engine, Refused, State, read_payload};

impl Engine {
    /// A POST begins; its body is still to be read.
    pub fn handle_post_begin(&mut self, now: Timestamp) -> Result<(), Refused> {
        self.handle_timeout(now);
        if self.state == State::Closed || !matches!(self.wire, Wire::Polling(_)) {
            return Err(Refused::BadRequest);
        }
        if self.posting {
            self.end(Closed::ProtocolError);
            return Err(Refused::BadRequest);
        }
        self.posting = true;
        Ok(())
    }

    /// The body of the POST that was begun. It is heard by [`Self::handle_posted`].
    pub fn handle_post(&mut self, body: &[u8]) -> Result<(), Refused> {
        match self.state {
            State::Open => {}
            State::Closed => {
                self.posting = false;
                return Err(Refused::BadRequest);
            }
            // Too late to be heard; but a client that is refused comes no more for what it is still to hear.
            State::Closing { .. } => return Ok(()),
        }
        let packets = std::str::from_utf8(body).ok().and_then(|body| read_payload(body).ok());
        let Some(packets) = packets else {
            self.posting = false;
            self.end(Closed::ProtocolError);
            return Err(Refused::BadRequest);
        };
        self.posted = packets.into();
        Ok(())
    }

    /// Hears so many packets of the POST at most; tells whether there are more. Until there are none, the POST goes on:
    /// thousands at once would be too many for those who have to take them.
    pub fn handle_posted(&mut self, most: usize, now: Timestamp) -> bool {
        for _ in 0..most {
            // What follows a farewell is not heard.
            let next = self.posted.pop_front().filter(|_| self.state == State::Open);
            let Some(packet) = next else {
                self.posted = VecDeque::new();
                self.posting = false;
                return false;
            };
            self.receive(packet, now);
        }
        self.posting = !self.posted.is_empty();
        self.posting
    }

    /// Packets of the POST that are still to be heard.
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.posted.len()
    }

    /// The body was larger than allowed, or it broke off.
    pub fn handle_post_failed(&mut self, why: Closed) {
        self.posting = false;
        self.end(why);
    }
}
