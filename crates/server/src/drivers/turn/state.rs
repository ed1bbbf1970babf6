//! What is behind the one lock: the engine, and the places that its words lead to.

use std::collections::HashMap;
use std::sync::Arc;

use parlor_turn::{ClientAddr, Delivery, Fragments, Turn};

use super::peers::Peers;
use super::queue::Queue;
use super::relays::{Relay, Relays};
use super::send::Outgoing;
use super::socket::{Socket, Source};

pub struct State {
    pub engine: Turn,
    pub streams: HashMap<ClientAddr, Arc<Queue>>,
    pub relays: Relays,
    pub peers: Peers,
    /// For packets of streams, one at a time.
    pub scratch: Vec<u8>,
}

/// The socket that a datagram is sent by.
#[derive(Clone)]
pub enum Exit {
    /// One of those that are listened on.
    Socket(usize),
    Relay(Arc<Relay>, Fragments),
}

impl Exit {
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Socket(one), Self::Socket(two)) => one == two,
            (Self::Relay(one, how), Self::Relay(two, otherwise)) => {
                Arc::ptr_eq(one, two) && how == otherwise
            }
            (Self::Socket(_), Self::Relay(..)) | (Self::Relay(..), Self::Socket(_)) => false,
        }
    }
}

impl State {
    pub fn new(engine: Turn, max_sockets: usize) -> Self {
        Self {
            engine,
            streams: HashMap::new(),
            relays: Relays::new(max_sockets),
            peers: Peers::new(max_sockets),
            scratch: vec![0; Turn::BUFFER],
        }
    }

    /// Nothing that the old one said counts any more.
    pub fn start_anew(&mut self, engine: Turn) {
        self.engine = engine;
        self.relays.close_all();
        self.peers.close_all();
        self.streams.drain().for_each(|(_, queue)| queue.end());
    }
}

/// What becomes of one packet that the engine has seen: a datagram to be sent, or nothing more to do.
pub fn route<'a>(
    delivery: Delivery<'a>,
    sockets: &[Socket],
    state: &State,
) -> Option<(Exit, Outgoing<'a>)> {
    match delivery {
        Delivery::ToClient { to, bytes } if to.transport.is_stream() => {
            state.streams.get(&to)?.push_data(bytes);
            None
        }
        Delivery::ToClient { to, bytes } => by_socket(sockets, to, bytes),
        Delivery::ToPeer { relay, to, payload, fragments } => {
            let relay = Arc::clone(state.relays.get(relay)?);
            let datagram = Outgoing { to: to.0, source: Source::Bound, bytes: payload };
            Some((Exit::Relay(relay, fragments), datagram))
        }
        // No media sockets are announced to the engine.
        Delivery::Nothing | Delivery::ToMedia { .. } => None,
    }
}

pub fn by_socket<'a>(
    sockets: &[Socket],
    to: ClientAddr,
    bytes: &'a [u8],
) -> Option<(Exit, Outgoing<'a>)> {
    let (index, socket) = sockets.iter().enumerate().find(|(_, one)| one.serves(to.local))?;
    let source = socket.source(to.local.ip());
    Some((Exit::Socket(index), Outgoing { to: to.remote, source, bytes }))
}
