//! Datagrams in, many per system call: `recvmmsg`, where each message may be several datagrams that the kernel has joined (GRO).

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::in6_pktinfo;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg,
};
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

use super::addresses::canonical;
use super::socket::Socket;

/// Messages per system call. More gain nothing: with this many the call itself is some percent of their cost.
const BATCH: usize = 32;
/// The longest that IP and GRO can make.
const MESSAGE: usize = 1 << 16;
/// As many datagrams as the kernel joins at most (UDP_GRO_CNT_MAX), in every message.
pub const MAX_DATAGRAMS: usize = BATCH * 64;
pub const MAX_BYTES: usize = BATCH * MESSAGE;

/// The memory of one thread for what it receives. Pages that nothing is written to cost nothing.
pub struct Receiver {
    buffer: Vec<u8>,
    messages: Vec<Message>,
    /// How many are likely to wait: headers for more would only be prepared in vain.
    expected: usize,
}

struct Message {
    from: SocketAddr,
    to: Option<IpAddr>,
    len: usize,
    /// The length of each datagram in it but the last, which may be shorter.
    segment: usize,
}

/// One datagram as it was sent.
pub struct Datagram<'a> {
    pub from: SocketAddr,
    /// Which address of ours it came to, where a socket has several.
    pub to: Option<IpAddr>,
    pub bytes: &'a [u8],
}

impl Receiver {
    pub fn new() -> Self {
        Self { buffer: vec![0; MAX_BYTES], messages: Vec::with_capacity(BATCH), expected: 1 }
    }

    /// Takes what waits, as far as there is room; nothing is an error of kind `WouldBlock`.
    pub fn receive(&mut self, socket: &Socket) -> Result<(), Errno> {
        self.messages.clear();
        let count = (2 * self.expected).clamp(2, BATCH);
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = Vec::with_capacity(count);
        let free = self.buffer.chunks_exact_mut(MESSAGE).take(count);
        slices.extend(free.map(|buffer| [IoSliceMut::new(buffer)]));
        // Made anew for each call, which leaves lengths in them that the next one would take for limits.
        let control = cmsg_space!(in6_pktinfo, i32);
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(count, Some(control));
        let fd = socket.udp.as_raw_fd();
        let waiting = MsgFlags::MSG_DONTWAIT;
        let received = recvmmsg(fd, &mut headers, slices.iter_mut(), waiting, None)?;
        self.messages.extend(received.map(|header| read(&header)));
        self.expected = self.messages.len();
        Ok(())
    }

    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.messages.iter().zip(self.buffer.chunks_exact(MESSAGE)).flat_map(|(message, buffer)| {
            let bytes = buffer.get(..message.len).unwrap_or_default();
            let (from, to) = (message.from, message.to);
            bytes.chunks(message.segment.max(1)).map(move |bytes| Datagram { from, to, bytes })
        })
    }
}

/// A message that is cut, or whose parts nobody can tell, is read as empty.
fn read(header: &RecvMsg<'_, '_, SockaddrStorage>) -> Message {
    let from = header.address.as_ref().and_then(spelled);
    let mut message = Message {
        from: from.unwrap_or_else(|| SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)),
        to: None,
        len: header.bytes,
        segment: header.bytes,
    };
    let controls = header.cmsgs();
    if controls.is_err() || from.is_none() || header.flags.contains(MsgFlags::MSG_TRUNC) {
        message.len = 0;
    }
    for control in controls.into_iter().flatten() {
        if let ControlMessageOwned::UdpGroSegments(segment) = control {
            message.segment = usize::try_from(segment).unwrap_or(message.len);
        } else if let ControlMessageOwned::Ipv4PacketInfo(info) = control {
            message.to = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
        } else if let ControlMessageOwned::Ipv6PacketInfo(info) = control {
            message.to = Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical());
        }
    }
    message
}

fn spelled(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some((*v4).into());
    }
    Some(canonical((*address.as_sockaddr_in6()?).into()))
}
