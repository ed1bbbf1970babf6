//! Drives the rooms: asks go in under one lock, and what comes out lies in the outboxes before the lock is let go.
//!
//! So the order of a room is the order of the lock, and nothing is woken up in between. A bug in the engine
//! ends the rooms that it holds, never the process: everybody is closed with `internal-error` and may join anew.

mod clock;
mod ice;
mod outbox;
mod policies;
mod terms;

pub use clock::Clock;
pub use ice::IceRenewal;
pub use outbox::{Next, Outbox, OutboxLimits, Sending};

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_dialects::{
    Ask, Bytes, Close, Dialect, Heard, Ice, LineId, Terms, encode_event, encode_reply,
};
use parlor_rooms::{
    Aside, Call, ConnectionId, Event, Fresh, Limits, MemberRef, MemberView, Output, PeerId,
    Refusal, Reply, RoomName, Rooms, Secret, Timestamp,
};
use tokio::sync::Notify;

use crate::config::Config;
use crate::drivers::turn::IceOffer;
use policies::Policies;

/// A connection as the rooms know it.
#[derive(Clone)]
pub struct Line {
    pub id: LineId,
    pub outbox: Arc<Outbox>,
}

pub struct RoomsDriver {
    inner: Mutex<Inner>,
    clock: Clock,
    limits: Limits,
    terms: Arc<Terms>,
    ice: Arc<IceOffer>,
    outbox_limits: OutboxLimits,
    policies: Policies,
    last_line: AtomicU64,
    /// A deadline has come that is earlier than the one being waited for.
    rearmed: Notify,
}

struct Inner {
    engine: Rooms,
    lines: HashMap<ConnectionId, Arc<Outbox>>,
    ice: Arc<IceOffer>,
}

/// What the rooms answered to the line that asked.
pub type Answers = Vec<Answer>;
pub type Answer = Result<Reply, Refusal>;

impl RoomsDriver {
    /// Starts the driver; its deadlines are watched by a task that ends with it.
    pub fn start(config: &Config, ice: IceOffer) -> Arc<Self> {
        let limits = terms::limits(config);
        let ice = Arc::new(ice);
        let inner = Inner {
            engine: Rooms::new(limits.clone()),
            lines: HashMap::new(),
            ice: Arc::clone(&ice),
        };
        let driver = Arc::new(Self {
            inner: Mutex::new(inner),
            clock: Clock::start(),
            limits,
            terms: Arc::new(terms::terms(config)),
            ice,
            outbox_limits: terms::outbox(config),
            policies: Policies::new(config),
            last_line: AtomicU64::new(0),
            rearmed: Notify::new(),
        });
        tokio::spawn(watch_deadlines(Arc::downgrade(&driver)));
        driver
    }

    /// A new connection, not yet known to any room, which came in at this address of ours.
    pub fn open_line(&self, came_in_at: Option<SocketAddr>) -> Result<Line, getrandom::Error> {
        self.line(None, Outbox::new(self.outbox_limits, Arc::default(), came_in_at))
    }

    /// A new connection of somebody who had that address before, or of somebody new. `told` as in [`Outbox::new`].
    pub fn open_line_of(
        &self,
        peer: Option<PeerId>,
        told: Arc<Notify>,
    ) -> Result<Line, getrandom::Error> {
        self.line(peer, Outbox::new(self.outbox_limits, told, None))
    }

    fn line(&self, peer: Option<PeerId>, outbox: Outbox) -> Result<Line, getrandom::Error> {
        let peer = peer.map_or_else(fresh_peer, Ok)?;
        let connection = ConnectionId(self.last_line.fetch_add(1, Ordering::Relaxed) + 1);
        let id = LineId { connection, peer };
        Ok(Line { id, outbox: Arc::new(outbox) })
    }

    /// Whether clients of this kind are served at all.
    pub fn speaks(&self, dialect: Dialect) -> bool {
        self.policies.speak(dialect)
    }

    /// Whether clients of this kind may be in a room.
    pub fn allows(&self, dialect: Dialect, room: &RoomName) -> bool {
        self.policies.allow(Some(dialect), room)
    }

    /// Who is in a room, for those whom the policies let see it.
    pub fn members(&self, room: &RoomName) -> Vec<Arc<MemberView>> {
        self.lock().engine.members(room)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long it is until then.
    pub fn until(&self, at: Timestamp) -> Duration {
        self.clock.until(at)
    }

    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// Carries out one ask. The answers are in the line's outbox already; they are returned to be taken note of.
    pub fn ask(&self, line: &Line, ask: Ask) -> Answers {
        let fresh = match &ask {
            Ask::Join(..) | Ask::Resume(..) => match fresh(line.id.peer) {
                Ok(fresh) => Some(fresh),
                Err(fault) => {
                    tracing::error!(%fault, "the system gives no entropy");
                    line.outbox.close(Close::InternalError);
                    return Vec::new();
                }
            },
            Ask::Command(..) | Ask::Presence(..) | Ask::Ping(..) | Ask::Ack(..) => None,
        };
        let now = self.clock.now();
        self.run(Some(line), |inner| {
            inner.lines.entry(line.id.connection).or_insert_with(|| line.outbox.clone());
            match (ask, fresh) {
                (Ask::Join(call, join), _)
                    if !self.policies.allow(line.outbox.dialect(), &join.room) =>
                {
                    inner.engine.handle_refusal(call, Refusal::NotPermitted);
                }
                (Ask::Join(call, join), Some(fresh)) => {
                    inner.engine.handle_join(call, join, fresh, now);
                }
                (Ask::Resume(call, resume), Some(fresh)) => {
                    inner.engine.handle_resume(call, &resume, fresh, now);
                }
                (Ask::Command(call, who, command), _) => {
                    inner.engine.handle_command(call, &who, command, now);
                }
                (Ask::Presence(call, room), _)
                    if !self.policies.allow(line.outbox.dialect(), &room) =>
                {
                    inner.engine.handle_refusal(call, Refusal::NotPermitted);
                }
                (Ask::Presence(call, room), _) => inner.engine.handle_presence(call, room),
                (Ask::Ping(call, who), _) => inner.engine.handle_ping(call, &who),
                (Ask::Ack(who, seq), _) => inner.engine.handle_ack(line.id.connection, &who, seq),
                (Ask::Join(..) | Ask::Resume(..), None) => {}
            }
        })
    }

    /// Carries out what a member asks on another way than its line. The caller has made sure that it is the member.
    pub fn ask_aside(&self, who: &MemberRef, aside: Aside) -> Answer {
        let now = self.clock.now();
        let mut answer = Err(Refusal::SessionUnknown);
        self.run(None, |inner| answer = inner.engine.handle_aside(who, aside, now));
        answer
    }

    /// Servers for the peer connections of somebody who may be no member of any room.
    pub fn ice(&self, user: PeerId, came_in_at: Option<SocketAddr>) -> Ice {
        self.ice.mint(&user.to_string(), came_in_at, self.now())
    }

    /// Entropy for whatever else opens something.
    pub fn draw_secret(&self) -> Result<Secret, getrandom::Error> {
        secret()
    }

    /// The line is gone.
    pub fn disconnect(&self, id: ConnectionId) {
        let now = self.clock.now();
        self.run(None, |inner| {
            inner.lines.remove(&id);
            inner.engine.handle_disconnect(id, now);
        });
    }

    fn run(&self, asking: Option<&Line>, work: impl FnOnce(&mut Inner)) -> Answers {
        let mut inner = self.lock();
        let before = inner.engine.poll_timeout();
        let done = catch_unwind(AssertUnwindSafe(|| {
            work(&mut inner);
            inner.deliver(asking.map(|line| line.id.connection), self.clock.now())
        }));
        let answers = done.unwrap_or_else(|_| {
            tracing::error!("bug: the rooms failed and are started anew");
            inner.start_anew(&self.limits);
            if let Some(line) = asking {
                line.outbox.close(Close::InternalError);
            }
            Vec::new()
        });
        let after = inner.engine.poll_timeout();
        drop(inner);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.rearmed.notify_one();
        }
        answers
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic inside is caught before the guard is dropped, so a poisoned lock holds a sound value.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets time pass in the rooms, for as long as there is a driver.
async fn watch_deadlines(driver: std::sync::Weak<RoomsDriver>) {
    while let Some(driver) = driver.upgrade() {
        let next = driver.lock().engine.poll_timeout();
        let wait = next.map_or(clock::LONG, |at| driver.clock.until(at));
        tokio::select! {
            () = tokio::time::sleep(wait) => {
                let now = driver.clock.now();
                driver.run(None, |inner| inner.engine.handle_timeout(now));
            }
            () = driver.rearmed.notified() => {}
        }
    }
}

impl Inner {
    /// Puts everything that the engine has for its members into their outboxes.
    fn deliver(&mut self, asking: Option<ConnectionId>, now: Timestamp) -> Answers {
        let mut answers = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Event { to, event } => self.tell(&to, &event),
                Output::Reply { call, reply } => {
                    let taken = self.answer(call, reply, now);
                    answers.extend(taken.filter(|_| Some(call.connection) == asking));
                }
                Output::Replaced { connection } => {
                    let replaced = self.lines.remove(&connection);
                    replaced.inspect(|outbox| outbox.close(Close::Replaced));
                }
            }
        }
        answers
    }

    /// Encodes an answer, or lets the session do so, which then takes note of it by itself.
    fn answer(&self, call: Call, reply: Answer, now: Timestamp) -> Option<Answer> {
        let outbox = self.lines.get(&call.connection)?;
        let dialect = outbox.dialect()?;
        if !dialect.shares_words() {
            let replayed = replayed(&reply);
            outbox.hear(Heard::Reply(call, reply), Sending::Reliable);
            replayed.inspect(|count| outbox.begin_replay(*count));
            return None;
        }
        let ice = match &reply {
            Ok(Reply::Joined(joined)) => {
                self.ice.mint(&joined.peer.to_string(), outbox.came_in_at(), now)
            }
            Ok(_) | Err(_) => Ice::default(),
        };
        for frame in encode_reply(dialect, call, &reply, &ice) {
            outbox.push(frame, Sending::Reliable);
        }
        replayed(&reply).inspect(|count| outbox.begin_replay(*count));
        Some(reply)
    }

    /// One encoding for all who speak the same dialect.
    fn tell(&self, to: &[ConnectionId], event: &Arc<Event>) {
        let sending = if event.seq.is_some() { Sending::Reliable } else { Sending::Volatile };
        let mut encoded: Vec<(Dialect, Option<Bytes>)> = Vec::new();
        for outbox in to.iter().filter_map(|id| self.lines.get(id)) {
            let Some(dialect) = outbox.dialect() else { continue };
            if !dialect.shares_words() {
                outbox.hear(Heard::Event(event.clone()), sending);
                continue;
            }
            let known = encoded.iter().find(|(known, _)| *known == dialect);
            let frame = match known {
                Some((_, frame)) => frame.clone(),
                None => {
                    let frame = encode_event(dialect, event, to.len());
                    encoded.push((dialect, frame.clone()));
                    frame
                }
            };
            if let Some(frame) = frame {
                outbox.push(frame, sending);
            }
        }
    }

    fn start_anew(&mut self, limits: &Limits) {
        self.engine = Rooms::new(limits.clone());
        for (_, outbox) in self.lines.drain() {
            outbox.close(Close::InternalError);
        }
    }
}

/// How many of the next events are what the member missed.
fn replayed(reply: &Answer) -> Option<usize> {
    if let Ok(Reply::Resumed(resumed)) = reply { Some(resumed.replayed) } else { None }
}

fn fresh_peer() -> Result<PeerId, getrandom::Error> {
    let mut peer = [0; 16];
    getrandom::fill(&mut peer)?;
    Ok(PeerId::from_entropy(peer))
}

fn fresh(peer: PeerId) -> Result<Fresh, getrandom::Error> {
    Ok(Fresh { peer, secret: secret()? })
}

fn secret() -> Result<Secret, getrandom::Error> {
    let mut secret = [0; 24];
    getrandom::fill(&mut secret)?;
    Ok(Secret::from_entropy(secret))
}
