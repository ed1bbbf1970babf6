//! Connections to one address: TCP, TLS, UDP.

use super::super::findings::Trouble;
use super::super::findings::certificate::Shown;
use super::super::target::Host;
use super::tls::{self, Roots};
use super::trouble;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};

/// Bytes both ways, whatever carries them.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub type Stream = Box<dyn Duplex>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    Plain,
    Tls,
}

/// Where to connect, and how.
#[derive(Clone)]
pub struct Door {
    pub host: Host,
    pub address: SocketAddr,
    pub cover: Cover,
    pub roots: Roots,
}

impl Door {
    /// With the certificate, over TLS.
    pub async fn open(&self) -> Result<(Stream, Option<Shown>), Trouble> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| trouble(&error))?;
        stream.set_nodelay(true).map_err(|error| trouble(&error))?;
        match self.cover {
            Cover::Plain => Ok((Box::new(stream), None)),
            Cover::Tls => {
                let (stream, shown) = tls::greet(stream, &self.host, &self.roots).await?;
                Ok((Box::new(stream), Some(shown)))
            }
        }
    }
}

/// What carries the messages of a STUN or TURN server.
pub enum Link {
    Udp(UdpSocket),
    Stream(Stream),
}

impl Link {
    /// Connected, so that the refusal of a port is heard.
    pub async fn udp(address: SocketAddr) -> io::Result<Self> {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    pub fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Udp(socket) => socket.local_addr().ok(),
            Self::Stream(_) => None,
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let sent = match self {
            Self::Udp(socket) => socket.send(bytes).await.map(|_| ()),
            Self::Stream(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                Err(error) => Err(error),
            },
        };
        sent.map_err(|error| trouble(&error))
    }

    /// May be given up at any moment without losing bytes.
    pub async fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        match self {
            Self::Udp(socket) => socket.recv(buffer).await.map_err(|error| trouble(&error)),
            Self::Stream(stream) => match stream.read(buffer).await {
                Ok(0) => Err(Trouble::Closed),
                Ok(length) => Ok(length),
                Err(error) => Err(trouble(&error)),
            },
        }
    }
}

/// What the system's resolver says.
pub async fn look_up(host: &Host, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = match host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, port)],
        Host::Name(name) => lookup_host((name.as_str(), port)).await?.collect(),
    };
    addresses.dedup();
    Ok(addresses)
}
