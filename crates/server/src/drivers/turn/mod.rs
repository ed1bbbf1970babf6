//! Drives the relay: packets go in under one lock per batch, and out of it when the lock is let go.
//!
//! UDP has a thread of its own ([`thread`]), streams are tasks ([`streams`]). A bug in the engine ends the allocations that
//! it holds, never the process: clients make new ones.

mod addresses;
mod batch;
mod offer;
mod outputs;
mod peers;
mod poller;
mod queue;
mod receive;
mod relays;
mod send;
mod settings;
mod socket;
mod sorting;
mod state;
mod streams;
mod thread;

pub use addresses::canonical;
pub use offer::{IceOffer, Own};
pub use settings::needs_sockets;
pub use streams::serve_stream;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use parlor_turn::{Counters, Settings, Timestamp, Turn};
use tokio::runtime::Handle;

use self::addresses::Reachable;
use self::poller::Poller;
use self::socket::{SHARED_BUFFER, Socket};
use self::state::State;
use crate::config::Config;
use crate::drivers::rooms::Clock;
use crate::shutdown::Stopping;

pub struct TurnDriver {
    state: Mutex<State>,
    /// What is listened on; the thread and the tasks send by them.
    sockets: Vec<Socket>,
    poller: Poller,
    clock: Clock,
    runtime: Handle,
    stopping: Stopping,
    settings: Settings,
    /// Datagrams on the port that are neither STUN nor channel data.
    unknown: AtomicU64,
    /// Datagrams that the network did not take.
    lost: AtomicU64,
}

/// A driver with its thread.
pub struct Relay {
    pub driver: Arc<TurnDriver>,
    thread: JoinHandle<()>,
}

impl Relay {
    /// Starts to serve what was bound, with so many sockets for peers at most. Also returns what clients are to be told.
    pub fn start(
        config: &Config,
        datagrams: Vec<UdpSocket>,
        max_sockets: usize,
        stopping: Stopping,
    ) -> io::Result<(Self, Own)> {
        let sockets = datagrams.into_iter().map(|udp| Socket::new(udp, SHARED_BUFFER));
        let sockets = sockets.collect::<io::Result<Vec<_>>>()?;
        let bound: Vec<SocketAddr> = sockets.iter().map(|socket| socket.bound).collect();
        let reachable = Reachable::new(&settings::external(config), &bound);
        let secret = settings::secret(config)?;
        let settings = settings::of(config, &reachable, &secret);
        let poller = Poller::new()?;
        for (index, socket) in sockets.iter().enumerate() {
            poller.add_socket(&socket.udp, index)?;
        }
        let driver = Arc::new(TurnDriver {
            state: Mutex::new(State::new(fresh_engine(&settings)?, max_sockets)),
            sockets,
            poller,
            clock: Clock::start(),
            runtime: Handle::current(),
            stopping,
            settings,
            unknown: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let thread = thread::start(Arc::clone(&driver))?;
        Ok((Self { driver, thread }, Own { reachable, secret }))
    }

    /// For whoever starts the server: where relayed addresses are, and who can be reached by them.
    pub fn summary(&self) -> String {
        settings::summary(&self.driver.settings)
    }

    /// Returns when the thread has ended.
    pub fn stop(self) {
        self.driver.poller.stop();
        if self.thread.join().is_err() {
            tracing::error!("bug: the relay's thread had ended before");
        }
        let counters = self.driver.lock().engine.counters();
        let unknown = self.driver.unknown.load(Ordering::Relaxed);
        let lost = self.driver.lost.load(Ordering::Relaxed);
        tracing::debug!(?counters, unknown, lost, "relay stopped");
    }
}

impl TurnDriver {
    /// What the relay has counted; the sums begin anew if it fails.
    pub fn counters(&self) -> Counters {
        self.lock().engine.counters()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic inside is caught before the guard is dropped, so a poisoned lock holds a sound value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_lost(&self, datagrams: usize) {
        self.lost.fetch_add(datagrams as u64, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs what may fail by a bug of ours; then everybody begins anew.
    fn contain<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            tracing::error!("bug: the relay failed and is started anew");
            match fresh_engine(&self.settings) {
                Ok(engine) => self.lock().start_anew(engine),
                Err(error) => tracing::error!(%error, "the system gives no entropy"),
            }
        }
        done
    }
}

fn fresh_engine(settings: &Settings) -> io::Result<Turn> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(Turn::new(settings.clone(), key))
}
