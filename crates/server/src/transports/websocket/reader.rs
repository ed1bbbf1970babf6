//! What a WebSocket connection knows of its client: the session, its rates and its deadlines. What is said goes to the rooms.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use parlor_dialects::{Close, Door, Frame, Heard, Said, Session, Step};
use parlor_rooms::{Refusal, Reply};
use parlor_websocket::{CloseReason, Event};
use tokio::time::Instant;

use super::rate::Bucket;
use crate::config::Limits;
use crate::drivers::rooms::{Answer, IceRenewal, Line, RoomsDriver, Sending};
use crate::metrics::{self, Direction};
use crate::node::Node;

/// How long one batch may take to be written: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Refused messages before a connection is closed, and how many are forgiven each second.
const MAX_REFUSALS: usize = 2_000;
const FORGIVEN_PER_SECOND: usize = 20;
/// Pings and pongs: no honest client needs more than a few a minute.
const CONTROL_FRAMES_PER_SECOND: usize = 10;
const CONTROL_FRAMES_BURST: usize = 100;
/// Carried out at once under the lock of the rooms, at most: others wait for it meanwhile.
const SAID_AT_ONCE: usize = 32;

/// What the connection knows of its client.
pub struct Reader {
    pub node: Arc<Node>,
    from: Option<IpAddr>,
    pub line: Line,
    session: Session,
    rate: Bucket,
    refusals: Bucket,
    control_frames: Bucket,
    /// The join timeout counts from here.
    joins_since: Instant,
    heard_at: Instant,
    pinged_at: Instant,
    ice: IceRenewal,
    /// Since when something waits to be written.
    writing_since: Option<Instant>,
    /// The rooms know the line, and which dialect it speaks is settled.
    has_joined: bool,
    /// The client has said that it closes the connection.
    pub has_left: bool,
}

impl Reader {
    pub fn new(node: &Arc<Node>, (door, from): (Door, Option<IpAddr>), line: Line) -> Self {
        let (limits, now) = (&node.config.limits, Instant::now());
        let bucket = |per_second, burst| Bucket::new(per_second, burst, now.into_std());
        Self {
            node: Arc::clone(node),
            from,
            session: Session::new(door, line.id, Arc::clone(node.rooms.terms())),
            line,
            rate: bucket(limits.messages_per_second, limits.burst),
            refusals: bucket(FORGIVEN_PER_SECOND, MAX_REFUSALS),
            control_frames: bucket(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST),
            joins_since: now,
            heard_at: now,
            pinged_at: now,
            ice: IceRenewal::default(),
            writing_since: None,
            has_joined: false,
            has_left: false,
        }
    }

    /// Whether its words depend on what it remembers, and on the time.
    pub fn keeps_time(&self) -> bool {
        self.session.dialect().is_some_and(|dialect| !dialect.shares_words())
    }

    /// To be called before anything else is handled.
    pub fn let_pass(&mut self) {
        if self.keeps_time() {
            self.session.handle_timeout(self.node.rooms.now());
        }
    }

    pub fn rooms(&self) -> &RoomsDriver {
        &self.node.rooms
    }

    fn limits(&self) -> &Limits {
        &self.node.config.limits
    }

    /// Breaks off when nobody is heard any more.
    pub fn hear(
        &mut self,
        event: Event<'_>,
        said: &mut Vec<Said>,
        now: Instant,
    ) -> ControlFlow<()> {
        self.heard_at = now;
        match event {
            Event::Text(text) => self.hear_message(Frame::Text(text), said),
            Event::Binary(bytes) => self.hear_message(Frame::Binary(bytes), said),
            Event::Ping(_) | Event::Pong(_) => self.hear_control_frame(),
            Event::Close(why) => {
                self.pass_on(said);
                self.hear_close(why);
            }
        }
        if self.is_closing() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn hear_message(&mut self, frame: Frame<'_>, said: &mut Vec<Said>) {
        let bytes = match frame {
            Frame::Text(text) => text.len(),
            Frame::Binary(bytes) => bytes.len(),
        };
        match self.rate.take(self.heard_at.into_std()) {
            Ok(()) => {
                if let Some(plain) = self.read_said(frame) {
                    self.count(Direction::In, 1, bytes);
                    return self.say(plain, said);
                }
                self.pass_on(said);
                self.session.handle_frame(frame);
                if self.session.never_joins() {
                    self.joins_since = self.heard_at;
                }
            }
            Err(retry_after) => {
                metrics::refused("rate-limited");
                self.pass_on(said);
                if self.refusals.take(self.heard_at.into_std()).is_err() {
                    return self.line.outbox.close(Close::RateLimited);
                }
                self.session.handle_excess(frame, retry_after);
            }
        }
        self.count(Direction::In, 1, bytes);
        self.settle();
    }

    /// What comes before the dialect is known is no message of any.
    pub fn count(&self, direction: Direction, messages: usize, bytes: usize) {
        if let Some(dialect) = self.session.dialect() {
            metrics::passed(dialect, direction, messages, bytes);
        }
    }

    fn read_said(&self, frame: Frame<'_>) -> Option<Said> {
        if self.has_joined { self.session.read_said(frame) } else { None }
    }

    fn say(&mut self, plain: Said, said: &mut Vec<Said>) {
        said.push(plain);
        if said.len() == SAID_AT_ONCE {
            self.pass_on(said);
        }
    }

    /// All of it under one lock of the rooms, and what follows from the answers: a refusal may have been the end of it.
    pub fn pass_on(&mut self, said: &mut Vec<Said>) {
        if said.is_empty() {
            return;
        }
        let answers = self.rooms().hear(&self.line, said);
        if !answers.is_empty() {
            answers.iter().for_each(|answer| self.take_note(answer));
            self.settle();
        }
    }

    /// Its answer is kept until it is read: a flood of them ends here.
    fn hear_control_frame(&mut self) {
        if self.control_frames.take(self.heard_at.into_std()).is_err() {
            self.line.outbox.close(Close::RateLimited);
        }
    }

    fn hear_close(&mut self, why: Option<CloseReason<'_>>) {
        self.has_left = true;
        self.session.handle_close(why.map(|why| why.code));
        self.settle();
    }

    pub fn is_closing(&self) -> bool {
        self.line.outbox.is_closing()
    }

    /// There is something to hear.
    pub fn wake(&mut self) {
        self.session.handle_timeout(self.node.rooms.now());
        self.settle();
    }

    /// Does what the session wants done, until it wants nothing more.
    pub fn settle(&mut self) {
        if let Some(dialect) = self.session.dialect() {
            self.line.outbox.speak(dialect);
            if !self.rooms().speaks(dialect) {
                return self.line.outbox.close(Close::DialectOff);
            }
        }
        while let Some(step) = self.next_step() {
            self.carry_out(step);
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Send(frame) => self.line.outbox.push(frame, Sending::Reliable),
            Step::Close(why) => self.line.outbox.close(why),
            Step::Ask(ask) => {
                let answers = self.rooms().ask(&self.line, ask);
                answers.iter().for_each(|answer| self.take_note(answer));
            }
        }
    }

    fn take_note(&mut self, answer: &Answer) {
        self.session.handle_reply(answer);
        self.note_attempt(answer);
        if let Ok(reply) = answer {
            self.has_joined |= matches!(reply, Reply::Joined(_) | Reply::Resumed(_));
            self.ice.handle_reply(&self.node.rooms, reply, Instant::now().into_std());
        }
    }

    /// After too many wrong secrets further ones have to wait, which only a new connection can be told.
    fn note_attempt(&self, answer: &Answer) {
        let (attempts, now) = (&self.node.guard.attempts, Instant::now().into_std());
        let Some(from) = self.from else { return };
        if let Ok(Reply::Resumed(_)) = answer {
            attempts.succeeded(from);
        } else if *answer == Err(Refusal::BadSecret) {
            attempts.failed(from, now);
            if attempts.check(from, now).is_err() {
                self.line.outbox.close(Close::RateLimited);
            }
        }
    }

    /// What the session wants, or what it wants once it has heard what happened.
    fn next_step(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.session.poll_output() {
                return Some(step);
            }
            if !self.line.outbox.has_heard() {
                return None;
            }
            let heard = self.line.outbox.take_heard()?;
            match &heard {
                Heard::Reply(_, reply) if !self.keeps_time() => self.take_note(reply),
                Heard::Reply(..) | Heard::Event(_) | Heard::Expelled(..) => {
                    self.session.handle_heard(&heard);
                }
            }
        }
    }

    pub fn note_writing(&mut self, writing: bool, now: Instant) {
        if writing {
            self.writing_since.get_or_insert(now);
        } else {
            self.writing_since = None;
        }
    }

    /// Whether the client takes nothing of what is written.
    pub fn is_stuck(&self) -> bool {
        self.writing_since.is_some_and(|since| Instant::now() >= since + WRITE_TIMEOUT)
    }

    pub fn next_deadline(&self) -> Instant {
        if self.is_closing() {
            return self.writing_since.unwrap_or_else(Instant::now) + WRITE_TIMEOUT;
        }
        let next = self.next_ping().min(self.heard_at + self.limits().idle_timeout);
        let wanted = self.session.poll_timeout().map(|at| Instant::now() + self.rooms().until(at));
        let written = self.writing_since.map(|since| since + WRITE_TIMEOUT);
        let join = self.session.must_join().then(|| self.joins_until());
        let renewal = self.ice.due().map(Instant::from_std);
        [wanted, written, join, renewal].into_iter().flatten().fold(next, Instant::min)
    }

    fn joins_until(&self) -> Instant {
        self.joins_since + self.limits().join_timeout
    }

    fn next_ping(&self) -> Instant {
        self.heard_at.max(self.pinged_at) + self.limits().idle_timeout / 3
    }

    pub fn handle_deadline(&mut self) {
        self.wake();
        let now = Instant::now();
        self.ice.handle_timeout(&self.node.rooms, &self.line, now.into_std());
        if self.session.must_join() && now >= self.joins_until() {
            self.line.outbox.close(Close::JoinTimeout);
        } else if now >= self.heard_at + self.limits().idle_timeout {
            self.line.outbox.close(Close::IdleTimeout);
        } else if now >= self.next_ping() {
            self.pinged_at = now;
            self.line.outbox.ping();
        }
    }
}
