//! One node: the real rooms and dialects behind modelled connections. Knows links, no clients.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parlor_dialects::{
    Ask, Close, Dialect, Frame, Session, Step, Terms, encode_event, encode_reply,
};
use parlor_rooms::{
    Call, ConnectionId, Counters, Event, Fresh, Output, PeerId, Refusal, Reply, Rooms, Secret,
    Timestamp,
};

use crate::Millis;
use crate::bucket::Bucket;
use crate::network::{Item, LinkId};
use crate::outbox::{Outbox, OutboxLimits, Sending};
use crate::plan::Setup;
use crate::rng::Rng;

/// Refused messages before a connection is closed, and how many are forgiven each second.
const MAX_REFUSALS: u32 = 2_000;
const FORGIVEN_PER_SECOND: u32 = 20;
/// How long one write may take, and how long a client may take to read its last frames.
const WRITE_TIMEOUT: Millis = 30_000;
const CLOSE_TIMEOUT: Millis = 2_000;
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

#[derive(Debug)]
struct Line {
    link: LinkId,
    session: Session,
    outbox: Outbox,
    rate: Bucket,
    refusals: Bucket,
    opened_at: Millis,
    heard_at: Millis,
    pinged_at: Millis,
    /// Since when the socket has taken nothing of what waits.
    blocked_since: Option<Millis>,
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

    pub fn handle_open(&mut self, link: LinkId, dialect: Dialect, now: Millis) {
        self.accepted += 1;
        let id = ConnectionId(self.accepted);
        let (frames, bytes) = (self.setup.outbox_frames, self.setup.outbox_bytes);
        let line = Line {
            link,
            session: Session::new(dialect, id, self.terms.clone()),
            outbox: Outbox::new(OutboxLimits { frames, bytes }),
            rate: Bucket::new(self.setup.messages_per_second, self.setup.burst, now),
            refusals: Bucket::new(FORGIVEN_PER_SECOND, MAX_REFUSALS, now),
            opened_at: now,
            heard_at: now,
            pinged_at: now,
            blocked_since: None,
        };
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
        line.heard_at = now;
        let frame = Frame::Text(text);
        match line.rate.take(now) {
            Ok(()) => line.session.handle_frame(frame),
            Err(_) if line.refusals.take(now).is_err() => line.outbox.close(Close::RateLimited),
            Err(wait) => {
                line.session.handle_excess(frame, std::time::Duration::from_millis(wait));
            }
        }
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
            Ask::Join(call, join) => {
                let fresh = self.fresh();
                self.engine.handle_join(call, join, fresh, now);
            }
            Ask::Resume(call, resume) => {
                let fresh = self.fresh();
                self.engine.handle_resume(call, &resume, fresh, now);
            }
            Ask::Command(call, who, command) => {
                self.engine.handle_command(call, &who, command, now);
            }
            Ask::Presence(call, room) => self.engine.handle_presence(call, room),
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
            }
        }
        answers
    }

    fn answer(&mut self, call: Call, reply: &Result<Reply, Refusal>) {
        let terms = self.terms.clone();
        self.write_to(call.connection, |line| {
            for frame in encode_reply(line.session.dialect(), call, reply, &terms) {
                line.outbox.push(frame, Sending::Reliable);
            }
            if let Ok(Reply::Resumed(resumed)) = reply {
                line.outbox.begin_replay(resumed.replayed);
            }
        });
    }

    fn tell(&mut self, to: &[ConnectionId], event: &Event) {
        let sending = if event.seq.is_some() { Sending::Reliable } else { Sending::Volatile };
        let of = |dialect| encode_event(dialect, event);
        let (native, json) = (of(Dialect::Native), of(Dialect::Json));
        for id in to {
            self.write_to(*id, |line| {
                let frame = match line.session.dialect() {
                    Dialect::Native => &native,
                    Dialect::Json => &json,
                };
                frame.iter().for_each(|frame| line.outbox.push(frame.clone(), sending));
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

impl Line {
    fn take(&mut self, takes_more: bool, now: Millis) -> Option<Item> {
        if takes_more {
            self.blocked_since = None;
            return self.outbox.take();
        }
        let blocked_since = *self.blocked_since.get_or_insert(now);
        let is_over = self.outbox.is_closing() && now >= blocked_since + CLOSE_TIMEOUT;
        is_over.then_some(Item::End)
    }

    fn next_deadline(&self, setup: &Setup) -> Option<Millis> {
        if self.outbox.is_closing() {
            return self.blocked_since.map(|since| since + CLOSE_TIMEOUT);
        }
        let ping = self.heard_at.max(self.pinged_at) + setup.idle_timeout / 3;
        let write = self.blocked_since.map(|since| since + WRITE_TIMEOUT);
        let join = (!self.session.has_joined()).then_some(self.opened_at + setup.join_timeout);
        let always = [ping, self.heard_at + setup.idle_timeout];
        always.into_iter().chain(write).chain(join).min()
    }

    fn handle_deadline(&mut self, setup: &Setup, now: Millis) {
        if self.outbox.is_closing() || self.next_deadline(setup).is_none_or(|at| at > now) {
            return;
        }
        if self.blocked_since.is_some_and(|since| now >= since + WRITE_TIMEOUT) {
            self.outbox.give_up();
            self.blocked_since = Some(now);
        } else if !self.session.has_joined() && now >= self.opened_at + setup.join_timeout {
            self.outbox.close(Close::JoinTimeout);
        } else if now >= self.heard_at + setup.idle_timeout {
            self.outbox.close(Close::IdleTimeout);
        } else {
            self.pinged_at = now;
            self.outbox.ping();
        }
    }
}

fn timestamp(now: Millis) -> Timestamp {
    Timestamp(BEGINNING + now)
}
