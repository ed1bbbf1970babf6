//! The time that the rooms are told: Unix time at the start plus what a clock says that never runs backwards.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parlor_rooms::Timestamp;

/// How long to wait where nothing is waited for.
pub const LONG: Duration = Duration::from_secs(3_600);

pub struct Clock {
    started: Instant,
    unix: Duration,
}

impl Clock {
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), unix }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(millis(self.unix + self.started.elapsed()))
    }

    /// Zero for what is past. A millisecond is added, so that the deadline has come when the wait is over.
    pub fn until(&self, at: Timestamp) -> Duration {
        match at.0.saturating_sub(self.now().0) {
            0 => Duration::ZERO,
            wait => Duration::from_millis(wait + 1).min(LONG),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
