//! Links between clients and servers: latency, jitter, stalls, slow readers, and cuts that lose any suffix of what
//! is in flight. A frame is delivered whole or not at all, in order. Knows no node and no client, only links.

use std::collections::{BTreeMap, VecDeque};

use parlor_dialects::Bytes;

use crate::Millis;
use crate::rng::Rng;

/// Bytes on the way before the sender has to wait: the sockets' buffers on both sides.
const WINDOW: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Open,
    Text(Bytes),
    Ping,
    Pong,
    /// A close frame with its code.
    Close(u16),
    /// The connection is gone, without a word.
    End,
}

impl Item {
    fn len(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }

    pub fn is_last(&self) -> bool {
        matches!(self, Self::Close(_) | Self::End)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    pub latency: Millis,
    /// At most this is added to the latency of each frame.
    pub jitter: Millis,
}

/// A connection ends in the middle: of what is in flight each way, so many frames still arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub keep_up: usize,
    pub keep_down: usize,
    /// Otherwise that end goes on believing in the connection until its own deadline.
    pub client_is_told: bool,
    pub server_is_told: bool,
}

impl Cut {
    /// Everything in flight is lost and both ends know at once.
    pub const CLEAN: Self =
        Self { keep_up: 0, keep_down: 0, client_is_told: true, server_is_told: true };
}

#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Item(Item),
    /// Something will come, not before this time.
    NotBefore(Millis),
    Nothing,
}

#[derive(Debug, Default)]
struct Stream {
    queue: VecDeque<(Millis, Item)>,
    bytes: usize,
    last_due: Millis,
    stalled_until: Millis,
    /// How fast the receiver reads.
    bytes_per_second: Option<u64>,
    /// What was read of the next millisecond, in bytes times 1,000.
    read: u64,
    /// Nothing more can be sent.
    ended: bool,
}

impl Stream {
    fn time_to_read(&mut self, size: usize) -> Millis {
        let Some(rate) = self.bytes_per_second.filter(|rate| *rate > 0) else { return 0 };
        let read = self.read + size as u64 * 1_000;
        self.read = read % rate;
        read / rate
    }
}

#[derive(Debug)]
pub struct Network {
    weather: Weather,
    rng: Rng,
    opened: u64,
    links: BTreeMap<(LinkId, Way), Stream>,
}

impl Network {
    pub fn new(weather: Weather, rng: Rng) -> Self {
        Self { weather, rng, opened: 0, links: BTreeMap::new() }
    }

    pub fn open(&mut self) -> LinkId {
        self.opened += 1;
        let link = LinkId(self.opened);
        self.links.insert((link, Way::Up), Stream::default());
        self.links.insert((link, Way::Down), Stream::default());
        link
    }

    /// Links over which something can still come.
    pub fn links(&self) -> usize {
        self.links.len().div_ceil(2)
    }

    /// Puts an item on its way; tells when it arrives, if it does.
    pub fn send(&mut self, link: LinkId, way: Way, item: Item, now: Millis) -> Option<Millis> {
        let delay = self.weather.latency + self.rng.below(self.weather.jitter + 1);
        let stream = self.links.get_mut(&(link, way)).filter(|stream| !stream.ended)?;
        let size = item.len();
        let due = (now + delay).max(stream.last_due) + stream.time_to_read(size);
        stream.last_due = due;
        stream.bytes += size;
        stream.ended = item.is_last();
        stream.queue.push_back((due, item));
        Some(due.max(stream.stalled_until))
    }

    pub fn receive(&mut self, link: LinkId, way: Way, now: Millis) -> Received {
        let Some(stream) = self.links.get_mut(&(link, way)) else { return Received::Nothing };
        let Some((due, _)) = stream.queue.front() else { return Received::Nothing };
        let due = (*due).max(stream.stalled_until);
        if due > now {
            return Received::NotBefore(due);
        }
        let Some((_, item)) = stream.queue.pop_front() else { return Received::Nothing };
        stream.bytes -= item.len();
        Received::Item(item)
    }

    /// Whether the sender's socket takes more.
    pub fn takes_more(&self, link: LinkId, way: Way) -> bool {
        self.links.get(&(link, way)).is_none_or(|stream| stream.ended || stream.bytes < WINDOW)
    }

    pub fn in_flight(&self, link: LinkId, way: Way) -> usize {
        self.links.get(&(link, way)).map_or(0, |stream| stream.queue.len())
    }

    /// Nothing arrives until then; it waits and comes late.
    pub fn stall(&mut self, link: LinkId, way: Way, until: Millis) {
        if let Some(stream) = self.links.get_mut(&(link, way)) {
            stream.stalled_until = until;
        }
    }

    pub fn throttle(&mut self, link: LinkId, way: Way, bytes_per_second: Option<u64>) {
        if let Some(stream) = self.links.get_mut(&(link, way)) {
            stream.bytes_per_second = bytes_per_second;
        }
    }

    pub fn cut(&mut self, link: LinkId, cut: Cut, now: Millis) {
        let ends = [
            (Way::Up, cut.keep_up, cut.server_is_told),
            (Way::Down, cut.keep_down, cut.client_is_told),
        ];
        for (way, keep, is_told) in ends {
            let Some(stream) = self.links.get_mut(&(link, way)) else { continue };
            stream.queue.truncate(keep);
            stream.bytes = stream.queue.iter().map(|(_, item)| item.len()).sum();
            let is_over = stream.queue.iter().any(|(_, item)| item.is_last());
            if is_told && !is_over {
                let due = stream.queue.back().map_or(now, |(due, _)| (*due).max(now));
                stream.queue.push_back((due, Item::End));
            }
            stream.ended = true;
        }
    }

    /// Lets go of a link over which nothing can come any more; tells whether it is gone.
    pub fn sweep(&mut self, link: LinkId) -> bool {
        let is_over = |way| {
            let stream = self.links.get(&(link, way));
            stream.is_none_or(|stream: &Stream| stream.ended && stream.queue.is_empty())
        };
        let is_gone = is_over(Way::Up) && is_over(Way::Down);
        if is_gone {
            self.links.remove(&(link, Way::Up));
            self.links.remove(&(link, Way::Down));
        }
        is_gone
    }
}
