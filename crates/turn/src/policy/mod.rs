//! Whom allocations may talk to. An address that hides another one is judged by both.

mod cidr;
mod special;

use std::net::IpAddr;

pub use cidr::{Cidr, InvalidCidr};

/// The rule and its exceptions. `deny` is stronger than `allow`, and `allow` than the rule. None of it concerns our own
/// relayed addresses and media sockets, which every client may reach.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    pub peers: Peers,
    pub allow: Vec<Cidr>,
    pub deny: Vec<Cidr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Peers {
    /// Our own relayed addresses and media sockets only.
    #[default]
    Own,
    /// What is global by the registries of special addresses (RFC 6890), besides.
    Public,
    /// Whatever can be a host: also the networks that this server is in, and the server itself.
    Any,
}

impl Policy {
    /// Whether anybody outside of this process can be a peer: then allocations need sockets.
    #[must_use]
    pub fn allows_foreign(&self) -> bool {
        match self.peers {
            Peers::Own => !self.allow.is_empty(),
            Peers::Public | Peers::Any => true,
        }
    }

    /// Whether a peer outside of this process may have this address.
    #[must_use]
    pub fn admits(&self, ip: IpAddr) -> bool {
        let within = |list: &[Cidr], ip| list.iter().any(|cidr| cidr.contains(ip));
        if !special::can_be_host(ip) {
            return false;
        }
        let admitted = |ip| within(&self.allow, ip) || self.peers.admit(ip);
        special::readings(ip).all(|ip| !within(&self.deny, ip) && admitted(ip))
    }

    /// Whether a peer may be this very host, at a port that is no relayed one. Other programs here may trust whoever
    /// comes from here, so this has to be said.
    pub(crate) fn admits_host(&self, ip: IpAddr) -> bool {
        let named = self.allow.iter().any(|cidr| cidr.contains(ip));
        self.admits(ip) && (named || self.peers == Peers::Any)
    }
}

impl Peers {
    fn admit(self, ip: IpAddr) -> bool {
        match self {
            Self::Own => false,
            Self::Public => special::is_global(ip),
            Self::Any => special::can_be_host(ip),
        }
    }
}
