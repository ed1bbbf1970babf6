//! A UDP socket of the relay: its options, and how addresses are spelled for it.

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use rustix::net::sockopt::{
    Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
};
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

use parlor_turn::Fragments;

/// What waits for the thread in the socket of all clients: without it a burst of 16 packets loses most of them.
pub const SHARED_BUFFER: usize = 4 << 20;
/// The same for one allocation.
pub const RELAY_BUFFER: usize = 1 << 20;

/// Which address of ours a datagram is sent from, where the socket has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The socket is bound to one.
    Bound,
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

pub struct Socket {
    pub udp: UdpSocket,
    pub bound: SocketAddr,
    /// Whether the kernel cuts for us what we join; it may turn out that a network card can't.
    segments: AtomicBool,
    /// As it is set at the moment.
    fragments_forbidden: AtomicBool,
}

impl Socket {
    pub fn new(udp: UdpSocket, buffer: usize) -> io::Result<Self> {
        udp.set_nonblocking(true)?;
        let bound = udp.local_addr()?;
        enlarge(&udp, buffer);
        if let Err(error) = setsockopt(&udp, sockopt::UdpGroSegment, &true) {
            tracing::debug!(%error, "datagrams are received one by one");
        }
        match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => {
                setsockopt(&udp, sockopt::Ipv4PacketInfo, &true)?;
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                setsockopt(&udp, sockopt::Ipv6RecvPacketInfo, &true)?;
            }
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        let (segments, fragments_forbidden) = (AtomicBool::new(true), AtomicBool::new(false));
        Ok(Self { udp, bound, segments, fragments_forbidden })
    }

    /// How to send so that it leaves from there.
    pub fn source(&self, local: IpAddr) -> Source {
        if !self.bound.ip().is_unspecified() {
            return Source::Bound;
        }
        match (self.bound, local) {
            (SocketAddr::V4(_), IpAddr::V4(ip)) => Source::V4(ip),
            (SocketAddr::V6(_), IpAddr::V6(ip)) => Source::V6(ip),
            (SocketAddr::V6(_), IpAddr::V4(ip)) => Source::V6(ip.to_ipv6_mapped()),
            (SocketAddr::V4(_), IpAddr::V6(_)) => Source::Bound,
        }
    }

    /// As the kernel wants it: a socket of IPv6 writes IPv4 in its own way.
    pub fn spell(&self, to: SocketAddr) -> SocketAddr {
        match (self.bound, to) {
            (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
                SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()
            }
            (SocketAddr::V4(_) | SocketAddr::V6(_), _) => to,
        }
    }

    /// Whether what comes to `local` comes in here.
    pub fn serves(&self, local: SocketAddr) -> bool {
        let (own, asked) = (self.bound.ip(), local.ip());
        let takes = own.is_unspecified() && (own.is_ipv6() || asked.is_ipv4());
        self.bound.port() == local.port() && (own.to_canonical() == asked || takes)
    }

    pub fn joins_segments(&self) -> bool {
        self.segments.load(Ordering::Relaxed)
    }

    pub fn can_not_join_segments(&self) {
        self.segments.store(false, Ordering::Relaxed);
    }

    /// For all that is sent from now on. Two system calls, so only where it changes.
    pub fn allow(&self, fragments: Fragments) {
        let forbidden = fragments == Fragments::Forbidden;
        if self.fragments_forbidden.swap(forbidden, Ordering::Relaxed) == forbidden {
            return;
        }
        let (v4, v6) = match fragments {
            Fragments::Forbidden => (Ipv4PathMtuDiscovery::DO, Ipv6PathMtuDiscovery::DO),
            Fragments::Allowed => (Ipv4PathMtuDiscovery::WANT, Ipv6PathMtuDiscovery::WANT),
        };
        let set = match self.bound {
            SocketAddr::V4(_) => set_ip_mtu_discover(&self.udp, v4),
            SocketAddr::V6(_) => set_ipv6_mtu_discover(&self.udp, v6),
        };
        if let Err(error) = set {
            tracing::debug!(%error, "cannot say whether datagrams may be cut");
        }
    }
}

/// As root beyond what the system allows others, else as far as it does.
fn enlarge(udp: &UdpSocket, buffer: usize) {
    let plain = SockRef::from(udp);
    let received = setsockopt(udp, sockopt::RcvBufForce, &buffer).map_err(io::Error::from);
    let sent = setsockopt(udp, sockopt::SndBufForce, &buffer).map_err(io::Error::from);
    let received = received.or_else(|_| plain.set_recv_buffer_size(buffer));
    let sent = sent.or_else(|_| plain.set_send_buffer_size(buffer));
    if let Err(error) = received.and(sent) {
        tracing::debug!(%error, "the buffers of a UDP socket stay as they are");
    }
}

impl Source {
    pub fn as_v4(self) -> Option<libc::in_pktinfo> {
        let Self::V4(ip) = self else { return None };
        let address = |bytes: [u8; 4]| libc::in_addr { s_addr: u32::from_ne_bytes(bytes) };
        let (ipi_spec_dst, ipi_addr) = (address(ip.octets()), address([0; 4]));
        Some(libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr })
    }

    pub fn as_v6(self) -> Option<libc::in6_pktinfo> {
        let Self::V6(ip) = self else { return None };
        let ipi6_addr = libc::in6_addr { s6_addr: ip.octets() };
        Some(libc::in6_pktinfo { ipi6_addr, ipi6_ifindex: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(bound: &str) -> Socket {
        Socket::new(UdpSocket::bind(bound).unwrap(), RELAY_BUFFER).unwrap()
    }

    fn at(socket: &Socket, ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), socket.bound.port())
    }

    #[test]
    fn a_socket_serves_the_addresses_that_it_is_bound_to() {
        let (one, v4, v6) = (socket("127.0.0.1:0"), socket("0.0.0.0:0"), socket("[::]:0"));
        let serves = |socket: &Socket, ip| socket.serves(at(socket, ip));
        assert!(serves(&one, "127.0.0.1") && !serves(&one, "127.0.0.2"));
        assert!(serves(&v4, "192.0.2.1") && !serves(&v4, "::1"));
        assert!(serves(&v6, "192.0.2.1") && serves(&v6, "::1"));
        assert!(!one.serves("127.0.0.1:1".parse().unwrap()));
    }

    #[test]
    fn only_a_socket_with_several_addresses_must_be_told_which() {
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(socket("127.0.0.1:0").source(v4), Source::Bound);
        assert_eq!(socket("0.0.0.0:0").source(v4), Source::V4("192.0.2.1".parse().unwrap()));
        let mapped = Source::V6("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(socket("[::]:0").source(v4), mapped);
    }
}
