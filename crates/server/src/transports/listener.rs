//! Listening sockets, and the connections that come in on them. What is said on a connection is not known here.

use super::gate::{Gate, Permit};
use crate::config::{LOOPBACK, ListenAddress};
use crate::logs;
use crate::shutdown::Stopping;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait for `accept`: a whole meeting may reconnect at once.
const BACKLOG: i32 = 1_024;
/// When there are no file descriptors left, somebody has to leave before the next one can come.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// With port 0 the port that IPv4 got over TCP may be taken in IPv6 or UDP.
const PORT_TRIES: usize = 16;
/// How soon a port that became free is noticed.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);
const IN_USE_BY_UDP: &str = "the port is free for TCP, but in use for UDP";

/// An accepted connection, counted until it is dropped.
pub struct Connection {
    pub stream: TcpStream,
    pub address: SocketAddr,
    /// Which of our addresses the client connected to.
    pub local: SocketAddr,
    pub permit: Permit,
}

#[derive(Debug)]
pub struct BindError {
    address: ListenAddress,
    cause: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        write!(f, "cannot listen on {address}: ")?;
        let other = |port: u16| address.with_port(port.checked_add(1).unwrap_or(8080));
        let kind = cause.kind();
        if kind == ErrorKind::AddrInUse {
            let port = other(address.port());
            let taken =
                if cause.get_ref().is_some() { IN_USE_BY_UDP } else { "the port is in use" };
            write!(f, "{taken} (another parlor?). Choose another with --listen {port}")
        } else if kind == ErrorKind::PermissionDenied {
            let port = other(8079);
            write!(
                f,
                "this user may not use that port. Choose another with --listen {port}, or give the program the right: setcap cap_net_bind_service=+ep"
            )
        } else if kind == ErrorKind::AddrNotAvailable {
            f.write_str("this machine does not have that address")
        } else {
            write!(f, "{cause}")
        }
    }
}

/// Listeners, sockets on the same addresses, and for each setting the address with the port that it got.
pub struct Bound {
    pub listeners: Vec<TcpListener>,
    pub datagrams: Vec<UdpSocket>,
    pub addresses: Vec<ListenAddress>,
}

/// Whether a port is needed in UDP as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Tcp,
    TcpAndUdp,
}

/// One address in the protocols that are wanted.
struct Place {
    listener: TcpListener,
    datagrams: Option<UdpSocket>,
}

/// Waits for a port that somebody else still has, such as a server that is about to end.
pub async fn bind_patiently(
    addresses: &[ListenAddress],
    wanted: Wanted,
    patience: Duration,
) -> Result<Bound, BindError> {
    let give_up_at = Instant::now() + patience;
    let mut told = false;
    loop {
        match bind(addresses, wanted) {
            Err(error)
                if error.cause.kind() == ErrorKind::AddrInUse && Instant::now() < give_up_at =>
            {
                if !std::mem::replace(&mut told, true) {
                    tracing::info!("waiting for the port: {error}");
                }
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
            bound => return bound,
        }
    }
}

pub fn bind(addresses: &[ListenAddress], wanted: Wanted) -> Result<Bound, BindError> {
    let mut bound = Bound { listeners: Vec::new(), datagrams: Vec::new(), addresses: Vec::new() };
    let has_v4 = |port| {
        addresses.iter().any(
            |other| matches!(other, ListenAddress::Ip(SocketAddr::V4(ip)) if ip.port() == port),
        )
    };
    for address in addresses {
        let places = match address {
            ListenAddress::Localhost(port) => {
                on_a_free_port(*port, || bind_localhost(*port, wanted))
            }
            ListenAddress::Ip(ip) => on_a_free_port(ip.port(), || {
                bind_one(*ip, has_v4(ip.port()), wanted).map(|place| vec![place])
            }),
        };
        let failed = |cause| BindError { address: address.clone(), cause };
        let places = match places {
            Err(error) if is_all_of_v6(address) && has_v4(address.port()) && has_no_v6(&error) => {
                tracing::warn!(%error, "this machine has no IPv6, listening on IPv4 only");
                continue;
            }
            places => places.map_err(failed)?,
        };
        let port = places.first().map_or(Ok(0), |place| local_port(&place.listener));
        bound.addresses.push(address.with_port(port.map_err(failed)?));
        for place in places {
            bound.listeners.push(place.listener);
            bound.datagrams.extend(place.datagrams);
        }
    }
    Ok(bound)
}

fn is_all_of_v6(address: &ListenAddress) -> bool {
    matches!(address, ListenAddress::Ip(SocketAddr::V6(ip)) if ip.ip().is_unspecified())
}

/// The family is unknown to the system, or switched off: nothing that another port would mend.
fn has_no_v6(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}

/// A port that the system chose may be taken in the other family or protocol: then it chooses again.
fn on_a_free_port<T>(port: u16, attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let tries = if port == 0 { PORT_TRIES } else { 1 };
    let mut in_use = io::Error::from(ErrorKind::AddrInUse);
    for _ in 0..tries {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::AddrInUse => in_use = error,
            other @ (Ok(_) | Err(_)) => return other,
        }
    }
    Err(in_use)
}

/// Both loopback addresses on the same port, or IPv4 alone where there is no IPv6.
fn bind_localhost(port: u16, wanted: Wanted) -> io::Result<Vec<Place>> {
    let [v4, v6] = LOOPBACK;
    let first = bind_one(SocketAddr::new(v4, port), false, wanted)?;
    match bind_one(SocketAddr::new(v6, local_port(&first.listener)?), true, wanted) {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        Err(error) => {
            tracing::warn!(%error, "::1 is not available, listening on 127.0.0.1 only");
            Ok(vec![first])
        }
    }
}

fn bind_one(address: SocketAddr, only_v6: bool, wanted: Wanted) -> io::Result<Place> {
    let listener = bind_tcp(address, only_v6)?;
    let datagrams = match wanted {
        Wanted::Tcp => None,
        Wanted::TcpAndUdp => Some(bind_udp(listener.local_addr()?, only_v6)?),
    };
    Ok(Place { listener, datagrams })
}

fn bind_udp(address: SocketAddr, only_v6: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.bind(&address.into()).map_err(|error| {
        let in_use = error.kind() == ErrorKind::AddrInUse;
        if in_use { io::Error::new(ErrorKind::AddrInUse, IN_USE_BY_UDP) } else { error }
    })?;
    Ok(socket.into())
}

fn bind_tcp(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn local_port(listener: &TcpListener) -> io::Result<u16> {
    listener.local_addr().map(|address| address.port())
}

/// Hands every new connection to `serve` until stopping begins, which closes the listener.
pub async fn accept<S>(listener: TcpListener, gate: Arc<Gate>, mut stopping: Stopping, serve: S)
where
    S: Fn(Connection),
{
    let mut exhausted = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.begun() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                exhausted = false;
                admit(stream, address, &gate, &serve);
            }
            // The client was gone before we came to it.
            Err(error) if is_about_one_client(&error) => {}
            Err(error) => {
                // Once for each time of need, not for each try.
                if !std::mem::replace(&mut exhausted, true) {
                    tracing::warn!(%error, open = gate.open(), "no new connections for the moment");
                }
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn admit(stream: TcpStream, address: SocketAddr, gate: &Arc<Gate>, serve: &impl Fn(Connection)) {
    if gate.is_hasty(address.ip()) {
        return reset(&stream);
    }
    let Some(permit) = gate.enter(address.ip()) else {
        let address = logs::shown(address);
        return tracing::debug!(%address, "closed: far too many connections");
    };
    match stream.set_nodelay(true).and_then(|()| stream.local_addr()) {
        Ok(local) => serve(Connection { stream, address, local, permit }),
        Err(error) => tracing::debug!(address = %logs::shown(address), %error, "gone already"),
    }
}

/// A close that is agreed on would be remembered here for a minute, for each connection of a flood.
fn reset(stream: &TcpStream) {
    _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

fn is_about_one_client(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Stopper;

    #[tokio::test]
    async fn localhost_is_one_port_in_both_families_and_protocols() {
        let bound = bind(&[ListenAddress::Localhost(0)], Wanted::TcpAndUdp).unwrap();
        let tcp = bound.listeners.iter().map(|listener| local_port(listener).unwrap());
        let udp = bound.datagrams.iter().map(|socket| socket.local_addr().unwrap().port());
        let ports: Vec<_> = tcp.chain(udp).collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
        assert_eq!(bound.addresses, [ListenAddress::Localhost(ports[0])]);
    }

    #[tokio::test]
    async fn a_port_in_use_says_so_and_names_another() {
        let first = bind(&[ListenAddress::Localhost(0)], Wanted::Tcp).unwrap();
        let port = local_port(&first.listeners[0]).unwrap();
        let Err(error) = bind(&[ListenAddress::Localhost(port)], Wanted::Tcp) else {
            panic!("bound twice")
        };
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen on localhost:{port}: the port is in use (another parlor?). \
                 Choose another with --listen localhost:{}",
                port.checked_add(1).unwrap_or(8080)
            )
        );
    }

    #[tokio::test]
    async fn a_port_that_only_udp_uses_says_so() {
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = held.local_addr().unwrap();
        let address = ListenAddress::Ip(taken);
        let Err(error) = bind(&[address], Wanted::TcpAndUdp) else { panic!("bound twice") };
        let expected =
            format!("cannot listen on {taken}: the port is free for TCP, but in use for UDP");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_says_so() {
        let address = ListenAddress::Ip("192.0.2.1:0".parse().unwrap());
        let Err(error) = bind(&[address], Wanted::TcpAndUdp) else { panic!("bound") };
        assert_eq!(
            error.to_string(),
            "cannot listen on 192.0.2.1:0: this machine does not have that address"
        );
    }

    #[tokio::test]
    async fn connections_are_handed_over_until_stopping_begins() {
        let address = ListenAddress::Ip("127.0.0.1:0".parse().unwrap());
        let bound = bind(&[address], Wanted::Tcp).unwrap();
        let listener = bound.listeners.into_iter().next().unwrap();
        let address = listener.local_addr().unwrap();
        let (gate, stopper) = (Gate::new(10, 0), Stopper::new());
        let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
        let serve = move |connection| sender.send(connection).unwrap();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&gate), stopper.listen(), serve));
        let client = TcpStream::connect(address).await.unwrap();
        let connection = received.recv().await.unwrap();
        assert_eq!(connection.address, client.local_addr().unwrap());
        assert_eq!(gate.open(), 1);
        stopper.stop();
        accepting.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
        drop(connection);
        gate.empty().await;
    }
}
