//! How fast one client may send. Time is an argument.

use std::time::{Duration, Instant};

/// Whoever is faster waits: these clients have no word for being refused, and a page that sends each move of a
/// mouse is no attack.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub per_second: usize,
    pub burst: usize,
}

/// What a client has sent beyond its burst, and not waited for yet.
#[derive(Debug)]
pub struct Debt {
    pace: Pace,
    messages: f64,
    counted_at: Instant,
}

impl Debt {
    pub fn new(pace: Pace, now: Instant) -> Self {
        Self { pace, messages: 0.0, counted_at: now }
    }

    /// Counts messages; tells how long to wait before the next are read.
    #[expect(clippy::cast_precision_loss, reason = "no rate comes near 2^52")]
    pub fn spend(&mut self, messages: usize, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        let rate = self.pace.per_second as f64;
        self.counted_at = now;
        self.messages = (self.messages - passed * rate).max(0.0) + messages as f64;
        let over = self.messages - self.pace.burst as f64;
        Duration::from_secs_f64((over / rate).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_counts() {
        let start = Instant::now();
        let mut debt = Debt::new(Pace { per_second: 10, burst: 3 }, start);
        assert_eq!(debt.spend(3, start), Duration::ZERO);
        assert_eq!(debt.spend(1, start), Duration::from_millis(100));
        assert_eq!(debt.spend(10, start), Duration::from_millis(1_100));
        let later = start + Duration::from_secs(2);
        assert_eq!(debt.spend(3, later), Duration::ZERO);
    }
}
