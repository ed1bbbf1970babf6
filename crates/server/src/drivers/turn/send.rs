//! Datagrams out, many per system call: those of one size to one destination as one message that the kernel or the
//! network card cuts (GSO), others by `sendmmsg`.

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use super::socket::{Socket, Source};

/// Messages per system call.
const BATCH: usize = 32;
/// What the kernel cuts at most (UDP_MAX_SEGMENTS), and what IP can carry before it is cut.
const MAX_SEGMENTS: usize = 64;
const MAX_JOINED: usize = 65_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing<'a> {
    pub to: SocketAddr,
    pub source: Source,
    pub bytes: &'a [u8],
}

/// Sends all in their order, as far as the network takes them; says how many it did not.
pub fn send_all(socket: &Socket, mut rest: &[Outgoing<'_>]) -> usize {
    let mut lost = 0;
    while !rest.is_empty() {
        let joined = if socket.joins_segments() { joined(rest) } else { 1 };
        let single = if joined > 1 { 0 } else { singles(socket, rest) };
        let (now, later) = rest.split_at_checked(joined.max(single)).unwrap_or((rest, &[]));
        lost += if joined > 1 { send_joined(socket, now) } else { send_singles(socket, now) };
        rest = later;
    }
    lost
}

/// How many of the first can be one message: all but the last of one size, none after a shorter one.
fn joined(datagrams: &[Outgoing<'_>]) -> usize {
    let Some(first) = datagrams.first().filter(|first| !first.bytes.is_empty()) else { return 1 };
    let size = first.bytes.len();
    let limit = MAX_SEGMENTS.min(MAX_JOINED / size).max(1);
    let alike = |next: &&Outgoing<'_>| (next.to, next.source) == (first.to, first.source);
    let run = datagrams.iter().take(limit).take_while(alike);
    let mut count = 0;
    for next in run {
        if next.bytes.len() > size || next.bytes.is_empty() {
            break;
        }
        count += 1;
        if next.bytes.len() < size {
            break;
        }
    }
    count.max(1)
}

/// How many of the first go out by one call although they have nothing in common.
fn singles(socket: &Socket, datagrams: &[Outgoing<'_>]) -> usize {
    let ends = |index: usize| {
        let rest = datagrams.get(index..).unwrap_or_default();
        socket.joins_segments() && joined(rest) > 1
    };
    (1..datagrams.len().min(BATCH)).find(|index| ends(*index)).unwrap_or(datagrams.len().min(BATCH))
}

fn send_joined(socket: &Socket, datagrams: &[Outgoing<'_>]) -> usize {
    let Some(first) = datagrams.first() else { return 0 };
    let Ok(size) = u16::try_from(first.bytes.len()) else { return send_singles(socket, datagrams) };
    let mut slices = [IoSlice::new(&[]); MAX_SEGMENTS];
    for (slice, datagram) in slices.iter_mut().zip(datagrams) {
        *slice = IoSlice::new(datagram.bytes);
    }
    let slices = slices.get(..datagrams.len()).unwrap_or_default();
    match send_message(socket, first, slices, Some(size)) {
        Ok(()) => 0,
        Err(Errno::EAGAIN | Errno::ENOBUFS) => datagrams.len(),
        Err(error) => {
            // EIO: the card can't compute checksums. EINVAL: longer than the way can carry, but alone it may be cut.
            if error == Errno::EIO {
                socket.can_not_join_segments();
            }
            send_singles(socket, datagrams)
        }
    }
}

fn send_singles(socket: &Socket, datagrams: &[Outgoing<'_>]) -> usize {
    match datagrams {
        [] => 0,
        [one] => usize::from(send_one(socket, one).is_err()),
        [first, ..] if first.source == Source::Bound => send_many(socket, datagrams),
        several => several.iter().filter(|one| send_one(socket, one).is_err()).count(),
    }
}

pub fn send_one(socket: &Socket, datagram: &Outgoing<'_>) -> Result<(), Errno> {
    send_message(socket, datagram, &[IoSlice::new(datagram.bytes)], None)
}

fn send_message(
    socket: &Socket,
    first: &Outgoing<'_>,
    slices: &[IoSlice<'_>],
    size: Option<u16>,
) -> Result<(), Errno> {
    let (v4, v6) = (first.source.as_v4(), first.source.as_v6());
    let mut controls = [ControlMessage::UdpGsoSegments(&0); 2];
    let wanted = [
        size.as_ref().map(ControlMessage::UdpGsoSegments),
        v4.as_ref().map(ControlMessage::Ipv4PacketInfo),
        v6.as_ref().map(ControlMessage::Ipv6PacketInfo),
    ];
    let mut count = 0;
    for (place, control) in controls.iter_mut().zip(wanted.into_iter().flatten()) {
        *place = control;
        count += 1;
    }
    let to = SockaddrStorage::from(socket.spell(first.to));
    let controls = controls.get(..count).unwrap_or_default();
    let flags = MsgFlags::MSG_DONTWAIT;
    sendmsg(socket.udp.as_raw_fd(), slices, controls, flags, Some(&to)).map(|_| ())
}

/// One whose destination can't be reached holds up none of the others.
fn send_many(socket: &Socket, datagrams: &[Outgoing<'_>]) -> usize {
    let to: Vec<SocketAddrAny> =
        datagrams.iter().map(|datagram| socket.spell(datagram.to).into()).collect();
    let slices: Vec<[IoSlice<'_>; 1]> =
        datagrams.iter().map(|datagram| [IoSlice::new(datagram.bytes)]).collect();
    let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> = Vec::with_capacity(datagrams.len());
    controls.resize_with(datagrams.len(), SendAncillaryBuffer::default);
    let parts = to.iter().zip(&slices).zip(&mut controls);
    let mut headers: Vec<MMsgHdr<'_>> =
        parts.map(|((to, slice), control)| MMsgHdr::new_with_addr(to, slice, control)).collect();
    let (mut rest, mut lost) = (headers.as_mut_slice(), 0);
    while !rest.is_empty() {
        let done = match sendmmsg(&socket.udp, rest, SendFlags::DONTWAIT) {
            Ok(sent) => sent,
            Err(rustix::io::Errno::INTR) => 0,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::NOBUFS) => return lost + rest.len(),
            Err(_) => {
                lost += 1;
                1
            }
        };
        rest = rest.get_mut(done..).unwrap_or_default();
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    fn sender() -> Socket {
        Socket::new(UdpSocket::bind("127.0.0.1:0").unwrap(), 1 << 20).unwrap()
    }

    fn to(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn out(port: u16, bytes: &[u8]) -> Outgoing<'_> {
        Outgoing { to: to(port), source: Source::Bound, bytes }
    }

    #[test]
    fn what_has_one_size_and_one_destination_is_one_message() {
        let (long, short) = ([0; 100], [0; 40]);
        assert_eq!(joined(&[out(1, &long), out(1, &long), out(2, &long)]), 2);
        assert_eq!(joined(&[out(1, &long), out(1, &short), out(1, &short)]), 2);
        assert_eq!(joined(&[out(1, &short), out(1, &long)]), 1);
        assert_eq!(joined(&[out(1, &[]), out(1, &[])]), 1);
        assert_eq!(joined(&[out(1, &long), out(1, &[])]), 1);
        assert_eq!(joined(&vec![out(1, &short); 100]), MAX_SEGMENTS);
        let most = [0; 30_000];
        assert_eq!(joined(&vec![out(1, &most); 5]), 2);
        assert_eq!(joined(&[]), 1);
    }

    #[test]
    fn everything_arrives_in_its_order() {
        let sender = sender();
        let receivers = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        let ports = receivers.each_ref().map(|socket| socket.local_addr().unwrap().port());
        // Bursts, single ones and changes of size between two destinations.
        let payloads: Vec<Vec<u8>> =
            (0..120_u8).map(|index| vec![index; 1 + usize::from(index / 7 % 5) * 100]).collect();
        let port = |index: usize| if (index / 5).is_multiple_of(2) { ports[0] } else { ports[1] };
        let datagrams: Vec<_> =
            payloads.iter().enumerate().map(|(index, bytes)| out(port(index), bytes)).collect();
        assert_eq!(send_all(&sender, &datagrams), 0);
        for receiver in &receivers {
            let own = receiver.local_addr().unwrap();
            for expected in datagrams.iter().filter(|datagram| datagram.to == own) {
                let mut buffer = [0; 1_000];
                let length = receiver.recv(&mut buffer).unwrap();
                assert_eq!(&buffer[..length], expected.bytes);
            }
        }
    }

    #[test]
    fn a_destination_that_is_none_costs_only_its_own() {
        let sender = sender();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = receiver.local_addr().unwrap().port();
        let datagrams = [out(port, b"one"), out(0, b"lost"), out(port, b"three")];
        assert_eq!(send_all(&sender, &datagrams), 1);
        let mut buffer = [0; 10];
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 3);
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 5);
    }
}
