//! Tells other servers what happens in rooms: signed, numbered, at least once, and never at the rooms' expense.
//!
//! What the rooms put out is numbered and queued while their lock is held, which costs less than a microsecond and waits for
//! nobody; a task for each receiver does the rest.

mod chronicle;
mod deliver;
mod kinds;
mod letter;
mod queue;
mod secrets;
mod signature;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_rooms::{Output, Timestamp};
use tokio::sync::Notify;

use crate::config::{self, Config};
use crate::drivers::rooms::Clock;
use crate::node::Node;
use crate::outgoing::Place;
use crate::tls::trust;
use chronicle::Chronicle;
pub use kinds::EventKind;
use letter::{Letter, RoomEnd};
use queue::{Answer, Item, LaneId, Loss, Queue, Settings};
pub use secrets::SecretError;
use signature::Keys;

/// Rooms that one receiver is told of at the same time.
const MAX_FLIGHTS: usize = 8;

pub struct Webhooks {
    core: Mutex<Core>,
    receivers: Vec<Receiver>,
    keys: Keys,
    clock: Clock,
}

struct Core {
    chronicle: Chronicle,
    /// In the order of the receivers.
    queues: Vec<Queue<Arc<Letter>>>,
}

/// Somebody who is told.
struct Receiver {
    place: Place,
    /// For logs and metrics: where it is, and which of several there.
    name: String,
    /// There is something to do for it.
    changed: Notify,
    /// It has been told everything, for now.
    idle: Notify,
    counts: Counts,
}

/// Sums since the start.
#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    rejected: AtomicU64,
    failed: AtomicU64,
    overflow: AtomicU64,
    too_old: AtomicU64,
}

/// One receiver as others may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub receiver: String,
    pub waiting: usize,
    pub waiting_bytes: usize,
    /// Attempts by their result.
    pub attempts: [(&'static str, u64); 3],
    /// Events that it will not get, by reason.
    pub lost: [(&'static str, u64); 2],
}

type Shared = Arc<Letter>;

impl Webhooks {
    /// `None` without receivers.
    pub fn start(config: &Config) -> Result<Option<Arc<Self>>, SecretError> {
        let settings = &config.webhooks;
        if settings.urls.is_empty() {
            return Ok(None);
        }
        let keys = Keys::new(secrets::read(settings)?.iter().map(String::as_str));
        let tls = trust::connector(settings.ca_file.0.as_deref()).map_err(SecretError::Roots)?;
        let mut server = [0; 9];
        getrandom::fill(&mut server).map_err(|error| SecretError::Entropy(error.to_string()))?;
        let server: Arc<str> = URL_SAFE_NO_PAD.encode(server).into();
        let queues = settings.urls.iter().map(|_| Queue::new(queue_settings(settings))).collect();
        let chronicle = Chronicle::new(server, settings.events.clone());
        let hooks = Arc::new(Self {
            core: Mutex::new(Core { chronicle, queues }),
            receivers: receivers(&settings.urls),
            keys,
            clock: Clock::start(),
        });
        let now = hooks.clock.now();
        hooks.tell(|core| core.chronicle.handle_start(now));
        for index in 0..hooks.receivers.len() {
            tokio::spawn(deliver::run(Arc::clone(&hooks), index, (tls.clone(), settings.timeout)));
        }
        Ok(Some(hooks))
    }

    /// To be called under the rooms' lock, so that their order is the order of what is told.
    pub fn observe(&self, output: &Output) {
        self.tell(|core| core.chronicle.handle_output(output));
    }

    /// All rooms are over by a bug.
    pub fn handle_rooms_failed(&self) {
        self.end_rooms(RoomEnd::Failed);
    }

    async fn all_told(&self) {
        for (index, receiver) in self.receivers.iter().enumerate() {
            while self.with_queue(index, |queue| queue.events()) > 0 {
                receiver.idle.notified().await;
            }
        }
    }

    pub fn standings(&self) -> Vec<Standing> {
        let core = self.lock();
        let pairs = self.receivers.iter().zip(&core.queues);
        pairs.map(|(receiver, queue)| receiver.standing(queue)).collect()
    }

    fn end_rooms(&self, how: RoomEnd) {
        let now = self.clock.now();
        self.tell(|core| core.chronicle.handle_end(how, now));
    }

    fn tell(&self, happen: impl FnOnce(&mut Core)) {
        let mut core = self.lock();
        happen(&mut core);
        let letters = core.chronicle.take_letters();
        if letters.is_empty() {
            return;
        }
        let now = self.clock.now();
        for letter in letters.into_iter().map(Arc::new) {
            core.queues.iter_mut().for_each(|queue| queue.handle_event(item(&letter), now));
        }
        drop(core);
        self.receivers.iter().for_each(|receiver| receiver.changed.notify_one());
    }

    fn with_queue<R: Default>(
        &self,
        index: usize,
        work: impl FnOnce(&mut Queue<Shared>) -> R,
    ) -> R {
        self.lock().queues.get_mut(index).map(work).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn receivers(places: &[Place]) -> Vec<Receiver> {
    let named = places.iter().enumerate().map(|(at, place)| {
        let before = places.iter().take(at).filter(|other| other.name() == place.name()).count();
        let name = match before {
            0 => place.name().to_owned(),
            before => format!("{}#{}", place.name(), before + 1),
        };
        Receiver::new(place.clone(), name)
    });
    named.collect()
}

/// The rooms end with the server. Returns when everybody has been told so, at the latest after the time that clients have.
pub async fn stop(node: &Node) {
    let Some(webhooks) = &node.webhooks else { return };
    webhooks.end_rooms(RoomEnd::Stopped);
    let patience = node.config.limits.shutdown_grace;
    if tokio::time::timeout(patience, webhooks.all_told()).await.is_err() {
        let untold: usize = webhooks.standings().iter().map(|standing| standing.waiting).sum();
        tracing::warn!(untold, "stopped before all receivers of webhooks were told");
    }
}

impl Receiver {
    fn new(place: Place, name: String) -> Self {
        let (changed, idle) = (Notify::new(), Notify::new());
        Self { place, name, changed, idle, counts: Counts::default() }
    }

    fn standing(&self, queue: &Queue<Shared>) -> Standing {
        let Counts { delivered, rejected, failed, overflow, too_old } = &self.counts;
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Standing {
            receiver: self.name.clone(),
            waiting: queue.events(),
            waiting_bytes: queue.bytes(),
            attempts: [
                ("delivered", get(delivered)),
                ("rejected", get(rejected)),
                ("failed", get(failed)),
            ],
            lost: [("overflow", get(overflow)), ("too-old", get(too_old))],
        }
    }
}

impl Counts {
    fn note(&self, answer: Answer) {
        let count = match answer {
            Answer::Delivered => &self.delivered,
            Answer::Rejected => &self.rejected,
            Answer::Failed => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn note_loss(&self, why: Loss) {
        let count = match why {
            Loss::Overflow => &self.overflow,
            Loss::TooOld => &self.too_old,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn item(letter: &Shared) -> Item<Shared> {
    Item {
        lane: LaneId(letter.life.number),
        sequence: letter.sequence,
        cost: letter.cost(),
        what: Arc::clone(letter),
    }
}

fn queue_settings(settings: &config::Webhooks) -> Settings {
    Settings {
        max_events: settings.queue_events,
        max_bytes: settings.queue_bytes.0,
        max_flights: MAX_FLIGHTS,
        first_pause: settings.first_retry,
        longest_pause: settings.longest_retry,
        max_age: settings.max_age,
    }
}
