//! The names of what the engine makes. A name is never used for two things.

use crate::address::{Family, PeerAddr};

/// The place of an allocation, and how many allocations had the place before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AllocationId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// One relayed address of one allocation, for as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId {
    pub(crate) allocation: AllocationId,
    pub(crate) family: Family,
}

impl RelayId {
    #[must_use]
    pub fn family(self) -> Family {
        self.family
    }

    /// A number for the driver's table of sockets: small, and free again when the relay has been closed.
    #[must_use]
    pub fn index(self) -> usize {
        let family = match self.family {
            Family::V4 => 0,
            Family::V6 => 1,
        };
        usize::try_from(self.allocation.slot).unwrap_or(usize::MAX / 2) * 2 + family
    }
}

/// Where a packet came in from outside: at which relayed address, from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arrival {
    pub relay: RelayId,
    pub from: PeerAddr,
}

/// A TCP connection between a relayed address and a peer (RFC 6062): the CONNECTION-ID on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerConnection(pub(crate) u32);
