//! How fast one connection may send: a token bucket. Time is an argument.

use std::time::{Duration, Instant};

/// Fills at a rate up to a burst; each message takes one.
#[derive(Debug)]
pub struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    #[expect(clippy::cast_precision_loss, reason = "no rate comes near 2^52")]
    pub fn new(per_second: usize, burst: usize, now: Instant) -> Self {
        let (per_second, burst) = (per_second as f64, burst as f64);
        Self { per_second, burst, tokens: burst, filled_at: now }
    }

    /// Takes one, or tells how long to wait for one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.take_many(1, now)
    }

    /// Takes so many or none. More than the burst is taken from a full bucket, and filled up before the next.
    #[expect(clippy::cast_precision_loss, reason = "no count comes near 2^52")]
    pub fn take_many(&mut self, count: usize, now: Instant) -> Result<(), Duration> {
        let wanted = (count as f64).min(self.burst);
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        if self.tokens < wanted {
            return Err(Duration::from_secs_f64((wanted - self.tokens) / self.per_second));
        }
        self.tokens -= count as f64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_counts() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 3, start);
        assert_eq!([bucket.take(start), bucket.take(start), bucket.take(start)], [Ok(()); 3]);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(100)));
        let later = start + Duration::from_millis(100);
        assert_eq!(bucket.take(later), Ok(()));
        assert!(bucket.take(later).is_err());
        let much_later = start + Duration::from_secs(60);
        let taken = (0..10).filter(|_| bucket.take(much_later).is_ok()).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn many_are_taken_together_or_not_at_all() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 3, start);
        assert_eq!(bucket.take(start), Ok(()));
        assert_eq!(bucket.take_many(3, start), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take_many(2, start), Ok(()));
        let later = start + Duration::from_secs(60);
        assert_eq!(bucket.take_many(13, later), Ok(()));
        assert_eq!(bucket.take(later), Err(Duration::from_millis(1_100)));
    }
}
