//! The configuration in the words of the engines.

use parlor_dialects::{Dialect, Terms};
use parlor_rooms::Limits;

use super::OutboxLimits;
use super::policies::Policies;
use crate::config::{Config, DuplicateIdentity};

pub fn limits(config: &Config) -> Limits {
    let (rooms, limits) = (&config.rooms, &config.limits);
    Limits {
        grace: rooms.grace,
        empty_grace: rooms.empty_grace,
        duplicate_identity: match rooms.duplicate_identity {
            DuplicateIdentity::Allow => parlor_rooms::DuplicateIdentity::Allow,
            DuplicateIdentity::Replace => parlor_rooms::DuplicateIdentity::Replace,
            DuplicateIdentity::Reject => parlor_rooms::DuplicateIdentity::Reject,
        },
        max_rooms: limits.max_rooms,
        max_members: limits.max_members,
        max_waiting: limits.max_waiting,
        history_messages: rooms.history_messages,
        history_bytes: rooms.history_bytes.0,
        log_events: rooms.log_events,
        log_bytes: rooms.log_bytes.0,
        total_bytes: rooms.total_bytes.0,
        chat_bytes: limits.chat_bytes.0,
        message_bytes: limits.message_bytes.0,
        sdp_bytes: limits.sdp_bytes.0,
    }
}

pub fn terms(config: &Config) -> Terms {
    let limits = &config.limits;
    Terms {
        server: format!("parlor/{}", env!("CARGO_PKG_VERSION")),
        ping_interval: limits.ping_interval,
        idle_timeout: limits.idle_timeout,
        max_frame_bytes: limits.max_frame.0,
        messages_per_second: u32::try_from(limits.messages_per_second).unwrap_or(u32::MAX),
        echoes: Policies::new(config).speak(Dialect::Echo),
        burst: u32::try_from(limits.burst).unwrap_or(u32::MAX),
    }
}

pub fn outbox(config: &Config) -> OutboxLimits {
    OutboxLimits { frames: config.limits.outbox_frames, bytes: config.limits.outbox_bytes.0 }
}
