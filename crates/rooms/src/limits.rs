//! The limits and policies of rooms, each with its default and a reason.

use std::time::Duration;

/// What the configuration may change. The limits of names are constants beside their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a session outlives its connection.
    pub grace: Duration,
    /// How long an empty room is kept, so that a reloading page finds it again.
    pub empty_grace: Duration,
    pub duplicate_identity: DuplicateIdentity,
    pub max_rooms: usize,
    /// Members of one room, those who are reconnecting included.
    pub max_members: usize,
    /// Those who wait to be let into one room.
    pub max_waiting: usize,
    /// Chat messages that a late joiner gets to see.
    pub history_messages: usize,
    pub history_bytes: usize,
    /// Events kept for members who have not acknowledged them yet.
    pub log_events: usize,
    pub log_bytes: usize,
    /// All logs and histories together: one client can't fill the memory by making rooms.
    pub total_bytes: usize,
    pub chat_bytes: usize,
    pub message_bytes: usize,
    pub sdp_bytes: usize,
}

impl Limits {
    /// A candidate line is under 300 bytes in practice; the rest is room for extensions.
    pub const CANDIDATE_BYTES: usize = 4 * 1024;
    /// Peers that one message may name.
    pub const MAX_TARGETS: usize = 64;
    /// Answers kept for repeated requests: as many as a client may leave unanswered.
    pub const MAX_OUTCOMES: usize = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            empty_grace: Duration::from_secs(30),
            duplicate_identity: DuplicateIdentity::Allow,
            max_rooms: 10_000,
            max_members: 100,
            max_waiting: 100,
            history_messages: 200,
            history_bytes: 256 * 1024,
            log_events: 8_192,
            log_bytes: 4 * 1024 * 1024,
            total_bytes: 512 * 1024 * 1024,
            chat_bytes: 8 * 1024,
            message_bytes: 64 * 1024,
            sdp_bytes: 128 * 1024,
        }
    }
}

/// What happens when a second member of the same identity joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateIdentity {
    /// Both stay. The default: without tokens an identity is only a claim, and must not throw anybody out.
    Allow,
    /// The older one is closed.
    Replace,
    /// The newcomer is refused.
    Reject,
}
