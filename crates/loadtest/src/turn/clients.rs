//! Everybody who takes part in a run: the clients with their allocations, and the peers outside.

use super::allocation::Allocation;
use super::{Path, Plan, User};
use crate::Result;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};

/// Sockets outside of the server that the allocations share.
const PEERS: usize = 8;

/// RFC 8656, section 7.2: where servers take relayed addresses from.
const FIRST_RELAYED_PORT: u16 = 49_152;
const PORTS_TRIED_FOR_PEERS: usize = 200;

/// A burst waits here while another is read.
const PEER_BUFFER: usize = 4 * 1024 * 1024;
const CLIENT_BUFFER: usize = 256 * 1024;

/// Ports of a run before that the server may still hold.
const PORTS_TRIED: usize = 10;

pub struct Clients {
    pub sockets: Vec<UdpSocket>,
    /// Where peers send what is for the client of the same index.
    pub relayed: Vec<SocketAddr>,
    pub peers: Vec<UdpSocket>,
    /// Gives each allocation back; the floor has none.
    allocations: Vec<Allocation>,
}

impl Clients {
    pub fn new(plan: &Plan) -> Result<Self> {
        let own = own_address(plan.target).map_err(told)?;
        let peers: io::Result<Vec<UdpSocket>> = (0..PEERS).map(|_| peer_socket(own)).collect();
        let mut clients = Self {
            sockets: Vec::new(),
            relayed: Vec::new(),
            peers: peers.map_err(told)?,
            allocations: Vec::new(),
        };
        match &plan.user {
            Some(user) => clients.allocate(plan, own, user)?,
            None => clients.map_ports(plan, own).map_err(told)?,
        }
        for socket in clients.sockets.iter().chain(&clients.peers) {
            socket.set_nonblocking(true).map_err(told)?;
        }
        Ok(clients)
    }

    pub fn peer_of(&self, client: usize) -> Option<&UdpSocket> {
        self.peers.get(client % PEERS)
    }

    pub fn release(&self) {
        self.allocations.iter().for_each(Allocation::release);
    }

    fn allocate(&mut self, plan: &Plan, own: IpAddr, user: &User) -> Result {
        for index in 0..plan.allocations {
            let allocation = allocation(own, plan.target, user)
                .map_err(|reason| format!("allocation {index}: {reason}"))?;
            self.sockets.push(allocation.socket.try_clone().map_err(told)?);
            self.relayed.push(allocation.relayed);
            self.allocations.push(allocation);
        }
        let between_clients = plan.paths.contains(&Path::Pairs);
        for (index, allocation) in self.allocations.iter().enumerate() {
            let outside = self.peer_of(index).and_then(|peer| peer.local_addr().ok());
            let partner = self.relayed.get(index ^ 1).copied();
            let peer = if between_clients { partner } else { outside };
            allocation.bind(peer.ok_or("no peer")?)?;
        }
        Ok(())
    }

    /// The same at the floor, whose ports are mapped over TCP.
    fn map_ports(&mut self, plan: &Plan, own: IpAddr) -> io::Result<()> {
        let mut control = TcpStream::connect(plan.target)?;
        for index in 0..plan.allocations {
            let socket = client_socket(own, plan.target)?;
            let peer = self.peer_of(index).ok_or(io::ErrorKind::NotFound)?;
            let [a, b] = socket.local_addr()?.port().to_be_bytes();
            let [c, d] = peer.local_addr()?.port().to_be_bytes();
            control.write_all(&[a, b, c, d])?;
            let mut port = [0; 2];
            control.read_exact(&mut port)?;
            self.relayed.push((plan.target.ip(), u16::from_be_bytes(port)).into());
            self.sockets.push(socket);
        }
        Ok(())
    }
}

/// The address that this machine sends from to the target.
fn own_address(target: SocketAddr) -> io::Result<IpAddr> {
    let any = if target.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { [0; 16].into() };
    let probe = UdpSocket::bind((any, 0))?;
    probe.connect(target)?;
    Ok(probe.local_addr()?.ip())
}

fn allocation(own: IpAddr, target: SocketAddr, user: &User) -> Result<Allocation> {
    for _ in 0..PORTS_TRIED {
        let socket = client_socket(own, target).map_err(told)?;
        if let Some(allocation) = Allocation::new(socket, user)? {
            return Ok(allocation);
        }
    }
    Err("the server knows all our ports from before".into())
}

/// Not among the ports of the server: on its own host it may take such an address for a client that has left.
fn peer_socket(own: IpAddr) -> io::Result<UdpSocket> {
    // Held until there is one, so that the system offers others.
    let mut others = Vec::new();
    for _ in 0..PORTS_TRIED_FOR_PEERS {
        let socket = socket(own, PEER_BUFFER)?;
        if socket.local_addr()?.port() < FIRST_RELAYED_PORT {
            return Ok(socket);
        }
        others.push(socket);
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port below those of the server"))
}

fn client_socket(own: IpAddr, target: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(own, CLIENT_BUFFER)?;
    socket.connect(target)?;
    Ok(socket)
}

fn socket(own: IpAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((own, 0))?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(buffer)?;
    Ok(socket)
}

fn told(error: io::Error) -> String {
    error.to_string()
}
