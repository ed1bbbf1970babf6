//! What the server tells its clients about itself: the same for all, fixed at start.

use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Name and version, such as `parlor/0.1.0`.
    pub server: String,
    pub ping_interval: Duration,
    pub idle_timeout: Duration,
    pub max_frame_bytes: usize,
    pub messages_per_second: u32,
    pub burst: u32,
    /// Whether a client on the root that begins with anything but JSON is served as an echo.
    pub echoes: bool,
}
