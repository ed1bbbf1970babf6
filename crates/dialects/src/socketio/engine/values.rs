//! What goes into a session and what comes out of it.

use std::time::Duration;

use super::packet::{Message, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Polling,
    WebSocket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub ping_interval: Duration,
    /// How long a pong may take.
    pub ping_timeout: Duration,
    /// How long a WebSocket may take from its opening to taking over from polling.
    pub upgrade_timeout: Duration,
    /// Bytes of one POST body or one frame from the client.
    pub max_payload: usize,
    /// What may wait for the client's next poll or read.
    pub max_waiting_packets: usize,
    pub max_waiting_bytes: usize,
}

impl Default for Settings {
    /// The protocol's own defaults; the last two are ours.
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            max_waiting_packets: 4_096,
            max_waiting_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The client said so, as it also does when it meets an error.
    ByClient,
    /// The page is gone: close code 1001 of WebSocket.
    PageGone,
    ByServer,
    /// The connection is gone, or a poll was given up.
    TransportGone,
    PingTimeout,
    /// Bytes that are no packets, or two polls at once.
    ProtocolError,
    TooLarge,
    SlowReader,
}

impl Closed {
    /// Whether the same client may come back and go on. Who leaves for good says so in Socket.IO, before this.
    #[must_use]
    pub fn by_accident(self) -> bool {
        match self {
            Self::ByClient | Self::TransportGone | Self::PingTimeout => true,
            Self::PageGone
            | Self::ByServer
            | Self::ProtocolError
            | Self::TooLarge
            | Self::SlowReader => false,
        }
    }
}

/// What the driver is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A message of the client.
    Received(Message),
    /// The client has everything that was sent up to the last [`Output::Pinged`].
    Confirmed,
    /// A ping goes out behind everything that was sent so far.
    Pinged,
    /// The answer to the parked GET.
    Answer(Text),
    /// The parked GET is refused: the client has said that it polls no more.
    RefuseGet,
    /// A frame for the WebSocket.
    Frame(Message),
    /// The WebSocket that was tried is to be closed; polling goes on.
    DropSocket,
    /// The session is over: the WebSocket, if there is one, is to be closed.
    Closed(Closed),
}
