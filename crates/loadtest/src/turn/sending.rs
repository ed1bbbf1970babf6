//! What a packet looks like, when it is due, and how several are sent at once.

use super::allocation::CHANNEL;
use crate::Result;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use std::io::IoSlice;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Packets that are due within this time are sent one after the other: finer sleeps would cost more than they send.
const TICK: Duration = Duration::from_millis(1);

/// A sender that was held up does not make up for more than this, which would be a burst nobody asked for.
const CATCH_UP: Duration = Duration::from_millis(20);

const CHANNEL_HEADER: usize = 4;
const STAMP: usize = 8;

/// What is around the payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Framing {
    /// Between a client and the server.
    Channel,
    /// Between the server and a peer.
    Bare,
}

impl Framing {
    fn header(self) -> usize {
        match self {
            Self::Channel => CHANNEL_HEADER,
            Self::Bare => 0,
        }
    }

    /// When the packet was sent; `None` if it is no packet of ours. The floor leaves the header where it was.
    pub fn stamp(self, datagram: &[u8]) -> Option<u64> {
        let framed = datagram.get(..2).is_some_and(|first| first == CHANNEL.to_be_bytes());
        let from = match self {
            Self::Bare if framed => CHANNEL_HEADER,
            Self::Channel if !framed => 0,
            Self::Bare | Self::Channel => self.header(),
        };
        let stamp = datagram.get(from..from + STAMP)?;
        stamp.try_into().ok().map(u64::from_be_bytes)
    }
}

pub struct Sender {
    /// As many packets as are sent at once, one behind the other.
    burst: Vec<u8>,
    packet: usize,
    framing: Framing,
}

impl Sender {
    pub fn new(framing: Framing, payload: usize, burst: usize) -> Self {
        let mut packet = Vec::new();
        if framing == Framing::Channel {
            packet.extend(CHANNEL.to_be_bytes());
            packet.extend(u16::try_from(payload).unwrap_or(u16::MAX).to_be_bytes());
        }
        packet.resize(framing.header() + payload, 0);
        Self { burst: packet.repeat(burst), packet: packet.len(), framing }
    }

    /// Sends a burst, and says how many packets it was; a full socket is as good as a lossy network.
    pub fn send(&mut self, from: &UdpSocket, to: Option<SocketAddr>, stamp: u64) -> Result<u64> {
        let (packet, header) = (self.packet, self.framing.header());
        for packet in self.burst.chunks_mut(packet) {
            if let Some(place) = packet.get_mut(header..header + STAMP) {
                place.copy_from_slice(&stamp.to_be_bytes());
            }
        }
        let count = self.burst.len() / packet;
        let size = u16::try_from(packet).map_err(|error| error.to_string())?;
        let segments = [ControlMessage::UdpGsoSegments(&size)];
        let segments = if count > 1 { segments.as_slice() } else { &[] };
        let to = to.map(SockaddrStorage::from);
        let slices = [IoSlice::new(&self.burst)];
        match sendmsg(from.as_raw_fd(), &slices, segments, MsgFlags::empty(), to.as_ref()) {
            // Refused: an answer to an earlier packet, of a peer that is no longer there.
            Ok(_) | Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ECONNREFUSED) => Ok(count as u64),
            Err(error) => Err(format!("cannot send: {error}")),
        }
    }
}

/// When packets are due at a steady rate.
pub struct Tick {
    began: Instant,
    bursts: u64,
    per_second: f64,
}

impl Tick {
    pub fn new(rate: u32, burst: usize) -> Self {
        Self { began: Instant::now(), bursts: 0, per_second: f64::from(rate) / burst as f64 }
    }

    pub fn bursts_due(&mut self) -> u64 {
        self.due_after(self.began.elapsed())
    }

    pub fn wait(&self) {
        std::thread::sleep(TICK);
    }

    fn due_after(&mut self, elapsed: Duration) -> u64 {
        let all = (elapsed.as_secs_f64() * self.per_second) as u64;
        let most = (CATCH_UP.as_secs_f64() * self.per_second).ceil() as u64;
        let due = all.saturating_sub(self.bursts).min(most);
        self.bursts = all;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_over_ticks_of_any_length() {
        let mut tick = Tick::new(20_000, 8);
        let due: u64 =
            [3, 4, 9, 16].map(|ms| tick.due_after(Duration::from_millis(ms))).iter().sum();
        assert_eq!(due, 16 * 20 / 8);
    }

    #[test]
    fn who_was_held_up_does_not_send_it_all_at_once() {
        let mut tick = Tick::new(1_000, 1);
        assert_eq!(tick.due_after(Duration::from_secs(5)), 20);
        assert_eq!(tick.due_after(Duration::from_millis(5_002)), 2);
    }

    #[test]
    fn a_packet_tells_when_it_was_sent_with_and_without_its_header() {
        let mut sender = Sender::new(Framing::Channel, 170, 2);
        let (from, to) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        assert_eq!(sender.send(&from, Some(to.local_addr().unwrap()), 77).unwrap(), 2);
        let mut buffer = [0; 2_048];
        let length = to.recv(&mut buffer).unwrap();
        assert_eq!(length, 174);
        assert_eq!(Framing::Channel.stamp(&buffer[..length]), Some(77));
        assert_eq!(Framing::Bare.stamp(&buffer[4..length]), Some(77));
        assert_eq!(Framing::Channel.stamp(b"short"), None);
    }
}
