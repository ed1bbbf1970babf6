//! What the driver is to do: with one packet at once, and with everything else in order.

use std::net::SocketAddr;

use crate::address::{ClientAddr, PeerAddr};
use crate::ids::{PeerConnection, RelayId};

/// What becomes of one packet. Nothing of it was copied but into the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// It was dropped (and counted), or its answer comes by `poll_output`.
    Nothing,
    /// Write these bytes of the buffer to this client, as one datagram or into its stream.
    /// It may be another client than the one that the packet came from.
    ToClient { to: ClientAddr, bytes: &'a [u8] },
    /// Send the payload, a part of the packet itself, from the relay's socket.
    ToPeer { relay: RelayId, to: PeerAddr, payload: &'a [u8], fragments: Fragments },
    /// Hand the payload to a media socket of this process ([`crate::Settings::media`]): it comes from `from`, a relayed
    /// address. The way back is `handle_relayed`.
    ToMedia { relay: RelayId, from: SocketAddr, to: PeerAddr, payload: &'a [u8] },
}

/// Whether routers may cut the datagram into pieces (DONT-FRAGMENT, RFC 8656, section 18.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragments {
    Allowed,
    Forbidden,
}

/// What is to be done besides, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes to this client, as one datagram or into its stream.
    ToClient { to: ClientAddr, bytes: Vec<u8> },
    /// Bind a UDP socket at this address (or where this address leads, behind a NAT: same port), then say
    /// `handle_relay_opened` or `handle_relay_failed`.
    OpenRelay { relay: RelayId, address: SocketAddr },
    /// The same with a TCP listener. Who connects to it is announced by `handle_accepted`.
    OpenListener { relay: RelayId, address: SocketAddr },
    /// Close what `OpenRelay` or `OpenListener` had opened.
    CloseRelay { relay: RelayId },
    /// Connect by TCP from the relayed address `from` to this peer, then say `handle_connected` or
    /// `handle_connect_failed`. Read nothing from it before `Join`.
    Connect { connection: PeerConnection, from: SocketAddr, to: PeerAddr },
    /// From here on the client's stream carries this connection's bytes and nothing else, in both directions. When
    /// either side has ended, say `handle_connection_closed`.
    Join { connection: PeerConnection, client: ClientAddr },
    /// Close this connection, and with it the client's stream that it is joined with.
    CloseConnection { connection: PeerConnection },
}
