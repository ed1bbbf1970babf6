//! Packets one way at a steady rate, and what arrives of them.

use super::clients::Clients;
use super::sending::{Framing, Sender, Tick};
use super::{Path, Plan};
use crate::Result;
use crate::meter::Meter;
use crate::report::Report;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the receiver sleeps at most before it looks whether the run is over.
const LOOK_UP_MILLIS: u16 = 50;

/// What was sent may arrive this long after the last packet.
const STRAGGLERS: Duration = Duration::from_millis(100);

/// Read from one socket before it is another's turn.
const READS_PER_TURN: usize = 64;

const EVENTS: usize = 256;
const DATAGRAM: usize = 2_048;

pub fn measure(plan: &Plan, path: Path, clients: &Clients) -> Result<Report> {
    let meter = Meter::new();
    let over = AtomicBool::new(false);
    let receiver = Receiver::new(path, clients)?;
    std::thread::scope(|scope| {
        scope.spawn(|| receiver.run(&meter, &over));
        let sending = scope.spawn(|| send(plan, path, clients, &meter, &over));
        std::thread::sleep(plan.measure.warmup);
        let window = meter.open(plan.measure.server);
        std::thread::sleep(plan.measure.seconds);
        let report =
            window.and_then(|window| window.close_with_losses(path.name(), clients.sockets.len()));
        over.store(true, Ordering::Relaxed);
        let sent = sending.join().unwrap_or_else(|_| Err("the sender broke off".into()));
        sent.and(report)
    })
}

fn send(plan: &Plan, path: Path, clients: &Clients, meter: &Meter, over: &AtomicBool) -> Result {
    let framing = match path {
        Path::Up | Path::Pairs => Framing::Channel,
        Path::Down => Framing::Bare,
    };
    let mut sender = Sender::new(framing, plan.bytes, plan.burst);
    let mut tick = Tick::new(plan.rate, plan.burst);
    let mut client = 0;
    while !over.load(Ordering::Relaxed) {
        for _ in 0..tick.bursts_due() {
            let (from, to) = match path {
                Path::Up | Path::Pairs => (clients.sockets.get(client), None),
                Path::Down => (clients.peer_of(client), clients.relayed.get(client)),
            };
            let from = from.ok_or("no client")?;
            meter.sent(sender.send(from, to.copied(), meter.stamp())?);
            client = (client + 1) % clients.sockets.len();
        }
        tick.wait();
    }
    std::thread::sleep(STRAGGLERS);
    Ok(())
}

struct Receiver<'a> {
    sockets: &'a [UdpSocket],
    framing: Framing,
    epoll: Epoll,
}

impl<'a> Receiver<'a> {
    fn new(path: Path, clients: &'a Clients) -> Result<Self> {
        let (sockets, framing) = match path {
            Path::Up => (clients.peers.as_slice(), Framing::Bare),
            Path::Down | Path::Pairs => (clients.sockets.as_slice(), Framing::Channel),
        };
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(told)?;
        for (index, socket) in sockets.iter().enumerate() {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, index as u64);
            epoll.add(socket, event).map_err(told)?;
        }
        Ok(Self { sockets, framing, epoll })
    }

    fn run(&self, meter: &Meter, over: &AtomicBool) {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        while !over.load(Ordering::Relaxed) {
            let ready = self.epoll.wait(&mut events, EpollTimeout::from(LOOK_UP_MILLIS));
            // Interrupted or not, the next turn waits again.
            let ready = events.iter().take(ready.unwrap_or(0));
            for socket in ready.filter_map(|event| self.sockets.get(event.data() as usize)) {
                meter.arrived(self.read(socket, meter));
            }
        }
    }

    /// All that waits at this socket, counted.
    fn read(&self, socket: &UdpSocket, meter: &Meter) -> u64 {
        let mut buffer = [0; DATAGRAM];
        let mut count = 0;
        for _ in 0..READS_PER_TURN {
            let Ok(length) = socket.recv(&mut buffer) else { break };
            let datagram = buffer.get(..length).unwrap_or_default();
            if let Some(stamp) = self.framing.stamp(datagram) {
                count += 1;
                meter.took(stamp);
            }
        }
        count
    }
}

fn told(error: Errno) -> String {
    error.to_string()
}
