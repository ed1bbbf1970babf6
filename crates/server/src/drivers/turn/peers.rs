//! TCP between relayed addresses and peers (RFC 6062): listeners, connections, and who may end them.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parlor_turn::{Arrival, PeerAddr, PeerConnection, RelayId};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::TurnDriver;
use super::relays::behind_nat;

/// Peers that wait for `accept`.
const BACKLOG: u32 = 16;
/// RFC 6062, section 5.2.
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);
/// When there are no file descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

pub struct Peers {
    listeners: HashMap<RelayId, AbortHandle>,
    connections: HashMap<PeerConnection, Connection>,
    /// Of listeners and connections together.
    max: usize,
}

enum Connection {
    Opening(AbortHandle),
    /// Nobody reads from it yet.
    Open(TcpStream),
    Joined(Arc<Notify>),
}

/// A connection whose bytes are a client's.
pub struct Joined {
    pub connection: PeerConnection,
    pub peer: TcpStream,
    /// Notified when it is to end.
    pub closed: Arc<Notify>,
}

impl Peers {
    pub fn new(max: usize) -> Self {
        Self { listeners: HashMap::new(), connections: HashMap::new(), max }
    }

    pub fn close_listener(&mut self, relay: RelayId) {
        self.listeners.remove(&relay).inspect(AbortHandle::abort);
    }

    pub fn join(&mut self, connection: PeerConnection) -> Option<Joined> {
        let Connection::Open(peer) = self.connections.remove(&connection)? else { return None };
        let closed = Arc::new(Notify::new());
        self.connections.insert(connection, Connection::Joined(Arc::clone(&closed)));
        Some(Joined { connection, peer, closed })
    }

    pub fn close(&mut self, connection: PeerConnection) {
        match self.connections.remove(&connection) {
            Some(Connection::Opening(task)) => task.abort(),
            Some(Connection::Joined(closed)) => closed.notify_one(),
            Some(Connection::Open(_)) | None => {}
        }
    }

    pub fn close_all(&mut self) {
        self.listeners.drain().for_each(|(_, task)| task.abort());
        let connections: Vec<PeerConnection> = self.connections.keys().copied().collect();
        connections.into_iter().for_each(|connection| self.close(connection));
    }

    fn is_full(&self) -> bool {
        self.listeners.len() + self.connections.len() >= self.max
    }

    fn is_opening(&self, connection: PeerConnection) -> bool {
        matches!(self.connections.get(&connection), Some(Connection::Opening(_)))
    }
}

/// Listens for peers at a relayed address.
pub fn listen(
    driver: &Arc<TurnDriver>,
    peers: &mut Peers,
    relay: RelayId,
    address: SocketAddr,
) -> io::Result<()> {
    if peers.is_full() {
        return Err(io::Error::from(ErrorKind::QuotaExceeded));
    }
    let _inside = driver.runtime.enter();
    let listener = bind(address)?.listen(BACKLOG)?;
    let task = driver.runtime.spawn(accept(Arc::clone(driver), listener, relay));
    peers.listeners.insert(relay, task.abort_handle());
    Ok(())
}

async fn accept(driver: Arc<TurnDriver>, listener: TcpListener, relay: RelayId) {
    loop {
        match listener.accept().await {
            Ok((peer, from)) => driver.accepted(relay, peer, from),
            Err(_) => sleep(EXHAUSTED_PAUSE).await,
        }
    }
}

/// Connects to a peer. `way`: from the relayed address, to the peer.
pub fn connect(
    driver: &Arc<TurnDriver>,
    peers: &mut Peers,
    connection: PeerConnection,
    way: (SocketAddr, SocketAddr),
) {
    let (full, own) = (peers.is_full(), Arc::clone(driver));
    let task = driver.runtime.spawn(async move {
        let opened = async {
            if full { Err(io::Error::from(ErrorKind::QuotaExceeded)) } else { open(way).await }
        };
        let opened = timeout(CONNECT_PATIENCE, opened).await;
        own.connected(connection, opened.ok().and_then(Result::ok));
    });
    peers.connections.insert(connection, Connection::Opening(task.abort_handle()));
}

async fn open((from, to): (SocketAddr, SocketAddr)) -> io::Result<TcpStream> {
    let peer = bind(from)?.connect(to).await?;
    peer.set_nodelay(true)?;
    Ok(peer)
}

/// A relayed address listens and connects at the same time.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    match socket.bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            socket.bind(behind_nat(address))?;
        }
        other @ (Ok(()) | Err(_)) => other?,
    }
    Ok(socket)
}

impl TurnDriver {
    fn accepted(self: &Arc<Self>, relay: RelayId, peer: TcpStream, from: SocketAddr) {
        self.contain(|| {
            let (mut state, now) = (self.lock(), self.now());
            if state.peers.is_full() || peer.set_nodelay(true).is_err() {
                return;
            }
            let arrival = Arrival { relay, from: PeerAddr(from) };
            if let Some(connection) = state.engine.handle_accepted(arrival, now) {
                state.peers.connections.insert(connection, Connection::Open(peer));
            }
            self.carry_out(&mut state, now);
        });
    }

    fn connected(self: &Arc<Self>, connection: PeerConnection, peer: Option<TcpStream>) {
        self.contain(|| {
            let (mut state, now) = (self.lock(), self.now());
            if !state.peers.is_opening(connection) {
                return; // Closed while it was opened.
            }
            match peer {
                Some(peer) => {
                    state.peers.connections.insert(connection, Connection::Open(peer));
                    state.engine.handle_connected(connection, now);
                }
                None => {
                    state.peers.connections.remove(&connection);
                    state.engine.handle_connect_failed(connection, now);
                }
            }
            self.carry_out(&mut state, now);
        });
    }

    /// A connection has ended by itself, or its client has.
    pub fn disconnected(self: &Arc<Self>, connection: PeerConnection) {
        self.contain(|| {
            let (mut state, now) = (self.lock(), self.now());
            state.peers.close(connection);
            state.engine.handle_connection_closed(connection, now);
            self.carry_out(&mut state, now);
        });
    }
}
