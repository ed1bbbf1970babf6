//! The engine: takes what happened, says what is to be done.

mod allocate;
mod authenticate;
mod connections;
mod data;
mod lifetimes;
mod peers;
mod relays;
mod requests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;

use parlor_rooms::Timestamp;
use stun_types::message::TransactionId;

use crate::address::{ClientAddr, PeerAddr};
use crate::allocation::{Allocation, Protocol};
use crate::bucket::Bucket;
use crate::counters::Counters;
use crate::credentials::Credentials;
use crate::dice::Dice;
use crate::ids::{AllocationId, PeerConnection, RelayId};
use crate::limiter::Limiter;
use crate::nonce::Nonces;
use crate::output::Output;
use crate::ports::{Owner, Ports};
use crate::settings::Settings;
use crate::slab::Slab;
use connections::Connection;
use lifetimes::{Deadline, Ended};

/// The engine. See the crate's documentation for its four verbs.
pub struct Turn {
    settings: Settings,
    nonces: Nonces,
    dice: Dice,
    limiter: Limiter,
    ports: Ports,
    allocations: Slab<Allocation>,
    by_client: HashMap<ClientAddr, AllocationId>,
    /// How many allocations and reservations each has.
    users: HashMap<Box<str>, usize>,
    reservations: HashMap<u64, Reservation>,
    connections: HashMap<PeerConnection, Connection>,
    ended: Ended,
    deadlines: BTreeSet<(Timestamp, Deadline)>,
    /// The bandwidth of all together.
    total: Bucket,
    indications: u64,
    counters: Counters,
    outputs: VecDeque<Output>,
}

/// A port that waits for whoever has the token.
struct Reservation {
    address: SocketAddr,
    user: Box<str>,
    expires: Timestamp,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("counters", &self.counters()).finish_non_exhaustive()
    }
}

impl Turn {
    /// A buffer of this size has room for every packet that may be passed, framed anew.
    pub const BUFFER: usize = 0x1_0000 + 64;

    /// `key` is 32 random bytes: nonces, ports and tokens come from it, so nobody can guess them.
    #[must_use]
    pub fn new(settings: Settings, key: [u8; 32]) -> Self {
        let rate = settings.limits.total_bandwidth.unwrap_or(0);
        Self {
            nonces: Nonces::new(key, settings.nonce_lifetime),
            dice: Dice::new(key),
            limiter: Limiter::new(key, settings.limits.unauthenticated_replies),
            ports: Ports::new(&settings.external, settings.relay_ports.clone()),
            allocations: Slab::new(),
            by_client: HashMap::new(),
            users: HashMap::new(),
            reservations: HashMap::new(),
            connections: HashMap::new(),
            ended: Ended::default(),
            deadlines: BTreeSet::new(),
            total: Bucket::full(rate, Timestamp(0)),
            indications: 0,
            counters: Counters::default(),
            outputs: VecDeque::new(),
            settings,
        }
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            allocations: self.allocations.len(),
            connections: self.connections.len(),
            ..self.counters
        }
    }

    /// New users or secrets. Allocations stay; a user who is gone can't prolong his.
    pub fn handle_credentials(&mut self, credentials: Credentials) {
        self.settings.credentials = credentials;
    }

    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The relay that has this address, for packets of media sockets.
    #[must_use]
    pub fn relay_at(&self, address: SocketAddr) -> Option<RelayId> {
        match self.ports.owner(address)? {
            Owner::Nobody | Owner::Reserved => None,
            Owner::Allocation(allocation) => {
                Some(RelayId { allocation, family: PeerAddr(address).family() })
            }
        }
    }

    /// Whether a client may talk to this peer. Our own relayed addresses are reached within this process, never through
    /// the host, so they are allowed even where they look like private ones.
    fn admits(&self, peer: PeerAddr) -> bool {
        let PeerAddr(address) = peer;
        if self.ports.owner(address).is_some() || self.settings.media.contains(&address) {
            return true;
        }
        if self.ports.is_external(address.ip()) {
            return self.settings.policy.admits_host(address.ip());
        }
        self.settings.policy.admits(address.ip())
    }

    /// The number of an indication: nobody answers it, so it need not be random.
    fn next_indication(&mut self) -> TransactionId {
        self.indications = self.indications.wrapping_add(1);
        TransactionId::from(u128::from(self.indications))
    }

    fn needs_sockets(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Udp => self.settings.policy.allows_foreign(),
            Protocol::Tcp => true,
        }
    }
}
