//! Listening sockets, and the connections that come in on them. What is said on a connection is not known here.

use super::gate::{Gate, Permit};
use crate::config::{LOOPBACK, ListenAddress};
use crate::shutdown::Stopping;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait for `accept`: a whole meeting may reconnect at once.
const BACKLOG: i32 = 1_024;
/// When there are no file descriptors left, somebody has to leave before the next one can come.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// With port 0 the port that IPv4 got may be taken in IPv6.
const PORT_TRIES: usize = 16;

/// An accepted connection, counted until it is dropped.
pub struct Connection {
    pub stream: TcpStream,
    pub address: SocketAddr,
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
            write!(f, "the port is in use (another parlor?). Choose another with --listen {port}")
        } else if kind == ErrorKind::PermissionDenied {
            let port = other(8079);
            write!(f, "this user may not use that port. Choose another with --listen {port}")
        } else if kind == ErrorKind::AddrNotAvailable {
            f.write_str("this machine does not have that address")
        } else {
            write!(f, "{cause}")
        }
    }
}

/// Listeners with the address to open for each setting.
pub struct Bound {
    pub listeners: Vec<TcpListener>,
    pub open_at: Vec<String>,
}

pub fn bind(addresses: &[ListenAddress]) -> Result<Bound, BindError> {
    let mut bound = Bound { listeners: Vec::new(), open_at: Vec::new() };
    let has_v4 = |port| {
        addresses.iter().any(
            |other| matches!(other, ListenAddress::Ip(SocketAddr::V4(ip)) if ip.port() == port),
        )
    };
    for address in addresses {
        let sockets = match address {
            ListenAddress::Localhost(port) => bind_localhost(*port),
            ListenAddress::Ip(ip) => bind_one(*ip, has_v4(ip.port())).map(|socket| vec![socket]),
        };
        let failed = |cause| BindError { address: address.clone(), cause };
        let sockets = sockets.map_err(failed)?;
        let port = sockets.first().map_or(Ok(0), local_port).map_err(failed)?;
        bound.open_at.push(address.reachable_at(port));
        bound.listeners.extend(sockets);
    }
    Ok(bound)
}

/// Both loopback addresses on the same port, or IPv4 alone where there is no IPv6.
fn bind_localhost(port: u16) -> io::Result<Vec<TcpListener>> {
    let [v4, v6] = LOOPBACK;
    let tries = if port == 0 { PORT_TRIES } else { 1 };
    let mut in_use = io::Error::from(ErrorKind::AddrInUse);
    for _ in 0..tries {
        let first = bind_one(SocketAddr::new(v4, port), false)?;
        match bind_one(SocketAddr::new(v6, local_port(&first)?), true) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if error.kind() == ErrorKind::AddrInUse => in_use = error,
            Err(error) => {
                tracing::warn!(%error, "::1 is not available, listening on 127.0.0.1 only");
                return Ok(vec![first]);
            }
        }
    }
    Err(in_use)
}

fn bind_one(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
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
    let Some(permit) = gate.enter(address.ip()) else {
        return tracing::debug!(%address, "closed: far too many connections");
    };
    if let Err(error) = stream.set_nodelay(true) {
        return tracing::debug!(%address, %error, "gone already");
    }
    serve(Connection { stream, address, permit });
}

fn is_about_one_client(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Stopper;

    #[tokio::test]
    async fn localhost_is_one_port_in_both_families() {
        let bound = bind(&[ListenAddress::Localhost(0)]).unwrap();
        let ports: Vec<_> =
            bound.listeners.iter().map(|listener| local_port(listener).unwrap()).collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
        assert_eq!(bound.open_at, [format!("localhost:{}", ports[0])]);
    }

    #[tokio::test]
    async fn a_port_in_use_says_so_and_names_another() {
        let first = bind(&[ListenAddress::Localhost(0)]).unwrap();
        let port = local_port(&first.listeners[0]).unwrap();
        let Err(error) = bind(&[ListenAddress::Localhost(port)]) else { panic!("bound twice") };
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
    async fn an_address_of_another_machine_says_so() {
        let address = ListenAddress::Ip("192.0.2.1:0".parse().unwrap());
        let Err(error) = bind(&[address]) else { panic!("bound") };
        assert_eq!(
            error.to_string(),
            "cannot listen on 192.0.2.1:0: this machine does not have that address"
        );
    }

    #[tokio::test]
    async fn connections_are_handed_over_until_stopping_begins() {
        let bound = bind(&[ListenAddress::Ip("127.0.0.1:0".parse().unwrap())]).unwrap();
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
