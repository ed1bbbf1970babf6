//! What the configuration may change, each with its default and a reason.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::credentials::Credentials;
use crate::policy::Policy;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The realm of the long-term credentials (RFC 8489, section 9.2): less than 128 characters.
    pub realm: String,
    pub credentials: Credentials,
    /// How long a credential that has expired may still prolong an allocation that it has made. Browsers keep the
    /// credential that a connection began with, so a call ends this long after its expiry, by the next Refresh.
    pub refresh_grace: Duration,
    /// The addresses that relayed addresses are made of: the first of each family, or the one that the client talks to.
    /// A family without any is answered by 440.
    pub external: Vec<IpAddr>,
    /// The ports of relayed addresses (RFC 8656, section 7.2, recommends the dynamic ones).
    pub relay_ports: RangeInclusive<u16>,
    /// Sockets of this process that every allocation may talk to.
    pub media: Vec<SocketAddr>,
    pub policy: Policy,
    pub tcp_allocations: TcpAllocations,
    pub channel_numbers: ChannelNumbers,
    /// How long a nonce is good for (RFC 8656, section 5, recommends an hour at most).
    pub nonce_lifetime: Duration,
    pub limits: Limits,
}

/// Whether clients may have TCP connections to peers (RFC 6062).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpAllocations {
    Refused,
    Granted,
}

/// Which channel numbers may be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelNumbers {
    /// 0x4000–0x4FFF (RFC 8656, section 12).
    Rfc8656,
    /// 0x4000–0x7FFF (RFC 5766, section 11), for older clients.
    Rfc5766,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub allocations: usize,
    /// Of one user, whatever the expiry of the credential.
    pub allocations_per_user: usize,
    pub permissions: usize,
    pub channels: usize,
    /// TCP connections of one allocation, pending ones included.
    pub connections: usize,
    /// At least ten minutes, the lifetime of who asks for none, and at most an hour, whatever is said here.
    pub lifetime: Duration,
    /// Payload bytes per second in both directions; `None`: any.
    pub allocation_bandwidth: Option<u64>,
    pub total_bandwidth: Option<u64>,
    /// Errors per second and UDP source (an IPv4 address, an IPv6 /64) for requests without valid credentials: an address
    /// can be forged, and the answer is larger than the question.
    pub unauthenticated_replies: u32,
}

impl Limits {
    /// What a client gets who asks for no lifetime or a shorter one (RFC 8656, section 3.2).
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
    /// The longest lifetime that may be configured: so long a relay may outlive its client.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(3_600);
    /// RFC 8656, section 9.
    pub const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
    /// RFC 8656, section 12.
    pub const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
    /// How long an odd port is kept for whoever has the token (RFC 8656, section 7.2).
    pub const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);
    /// How long a connection to a peer may wait: for the peer, then for the client to bind it (RFC 6062, section 5.2).
    pub const CONNECTION_PATIENCE: Duration = Duration::from_secs(30);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allocations: 10_000,
            // Two transports and two families, three times over while a call restarts its ICE.
            allocations_per_user: 12,
            // A mesh of ten with six candidates each; every one costs some 50 bytes.
            permissions: 64,
            channels: 64,
            connections: 128,
            lifetime: Self::MAX_LIFETIME,
            allocation_bandwidth: None,
            total_bandwidth: None,
            // A classroom behind one address begins its calls within some seconds.
            unauthenticated_replies: 50,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            realm: "parlor".into(),
            credentials: Credentials::default(),
            refresh_grace: Duration::ZERO,
            external: Vec::new(),
            relay_ports: 49_152..=65_535,
            media: Vec::new(),
            policy: Policy::default(),
            tcp_allocations: TcpAllocations::Refused,
            channel_numbers: ChannelNumbers::Rfc8656,
            nonce_lifetime: Duration::from_secs(3_600),
            limits: Limits::default(),
        }
    }
}
