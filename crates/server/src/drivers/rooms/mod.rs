//! Drives the rooms: asks go in under one lock, and what comes out lies in the outboxes before the lock is let go.
//!
//! So the order of a room is the order of the lock, and nothing is woken up in between. A bug in the engine
//! ends the rooms that it holds, never the process: everybody is closed with `internal-error` and may join anew.

mod administering;
mod admitting;
mod clock;
mod delivering;
mod drain;
mod houses;
mod ice;
mod lines;
mod outbox;
mod policies;
mod terms;
mod words;

pub use clock::Clock;
pub use ice::IceRenewal;
pub use outbox::{Frames, Next, Outbox, OutboxLimits, Portion, Sending};

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_dialects::{Ask, Close, Dialect, Ice, JoinToken, LineId, Said, Terms};
use parlor_rooms::{
    Aside, ConnectionId, Counters, Fresh, IdMap, Limits, MemberRef, MemberView, PeerId, Refusal,
    Reply, RoomName, Rooms, Secret, Timestamp, Totals,
};
use tokio::sync::Notify;

use crate::auth::Auth;
use crate::config::Config;
use crate::drivers::turn::IceOffer;
use crate::metrics::{self, Asked};
use crate::webhooks::Webhooks;
use admitting::Judged;
use drain::Course;
use houses::Houses;
use policies::Policies;

/// A connection as the rooms know it.
#[derive(Clone)]
pub struct Line {
    pub id: LineId,
    pub outbox: Arc<Outbox>,
    /// Where the client comes from.
    pub from: Option<IpAddr>,
    /// What the client has shown when it connected, for joins that bring no token of their own.
    pub token: Option<JoinToken>,
}

pub struct RoomsDriver {
    inner: Mutex<Inner>,
    clock: Clock,
    limits: Limits,
    terms: Arc<Terms>,
    ice: Arc<IceOffer>,
    outbox_limits: OutboxLimits,
    policies: Policies,
    houses: Houses,
    auth: Arc<Auth>,
    last_line: AtomicU64,
    /// A deadline has come that is earlier than the one being waited for.
    rearmed: Notify,
    /// The last connection is gone.
    deserted: Notify,
}

struct Inner {
    engine: Rooms,
    lines: IdMap<ConnectionId, Arc<Outbox>>,
    /// Who asks at this moment, and what.
    asked: Option<(ConnectionId, Asked)>,
    webhooks: Option<Arc<Webhooks>>,
    ice: Arc<IceOffer>,
    course: Course,
}

/// What the rooms answered to the line that asked.
pub type Answers = Vec<Answer>;
pub type Answer = Result<Reply, Refusal>;

impl RoomsDriver {
    /// Starts the driver; its deadlines are watched by a task that ends with it.
    pub fn start(config: &Config, ice: IceOffer, auth: Arc<Auth>) -> Arc<Self> {
        let limits = terms::limits(config);
        let ice = Arc::new(ice);
        let inner = Inner {
            engine: Rooms::new(limits.clone()),
            lines: IdMap::default(),
            asked: None,
            webhooks: None,
            ice: Arc::clone(&ice),
            course: Course::default(),
        };
        let driver = Arc::new(Self {
            inner: Mutex::new(inner),
            clock: Clock::start(),
            limits,
            terms: Arc::new(terms::terms(config)),
            ice,
            outbox_limits: terms::outbox(config),
            policies: Policies::new(config),
            houses: Houses::new(config),
            auth,
            last_line: AtomicU64::new(0),
            rearmed: Notify::new(),
            deserted: Notify::new(),
        });
        driver.run(None, driver.now(), |inner| driver.houses.open(&mut inner.engine, driver.now()));
        tokio::spawn(watch_deadlines(Arc::downgrade(&driver)));
        driver
    }

    /// A new connection, not yet known to any room, which came in at this address of ours.
    pub fn open_line(&self, came_in_at: Option<SocketAddr>) -> Result<Line, getrandom::Error> {
        self.line(None, |peer| Outbox::new(self.outbox_limits, None, (peer, came_in_at)))
    }

    /// A new connection of somebody who had that address before, or of somebody new. `told` as in [`Outbox::new`].
    pub fn open_line_of(
        &self,
        peer: Option<PeerId>,
        told: Arc<Notify>,
    ) -> Result<Line, getrandom::Error> {
        self.line(peer, |peer| Outbox::new(self.outbox_limits, Some(told), (peer, None)))
    }

    fn line(
        &self,
        peer: Option<PeerId>,
        outbox: impl FnOnce(PeerId) -> Outbox,
    ) -> Result<Line, getrandom::Error> {
        let peer = peer.map_or_else(fresh_peer, Ok)?;
        let connection = ConnectionId(self.last_line.fetch_add(1, Ordering::Relaxed) + 1);
        let id = LineId { connection, peer };
        Ok(Line { id, outbox: Arc::new(outbox(peer)), from: None, token: None })
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

    /// Who hears of everything from now on.
    pub fn observed_by(&self, webhooks: &Arc<Webhooks>) {
        self.lock().webhooks = Some(Arc::clone(webhooks));
    }

    pub fn counters(&self) -> (Counters, Totals) {
        let inner = self.lock();
        (inner.engine.counters(), inner.engine.totals())
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
        let asked = Asked::of(&ask);
        let judged = match self.judge(line, ask) {
            Ok(judged) => judged,
            Err(fault) => {
                tracing::error!(%fault, "the system gives no entropy");
                line.outbox.close(Close::InternalError);
                return Vec::new();
            }
        };
        let now = self.clock.now();
        self.run(Some(line), now, |inner| {
            if inner.is_over() {
                return line.outbox.close(Close::ServerStopping);
            }
            inner.asked = Some((line.id.connection, asked));
            inner.enter(line);
            inner.carry_out(line.id.connection, judged, now);
        })
    }

    /// Carries out what a member said in one go, in its order; its line has asked before, so it is known. The answers are in the line's outbox already.
    pub fn hear(&self, line: &Line, said: &mut Vec<Said>) -> Answers {
        let now = self.clock.now();
        self.run(Some(line), now, |inner| {
            if inner.is_over() {
                said.clear();
                return line.outbox.close(Close::ServerStopping);
            }
            inner.asked = Some((line.id.connection, Asked::Other));
            for (call, who, command) in said.drain(..) {
                inner.engine.handle_command(call, &who, command, now);
            }
        })
    }

    /// Carries out what a member asks on another way than its line. The caller has made sure that it is the member.
    pub fn ask_aside(&self, who: &MemberRef, aside: Aside) -> Answer {
        let now = self.clock.now();
        let mut answer = Err(Refusal::SessionUnknown);
        self.run(None, now, |inner| {
            answer = if inner.is_over() {
                Err(Refusal::Draining)
            } else {
                inner.engine.handle_aside(who, aside, now)
            };
        });
        Asked::Other.answered(None, &answer);
        answer
    }

    /// Servers for the peer connections of somebody who may be no member of any room.
    pub fn ice(&self, user: PeerId, came_in_at: Option<SocketAddr>) -> Ice {
        self.ice.mint(&user.to_string(), came_in_at, self.now())
    }

    /// Other servers for peer connections, from now on.
    pub fn change_ice(&self, config: &Config) {
        self.ice.change(config);
    }

    /// Entropy for whatever else opens something.
    pub fn draw_secret(&self) -> Result<Secret, getrandom::Error> {
        secret()
    }

    /// The line is gone.
    pub fn disconnect(&self, id: ConnectionId) {
        let now = self.clock.now();
        self.run(None, now, |inner| {
            inner.leave(id);
            if inner.lines.is_empty() {
                self.deserted.notify_waiters();
            }
            inner.engine.handle_disconnect(id, now);
        });
    }

    fn run(&self, asking: Option<&Line>, now: Timestamp, work: impl FnOnce(&mut Inner)) -> Answers {
        let mut inner = self.lock();
        let before = inner.engine.poll_timeout();
        let done = catch_unwind(AssertUnwindSafe(|| {
            work(&mut inner);
            inner.deliver(asking.map(|line| line.id.connection), now)
        }));
        let answers = done.unwrap_or_else(|_| {
            tracing::error!("bug: the rooms failed and are started anew");
            inner.start_anew(&self.limits);
            self.houses.open(&mut inner.engine, self.clock.now());
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
                driver.run(None, now, |inner| inner.engine.handle_timeout(now));
            }
            () = driver.rearmed.notified() => {}
        }
    }
}

impl Inner {
    fn carry_out(&mut self, connection: ConnectionId, judged: Judged, now: Timestamp) {
        let is_late =
            matches!(&judged, Judged::Join(_, entry) if self.is_too_late_for(&entry.join.room));
        let engine = &mut self.engine;
        match judged {
            Judged::Join(call, _) if is_late => engine.handle_refusal(call, Refusal::Draining),
            Judged::Join(call, entry) => engine.handle_join(call, *entry, now),
            Judged::Resume(call, resume, fresh) => engine.handle_resume(call, &resume, fresh, now),
            Judged::Refresh(call, who, admission) => {
                engine.handle_refresh(call, &who, *admission, now);
            }
            Judged::Command(call, who, command) => engine.handle_command(call, &who, command, now),
            Judged::Presence(call, room) => engine.handle_presence(call, room),
            Judged::Ping(call, who) => engine.handle_ping(call, &who),
            Judged::Ack(who, seq) => engine.handle_ack(connection, &who, seq),
            Judged::Refused(call, refusal) => engine.handle_refusal(call, refusal),
        }
    }

    fn start_anew(&mut self, limits: &Limits) {
        self.engine = Rooms::new(limits.clone());
        self.webhooks.iter().for_each(|webhooks| webhooks.handle_rooms_failed());
        for (_, outbox) in self.lines.drain() {
            metrics::line_left(outbox.dialect());
            outbox.close(Close::InternalError);
        }
    }
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
