//! Forwards datagrams between mapped ports of this machine with recvmmsg and sendmmsg: what a TURN server does to the
//! kernel, without what it understands. Ports are mapped over TCP on the same number.

use crate::Result;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, PoisonError, RwLock};

/// Datagrams of one system call.
const BATCH: usize = 64;

/// No datagram on an ethernet is longer.
const DATAGRAM: usize = 1_536;

/// What a burst may leave waiting; as a TURN server would ask for.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Sockets that are ready at once; the others are next.
const EVENTS: usize = 256;

/// The socket that clients send to, among the relayed ones.
const MAIN: u64 = u64::MAX;

/// One client's way: where it sends from, its relayed socket, and whom that speaks to.
struct Route {
    client: SockaddrIn,
    relay: UdpSocket,
    peer: SockaddrIn,
}

#[derive(Default)]
struct Routes {
    all: Vec<Route>,
    /// By the client's port; a hash costs more than this whole table.
    by_client: Vec<Option<usize>>,
}

pub fn run(listen: SocketAddr) -> Result {
    serve(listen).map_err(|error| error.to_string())
}

fn serve(listen: SocketAddr) -> std::io::Result<()> {
    let main = socket(listen)?;
    let control = TcpListener::bind(main.local_addr()?)?;
    relay(&main, control)
}

fn relay(main: &UdpSocket, control: TcpListener) -> std::io::Result<()> {
    let epoll = Arc::new(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?);
    epoll.add(main, EpollEvent::new(EpollFlags::EPOLLIN, MAIN))?;
    let routes = Arc::new(RwLock::new(Routes::default()));
    let known = (Arc::clone(&routes), Arc::clone(&epoll));
    std::thread::spawn(move || {
        for client in control.incoming().flatten() {
            // Who breaks off gets no more ports; nobody else minds.
            _ = map_ports(client, &known.0, &known.1);
        }
    });
    forward(main, &routes, &epoll)
}

fn socket(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
    Ok(socket)
}

/// Reads pairs of ports, the client's and its peer's, and answers each with the relayed one.
fn map_ports(mut from: TcpStream, routes: &RwLock<Routes>, epoll: &Epoll) -> std::io::Result<()> {
    let mut ports = [0; 4];
    loop {
        from.read_exact(&mut ports)?;
        let [a, b, c, d] = ports;
        let (client, peer) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let relay = socket((Ipv4Addr::LOCALHOST, 0).into())?;
        let port = relay.local_addr()?.port();
        let mut routes = routes.write().unwrap_or_else(PoisonError::into_inner);
        let index = routes.all.len();
        epoll.add(&relay, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        routes.all.push(Route { client: local(client), relay, peer: local(peer) });
        routes.by_client.resize(usize::from(u16::MAX) + 1, None);
        if let Some(slot) = routes.by_client.get_mut(usize::from(client)) {
            *slot = Some(index);
        }
        drop(routes);
        from.write_all(&port.to_be_bytes())?;
    }
}

fn local(port: u16) -> SockaddrIn {
    SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

fn forward(main: &UdpSocket, routes: &RwLock<Routes>, epoll: &Epoll) -> std::io::Result<()> {
    let mut events = vec![EpollEvent::empty(); EVENTS];
    let mut batch = Batch::new();
    loop {
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let routes = routes.read().unwrap_or_else(PoisonError::into_inner);
        for event in events.iter().take(count) {
            match routes.all.get(event.data() as usize) {
                Some(route) => down(route, main.as_raw_fd(), &mut batch),
                None => up(&routes, main.as_raw_fd(), &mut batch),
            }
        }
        batch.flush(main.as_raw_fd());
    }
}

fn up(routes: &Routes, main: RawFd, batch: &mut Batch) {
    batch.flush(main);
    batch.receive(main);
    let senders = std::mem::take(&mut batch.addresses);
    for (index, from) in senders.iter().enumerate() {
        let port = from.map_or(0, |from| usize::from(from.port()));
        let route = routes.by_client.get(port).copied().flatten();
        if let Some(route) = route.and_then(|route| routes.all.get(route)) {
            let datagram = batch.datagram(index);
            let peer = SocketAddrV4::new(route.peer.ip(), route.peer.port());
            // A full buffer loses a datagram, as any router does.
            _ = route.relay.send_to(datagram, peer);
        }
    }
    batch.clear();
}

fn down(route: &Route, main: RawFd, batch: &mut Batch) {
    if batch.room() < BATCH / 2 {
        batch.flush(main);
    }
    let before = batch.addresses.len();
    batch.receive(route.relay.as_raw_fd());
    for to in batch.addresses.iter_mut().skip(before) {
        *to = Some(route.client);
    }
}

/// Datagrams that were received and not yet sent on.
struct Batch {
    buffers: Vec<[u8; DATAGRAM]>,
    lengths: Vec<usize>,
    /// Where they came from, then where they go.
    addresses: Vec<Option<SockaddrIn>>,
    receiving: MultiHeaders<SockaddrIn>,
    /// Apart: nix 0.31 leaves what was sent to in the headers, and the kernel would write there.
    sending: MultiHeaders<SockaddrIn>,
}

impl Batch {
    fn new() -> Self {
        Self {
            buffers: vec![[0; DATAGRAM]; BATCH],
            lengths: Vec::with_capacity(BATCH),
            addresses: Vec::with_capacity(BATCH),
            receiving: MultiHeaders::preallocate(BATCH, None),
            sending: MultiHeaders::preallocate(BATCH, None),
        }
    }

    fn room(&self) -> usize {
        BATCH - self.lengths.len()
    }

    fn datagram(&self, index: usize) -> &[u8] {
        let length = self.lengths.get(index).copied().unwrap_or_default();
        self.buffers.get(index).and_then(|buffer| buffer.get(..length)).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.lengths.clear();
        self.addresses.clear();
    }

    /// Takes as many as there are and as fit.
    fn receive(&mut self, socket: RawFd) {
        let Self { buffers, lengths, addresses, receiving, .. } = self;
        let free = buffers.iter_mut().skip(lengths.len());
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            free.map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT;
        // Nothing to read is no error here: the socket is ready again when there is.
        if let Ok(received) = recvmmsg(socket, receiving, slices.iter_mut(), flags, None) {
            for message in received {
                lengths.push(message.bytes);
                addresses.push(message.address);
            }
        }
    }

    fn flush(&mut self, socket: RawFd) {
        let mut done = 0;
        while done < self.lengths.len() {
            done += self.send_from(done, socket);
        }
        self.clear();
    }

    /// How many are done with; what can't be sent is lost.
    fn send_from(&mut self, done: usize, socket: RawFd) -> usize {
        let Self { buffers, lengths, addresses, sending, .. } = self;
        let datagrams = buffers.iter().zip(lengths.iter()).skip(done);
        let slices: Vec<[IoSlice<'_>; 1]> = datagrams
            .map(|(buffer, length)| [IoSlice::new(buffer.get(..*length).unwrap_or_default())])
            .collect();
        let to = addresses.get(done..).unwrap_or_default();
        let flags = MsgFlags::MSG_DONTWAIT;
        match sendmmsg(socket, sending, slices.iter(), to, [], flags) {
            Ok(sent) => sent.count().max(1),
            Err(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_datagram_goes_to_the_peer_and_its_answer_comes_back() {
        let main = socket("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = main.local_addr().unwrap();
        let control = TcpListener::bind(address).unwrap();
        std::thread::spawn(move || relay(&main, control));
        let ours = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            socket
        };
        let (client, peer) = (ours(), ours());
        let port = |socket: &UdpSocket| socket.local_addr().unwrap().port().to_be_bytes();
        let mut asked = TcpStream::connect(address).unwrap();
        asked.write_all(&[port(&client), port(&peer)].concat()).unwrap();
        let mut relayed = [0; 2];
        asked.read_exact(&mut relayed).unwrap();
        let relayed = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::from_be_bytes(relayed)));

        let mut heard = [0; 16];
        for _ in 0..3 {
            client.send_to(b"there", address).unwrap();
            let (length, from) = peer.recv_from(&mut heard).unwrap();
            assert_eq!((&heard[..length], from), (b"there".as_slice(), relayed));
            peer.send_to(b"and back", relayed).unwrap();
            let (length, from) = client.recv_from(&mut heard).unwrap();
            assert_eq!((&heard[..length], from), (b"and back".as_slice(), address));
        }
    }
}
