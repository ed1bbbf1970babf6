//! One allocation: whose it is, its relayed addresses, and what it was granted.

use std::net::SocketAddr;

use parlor_rooms::Timestamp;
use stun_types::message::TransactionId;

use crate::address::{ClientAddr, Family};
use crate::bucket::Bucket;
use crate::ids::PeerConnection;
use crate::peers::Peers;
use crate::wire::reply::{Granted, Question};

pub(crate) struct Allocation {
    pub(crate) client: ClientAddr,
    /// Only requests with this name concern it (441).
    pub(crate) username: Box<str>,
    /// Whose quota it counts towards.
    pub(crate) user: Box<str>,
    pub(crate) protocol: Protocol,
    pub(crate) relays: [Option<Relay>; 2],
    pub(crate) expires: Timestamp,
    pub(crate) peers: Peers,
    pub(crate) bucket: Bucket,
    pub(crate) connections: Vec<PeerConnection>,
    /// The request that made it, which may come again.
    pub(crate) transaction: TransactionId,
    pub(crate) granted: Granted,
    /// The answer waits for the driver's sockets.
    pub(crate) unanswered: Option<Box<Question>>,
}

/// What is relayed: datagrams, or connections (RFC 6062).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) socket: Socket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// Nobody outside of this process can be reached: none is needed.
    None,
    /// Asked for; so many other addresses may still be tried.
    Opening {
        retries: u8,
    },
    Open,
}

impl Allocation {
    pub(crate) fn relay(&self, family: Family) -> Option<&Relay> {
        let [v4, v6] = &self.relays;
        match family {
            Family::V4 => v4.as_ref(),
            Family::V6 => v6.as_ref(),
        }
    }

    pub(crate) fn relay_mut(&mut self, family: Family) -> &mut Option<Relay> {
        let [v4, v6] = &mut self.relays;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = (Family, Relay)> + use<> {
        let [v4, v6] = self.relays;
        [(Family::V4, v4), (Family::V6, v6)]
            .into_iter()
            .filter_map(|(family, relay)| Some((family, relay?)))
    }

    /// Whether some socket is still awaited.
    pub(crate) fn is_opening(&self) -> bool {
        self.addresses().any(|(_, relay)| matches!(relay.socket, Socket::Opening { .. }))
    }
}
