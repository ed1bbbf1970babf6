//! Socket.IO 5 packets, in both formats that clients use: the default one, and whole packets as MessagePack.

mod args;
mod decoder;
mod msgpack;
mod plain;
mod read;
mod write;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use args::{Args, MAX_ATTACHMENTS};
pub use decoder::Decoder;
pub use plain::Plain;
pub use write::encode;

/// One conversation within a connection. The main one is `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Arc<str>);

impl Namespace {
    pub const MAX_BYTES: usize = 128;

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let fits = name.starts_with('/') && name.len() <= Self::MAX_BYTES && !name.contains(',');
        (fits && !name.contains(char::is_control)).then(|| Self(name.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_main(&self) -> bool {
        &*self.0 == "/"
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("/".into())
    }
}

/// It is compared as its name is.
impl Borrow<str> for Namespace {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub namespace: Namespace,
    pub body: Body,
}

impl Packet {
    /// An estimate of what keeping it costs.
    #[must_use]
    pub fn weight(&self) -> usize {
        const OVERHEAD: usize = 64;
        let rest = match &self.body {
            Body::Connect(payload) => payload.as_ref().map_or(0, |payload| payload.len()),
            Body::ConnectError(payload) => payload.len(),
            Body::Disconnect => 0,
            Body::Event { args, .. } | Body::Ack { args, .. } => {
                args.json().len() + args.attachments().iter().map(Bytes::len).sum::<usize>()
            }
        };
        OVERHEAD + rest
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A JSON object: from the client what it says of itself, from the server its id.
    Connect(Option<Arc<str>>),
    Disconnect,
    Event {
        /// Wanted: an acknowledgement under this number.
        id: Option<u64>,
        name: Arc<str>,
        args: Args,
    },
    Ack {
        id: u64,
        args: Args,
    },
    /// A JSON object with `message` and perhaps `data`.
    ConnectError(Arc<str>),
}

/// How a client spells packets. Told by its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Default,
    MessagePack,
}

/// What can't be read as a packet. Whoever sends it is closed, as by the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// The largest number that every client keeps exact.
const MAX_ID: u64 = (1 << 53) - 1;

/// A client can't send these as events, and must not be made to emit them on others.
const RESERVED: &[&str] =
    &["connect", "connect_error", "disconnect", "newListener", "removeListener"];

pub(crate) fn is_event_name(name: &str) -> bool {
    !RESERVED.contains(&name)
}

fn attachment(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
