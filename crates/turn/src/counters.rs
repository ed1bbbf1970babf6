//! What happened, read by value.

/// Sums since the engine began, except for the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Allocations at this moment.
    pub allocations: usize,
    /// TCP connections to peers at this moment (RFC 6062).
    pub connections: usize,
    pub allocated: u64,
    pub expired: u64,
    pub bindings: u64,
    pub denied: Denials,
    /// From clients to whomever.
    pub sent: Traffic,
    /// From whomever to clients. A packet between two clients is in both.
    pub received: Traffic,
    pub dropped: Drops,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Traffic {
    pub packets: u64,
    /// Payload, without headers.
    pub bytes: u64,
}

/// Requests that were answered by an error, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Denials {
    /// 400
    pub malformed: u64,
    /// 401: without credentials (the beginning of every conversation), or with wrong or expired ones.
    pub unauthorized: u64,
    /// 403
    pub forbidden: u64,
    /// 405
    pub mobility: u64,
    /// 420
    pub unknown_attribute: u64,
    /// 437
    pub mismatch: u64,
    /// 438
    pub stale_nonce: u64,
    /// 440 and 443
    pub family: u64,
    /// 441
    pub wrong_credentials: u64,
    /// 442
    pub transport: u64,
    /// 446 and 447
    pub connection: u64,
    /// 486
    pub quota: u64,
    /// 508
    pub capacity: u64,
}

/// Packets that went nowhere, by reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Drops {
    /// Neither STUN nor channel data, or cut.
    pub malformed: u64,
    /// From a client without an allocation, over a channel that is not bound, to a relay that is gone.
    pub unaddressed: u64,
    /// To or from a peer without a permission.
    pub unpermitted: u64,
    /// To a peer that the policy forbids.
    pub forbidden: u64,
    /// Over the bandwidth of the allocation or of all together.
    pub bandwidth: u64,
    /// Larger than the caller's buffer.
    pub oversized: u64,
    /// Errors that were not sent, because the source had had enough of them.
    pub unanswered: u64,
}
