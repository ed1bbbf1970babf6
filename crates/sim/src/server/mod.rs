//! One node: the real rooms and dialects behind modelled connections. Knows links, no clients.

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parlor_dialects::{
    Ask, Bytes, Close, Dialect, Door, Ice, LineId, Session, Step, Terms, encode_event, encode_reply,
};
use parlor_rooms::{
    Admission, Call, ConnectionId, Counters, Entry, Event, Fresh, Output, PeerId, Refusal, Reply,
    Rooms, Secret, Timestamp,
};

use crate::Millis;
use crate::network::{Item, LinkId};
use crate::outbox::Sending;
use crate::plan::Setup;
use crate::rng::Rng;
use line::Line;

/// The world begins on 1 January 2026.
const BEGINNING: u64 = 1_767_225_600_000;

#[derive(Debug)]
pub struct Server {
    setup: Setup,
    terms: Arc<Terms>,
    rng: Rng,
    engine: Rooms,
    accepted: u64,
    lines: BTreeMap<ConnectionId, Line>,
    on_link: BTreeMap<LinkId, ConnectionId>,
    /// Links that something waits for.
    touched: BTreeSet<LinkId>,
}

impl Server {
    pub fn new(setup: Setup, rng: Rng) -> Self {
        Self {
            terms: Arc::new(setup.terms()),
            engine: Rooms::new(setup.limits.clone()),
            rng,
            setup,
            accepted: 0,
            lines: BTreeMap::new(),
            on_link: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }

    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    pub fn connections(&self) -> usize {
        self.lines.len()
    }

    pub fn handle_open(&mut self, link: LinkId, door: Door, now: Millis) {
        self.accepted += 1;
        let id = ConnectionId(self.accepted);
        let line = LineId { connection: id, peer: PeerId::from_entropy(self.rng.bytes()) };
        let session = Session::new(door, line, self.terms.clone());
        let line = Line::new(link, session, &self.setup, now);
        self.lines.insert(id, line);
        self.on_link.insert(link, id);
        self.settle(id, now);
    }

    pub fn handle_text(&mut self, link: LinkId, text: &str, now: Millis) {
        let Some(id) = self.on_link.get(&link).copied() else { return };
        let Some(line) = self.lines.get_mut(&id) else { return };
        if line.outbox.is_closing() {
            return; // Nobody is heard any more.
        }
        line.hear(text, now);
        self.settle(id, now);
    }

    pub fn handle_pong(&mut self, link: LinkId, now: Millis) {
        let line = self.on_link.get(&link).and_then(|id| self.lines.get_mut(id));
        if let Some(line) = line {
            line.heard_at = now;
        }
    }

    /// The link is gone.
    pub fn handle_gone(&mut self, link: LinkId, now: Millis) {
        let Some(id) = self.on_link.remove(&link) else { return };
        self.lines.remove(&id);
        self.engine.handle_disconnect(id, timestamp(now));
        self.deliver(None);
    }

    pub fn handle_timeout(&mut self, now: Millis) {
        if self.engine.poll_timeout().is_some_and(|at| at <= timestamp(now)) {
            self.engine.handle_timeout(timestamp(now));
            self.deliver(None);
        }
        for line in self.lines.values_mut() {
            line.handle_deadline(&self.setup, now);
            self.touched.insert(line.link);
        }
    }

    pub fn poll_timeout(&self) -> Option<Millis> {
        let engine = self.engine.poll_timeout().map(|at| at.0 - BEGINNING);
        let lines = self.lines.values().filter_map(|line| line.next_deadline(&self.setup));
        engine.into_iter().chain(lines).min()
    }

    /// The links for which [`Self::take`] may have something.
    pub fn poll_touched(&mut self) -> Option<LinkId> {
        self.touched.pop_first()
    }

    /// What is to be written next, if the socket takes more. After a close the link is forgotten.
    pub fn take(&mut self, link: LinkId, takes_more: bool, now: Millis) -> Option<Item> {
        let id = self.on_link.get(&link)?;
        let item = self.lines.get_mut(id)?.take(takes_more, now)?;
        if item.is_last() {
            self.handle_gone(link, now);
        }
        Some(item)
    }

    /// Does what a session wants done, until it wants nothing more.
    fn settle(&mut self, id: ConnectionId, now: Millis) {
        while let Some(step) = self.lines.get_mut(&id).and_then(|line| line.session.poll_output()) {
            let mut answers = Vec::new();
            if let Step::Ask(ask) = &step {
                self.ask(id, ask.clone(), now);
                answers = self.deliver(Some(id));
            }
            self.write_to(id, |line| match step {
                Step::Send(frame) => line.outbox.push(frame, Sending::Reliable),
                Step::Close(why) => line.outbox.close(why),
                Step::Ask(_) => {
                    answers.iter().for_each(|answer| line.session.handle_reply(answer));
                }
            });
        }
    }

    fn ask(&mut self, id: ConnectionId, ask: Ask, now: Millis) {
        let now = timestamp(now);
        match ask {
            Ask::Join(call, join, _) => {
                let entry = Entry { join, admission: Admission::default(), fresh: self.fresh() };
                self.engine.handle_join(call, entry, now);
            }
            Ask::Resume(call, resume) => {
                let fresh = self.fresh();
                self.engine.handle_resume(call, &resume, fresh, now);
            }
            Ask::Command(call, who, command) => {
                self.engine.handle_command(call, &who, command, now);
            }
            Ask::Refresh(..) => {}
            Ask::Presence(call, room, _) => self.engine.handle_presence(call, room),
            Ask::Ping(call, who) => self.engine.handle_ping(call, &who),
            Ask::Ack(who, seq) => self.engine.handle_ack(id, &who, seq),
        }
    }

    fn fresh(&mut self) -> Fresh {
        let peer = PeerId::from_entropy(self.rng.bytes());
        Fresh { peer, secret: Secret::from_entropy(self.rng.bytes()) }
    }

    fn deliver(&mut self, asking: Option<ConnectionId>) -> Vec<Result<Reply, Refusal>> {
        let mut answers = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Event { to, event } => self.tell(&to, &event),
                Output::Reply { call, reply } => {
                    self.answer(call, &reply);
                    answers.extend((Some(call.connection) == asking).then_some(reply));
                }
                Output::Replaced { connection } => {
                    self.write_to(connection, |line| line.outbox.close(Close::Replaced));
                }
                Output::Expelled { connection, reason, .. } => {
                    self.write_to(connection, |line| line.outbox.close(Close::after(reason)));
                }
                Output::RoomStarted { .. } | Output::RoomEnded { .. } => {}
            }
        }
        answers
    }

    fn answer(&mut self, call: Call, reply: &Result<Reply, Refusal>) {
        let ice = Ice::default();
        self.write_to(call.connection, |line| {
            let Some(dialect) = line.session.dialect() else { return };
            for frame in encode_reply(dialect, call, reply, &ice) {
                line.outbox.push(frame, Sending::Reliable);
            }
            if let Ok(Reply::Resumed(resumed)) = reply {
                line.outbox.begin_replay(resumed.replayed);
            }
        });
    }

    fn tell(&mut self, to: &[ConnectionId], event: &Event) {
        let sending = if event.seq.is_some() { Sending::Reliable } else { Sending::Volatile };
        let mut encoded: BTreeMap<Dialect, Option<Bytes>> = BTreeMap::new();
        for id in to {
            let dialect = self.lines.get(id).and_then(|line| line.session.dialect());
            let Some(dialect) = dialect else { continue };
            let encode = || encode_event(dialect, event, to.len());
            let frame = encoded.entry(dialect).or_insert_with(encode).clone();
            self.write_to(*id, |line| {
                frame.into_iter().for_each(|frame| line.outbox.push(frame, sending));
            });
        }
    }

    fn write_to(&mut self, id: ConnectionId, write: impl FnOnce(&mut Line)) {
        if let Some(line) = self.lines.get_mut(&id) {
            write(line);
            self.touched.insert(line.link);
        }
    }
}

fn timestamp(now: Millis) -> Timestamp {
    Timestamp(BEGINNING + now)
}
