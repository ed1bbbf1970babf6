//! What a scenario decides: how the world is made, and what the people behind the clients want.

use std::time::Duration;

use parlor_dialects::Terms;
use parlor_rooms::Limits;

use crate::Millis;
use crate::network::Weather;

/// How a world is made. The defaults are the server's own, on a mobile network.
#[derive(Clone, Debug)]
pub struct Setup {
    pub weather: Weather,
    pub limits: Limits,
    pub outbox_frames: usize,
    pub outbox_bytes: usize,
    pub messages_per_second: u32,
    pub burst: u32,
    pub ping_interval: Millis,
    pub idle_timeout: Millis,
    pub join_timeout: Millis,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            weather: Weather { latency: 20, jitter: 30 },
            limits: Limits::default(),
            outbox_frames: 4_096,
            outbox_bytes: 4 * 1024 * 1024,
            messages_per_second: 200,
            burst: 400,
            ping_interval: 5_000,
            idle_timeout: 45_000,
            join_timeout: 10_000,
        }
    }
}

impl Setup {
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            server: "parlor/sim".into(),
            ping_interval: Duration::from_millis(self.ping_interval),
            idle_timeout: Duration::from_millis(self.idle_timeout),
            max_frame_bytes: 256 * 1024,
            messages_per_second: self.messages_per_second,
            burst: self.burst,
            echoes: false,
        }
    }
}

/// What somebody wants their client to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Chat(String),
    /// To these display names; to everybody else when there are none.
    Send {
        data: String,
        to: Vec<String>,
    },
    /// A `send` that may be dropped.
    Volatile(String),
    Attribute {
        key: String,
        value: String,
    },
    Leave,
}
