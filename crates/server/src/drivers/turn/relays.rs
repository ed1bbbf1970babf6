//! The sockets of relayed addresses whose peers are not clients of ours. How many there may be is fixed at the start.

use parlor_turn::RelayId;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use super::poller::Poller;
use super::socket::{RELAY_BUFFER, Socket};

pub struct Relay {
    pub id: RelayId,
    pub socket: Socket,
}

pub struct Relays {
    /// By `RelayId::index`.
    open: Vec<Option<Arc<Relay>>>,
    count: usize,
    max: usize,
}

impl Relays {
    pub fn new(max: usize) -> Self {
        Self { open: Vec::new(), count: 0, max }
    }

    pub fn open(&mut self, id: RelayId, address: SocketAddr, poller: &Poller) -> io::Result<()> {
        if self.count >= self.max {
            return Err(io::Error::from(ErrorKind::QuotaExceeded));
        }
        let socket = Socket::new(bind(address)?, RELAY_BUFFER)?;
        poller.add_relay(&socket.udp, id.index())?;
        if self.open.len() <= id.index() {
            self.open.resize_with(id.index() + 1, || None);
        }
        if let Some(place) = self.open.get_mut(id.index())
            && place.replace(Arc::new(Relay { id, socket })).is_none()
        {
            self.count += 1;
        }
        Ok(())
    }

    /// The socket is closed, and not waited for any more, when nobody sends by it.
    pub fn close(&mut self, id: RelayId) {
        let place = self.open.get_mut(id.index());
        if place.and_then(|place| place.take_if(|relay| relay.id == id)).is_some() {
            self.count -= 1;
        }
    }

    pub fn get(&self, id: RelayId) -> Option<&Arc<Relay>> {
        self.at(id.index()).filter(|relay| relay.id == id)
    }

    pub fn at(&self, index: usize) -> Option<&Arc<Relay>> {
        self.open.get(index)?.as_ref()
    }

    pub fn close_all(&mut self) {
        self.open.clear();
        self.count = 0;
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    match UdpSocket::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            UdpSocket::bind(behind_nat(address))
        }
        other @ (Ok(_) | Err(_)) => other,
    }
}

/// An address that is not this machine's leads to it, to the same port.
pub fn behind_nat(address: SocketAddr) -> SocketAddr {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, address.port())
}
