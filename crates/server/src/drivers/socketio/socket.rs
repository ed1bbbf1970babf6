//! One namespace of one client: its member, and its line to the rooms.

use parlor_dialects::socketio::member::{Member, Step};
use parlor_dialects::socketio::packet::Namespace;
use parlor_dialects::socketio::session::Session;
use parlor_dialects::{Heard, Said as Command};

use super::SocketIo;
use crate::drivers::rooms::Line;

/// Carried out under one lock, at most: others wait for it.
pub const AT_ONCE: usize = 32;
/// Most clients say one thing at a time: for more no memory is kept.
const KEPT: usize = 4;

/// One namespace.
pub struct Socket {
    pub namespace: Namespace,
    /// Read, and to be carried out with what follows it.
    pub said: Vec<Command>,
    pub member: Member,
    pub line: Line,
    pub pid: Option<String>,
}

impl Socket {
    /// Carries out what was said, in one go.
    pub fn carry_out(&mut self, home: &SocketIo) {
        if !self.said.is_empty() {
            // The answers, of refusals alone, are in the outbox.
            home.rooms.hear(&self.line, &mut self.said);
            if self.said.capacity() > KEPT {
                self.said = Vec::new();
            }
        }
    }

    /// Takes note of all that rooms have put out for it, if there is anything.
    pub fn hear_all(&mut self) -> bool {
        let mut any = false;
        while let Some(heard) = self.line.outbox.take_heard() {
            any = true;
            self.member.handle_heard(&heard);
        }
        any
    }

    /// Tells the client what was heard: most often it is only written down.
    pub fn tell(&mut self, heard: Heard, session: &mut Session, home: &SocketIo) {
        match heard {
            Heard::Event(event) => {
                if let Some(spoken) = self.member.hear_plainly(event) {
                    session.emit_spoken(&self.namespace, spoken);
                }
            }
            Heard::Reply(..) | Heard::Expelled(..) => self.member.handle_heard(&heard),
        }
        self.settle(session, home);
    }

    /// Does what the member wants done, and lets it hear the answers, until it wants nothing more.
    pub fn settle_and_hear(&mut self, session: &mut Session, home: &SocketIo) {
        self.settle(session, home);
        while self.hear_all() {
            self.settle(session, home);
        }
    }

    /// The same without the answers: they come behind what was heard before them.
    pub fn settle(&mut self, session: &mut Session, home: &SocketIo) {
        while let Some(step) = self.member.poll_output() {
            match step {
                Step::Ask(ask) => _ = home.rooms.ask(&self.line, ask),
                Step::Hold(token) => self.line.token = Some(token),
                Step::Emit { name, args } => session.emit(&self.namespace, name, args),
                Step::Acknowledge { id, args } => session.acknowledge(&self.namespace, id, args),
            }
        }
    }
}
