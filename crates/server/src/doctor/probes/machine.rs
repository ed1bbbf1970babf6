//! This machine: who is on its ports, and what its system allows.

use super::super::findings::machine::Place;
use super::super::findings::reach::Connected;
use super::port::connect;
use crate::config::{LOOPBACK, ListenAddress};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

pub async fn place(address: &ListenAddress, deadline: Duration) -> Place {
    let socket = match address {
        ListenAddress::Localhost(port) => {
            let [v4, _] = LOOPBACK;
            SocketAddr::new(v4, *port)
        }
        ListenAddress::Ip(socket) => *socket,
    };
    match connect(reachable(socket), deadline).await {
        (_, Connected::Open(_)) => Place::Taken,
        (_, Connected::Refused | Connected::Silent | Connected::Other(_)) => try_to_listen(socket),
    }
}

/// Where this machine reaches what listens on all its addresses.
fn reachable(socket: SocketAddr) -> SocketAddr {
    let ip = match socket.ip() {
        // Where IPv6 is listened on in full, IPv4 usually comes in too.
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, socket.port())
}

fn try_to_listen(socket: SocketAddr) -> Place {
    let Err(error) = TcpListener::bind(socket) else { return Place::Free };
    let kind = error.kind();
    if kind == ErrorKind::PermissionDenied {
        Place::Denied
    } else if kind == ErrorKind::AddrNotAvailable {
        Place::NotOurs
    } else {
        Place::Other(error.to_string())
    }
}

/// The highest that a process may set for itself.
pub fn open_files() -> Option<u64> {
    rlimit::Resource::NOFILE.get_hard().ok()
}

pub fn udp_buffers() -> Option<u64> {
    read_number("/proc/sys/net/core/rmem_max").ok()
}

fn read_number(path: &str) -> io::Result<u64> {
    let text = std::fs::read_to_string(path)?;
    text.trim().parse().map_err(|_| io::Error::from(ErrorKind::InvalidData))
}
