//! The thread of UDP: waits, receives a batch, lets the engine see it under the lock, sends what comes of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::errno::Errno;
use parlor_turn::{Arrival, ClientAddr, PeerAddr, Timestamp, Transport};

use super::TurnDriver;
use super::batch::Batch;
use super::poller::Ready;
use super::receive::{MAX_BYTES, MAX_DATAGRAMS, Receiver};
use super::relays::Relay;
use super::socket::Socket;
use super::sorting::{Kind, sort};
use super::state::route;

/// How late an allocation may expire.
const TICK: Duration = Duration::from_secs(1);
/// After an error that is nobody's packet.
const PAUSE: Duration = Duration::from_millis(100);

pub fn start(driver: Arc<TurnDriver>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("parlor-turn".into()).spawn(move || {
        let mut worker = Worker::new(&driver);
        while !driver.poller.is_stopped() {
            let turned = driver.contain(|| worker.turn());
            if let Some(Err(error)) = turned {
                tracing::error!(%error, "the relay can't wait for packets");
                std::thread::sleep(PAUSE);
            }
        }
    })
}

struct Worker<'a> {
    driver: &'a Arc<TurnDriver>,
    receiver: Receiver,
    /// Where the engine frames packets anew; as large as all that can be received at once, so it is never full.
    frames: Vec<u8>,
    ticked_at: Timestamp,
}

impl<'a> Worker<'a> {
    fn new(driver: &'a Arc<TurnDriver>) -> Self {
        Self {
            driver,
            receiver: Receiver::new(),
            frames: vec![0; MAX_BYTES + MAX_DATAGRAMS * Batch::ROOM],
            ticked_at: driver.now(),
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        let waits = self.driver.lock().engine.poll_timeout().is_some();
        let all_ready = self.driver.poller.wait(waits.then_some(TICK))?;
        let now = self.driver.now();
        for ready in all_ready {
            match ready {
                Ready::Socket(index) => self.hear_clients(index, now),
                Ready::Relay(index) => {
                    let relay = self.driver.lock().relays.at(index).cloned();
                    relay.inspect(|relay| self.hear_peers(relay, now));
                }
            }
        }
        if now >= self.ticked_at.after(TICK) {
            self.ticked_at = now;
            let mut state = self.driver.lock();
            state.engine.handle_timeout(now);
            self.driver.carry_out(&mut state, now);
        }
        Ok(())
    }

    fn hear_clients(&mut self, index: usize, now: Timestamp) {
        let Some(socket) = self.driver.sockets.get(index) else { return };
        if !receive(&mut self.receiver, socket) {
            return;
        }
        let mut batch = Batch::new(&mut self.frames);
        let mut unknown = 0;
        let mut state = self.driver.lock();
        for datagram in self.receiver.datagrams() {
            match sort(datagram.bytes) {
                Kind::Stun | Kind::ChannelData => {}
                Kind::Dtls | Kind::Media | Kind::Unknown => {
                    unknown += 1;
                    continue;
                }
            }
            let local = datagram.to.unwrap_or_else(|| socket.bound.ip());
            let local = SocketAddr::new(local, socket.bound.port());
            let from = ClientAddr { remote: datagram.from, local, transport: Transport::Udp };
            let frame = batch.frame(datagram.bytes.len());
            let delivery = state.engine.handle_client(from, datagram.bytes, frame, now);
            batch.extend(route(delivery, &self.driver.sockets, &state));
            if state.engine.has_output() {
                self.driver.carry_out(&mut state, now);
            }
        }
        drop(state);
        self.driver.unknown.fetch_add(unknown, Ordering::Relaxed);
        self.driver.count_lost(batch.send(&self.driver.sockets));
    }

    fn hear_peers(&mut self, relay: &Relay, now: Timestamp) {
        if !receive(&mut self.receiver, &relay.socket) {
            return;
        }
        let mut batch = Batch::new(&mut self.frames);
        let mut state = self.driver.lock();
        for datagram in self.receiver.datagrams() {
            let arrival = Arrival { relay: relay.id, from: PeerAddr(datagram.from) };
            let frame = batch.frame(datagram.bytes.len());
            let delivery = state.engine.handle_relayed(arrival, datagram.bytes, frame, now);
            batch.extend(route(delivery, &self.driver.sockets, &state));
            if state.engine.has_output() {
                self.driver.carry_out(&mut state, now);
            }
        }
        drop(state);
        self.driver.count_lost(batch.send(&self.driver.sockets));
    }
}

/// Whether something came.
fn receive(receiver: &mut Receiver, socket: &Socket) -> bool {
    match receiver.receive(socket) {
        Ok(()) => true,
        Err(Errno::EAGAIN | Errno::EINTR) => false,
        Err(error) => {
            // What an earlier datagram of ours met on its way, mostly; asking for it has cleared it.
            tracing::debug!(%error, "nothing received");
            false
        }
    }
}
