//! Token buckets: so much per second, and a second's worth at once.

use parlor_rooms::Timestamp;

/// How much of something is left. The rate is the caller's: it is the same for many buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// In thousandths, so that a millisecond's share is whole.
    left: u64,
    filled: Timestamp,
}

impl Bucket {
    pub(crate) fn full(rate: u64, now: Timestamp) -> Self {
        Self { left: rate.saturating_mul(1000), filled: now }
    }

    /// Takes this much, or nothing.
    pub(crate) fn take(&mut self, amount: u64, rate: u64, now: Timestamp) -> bool {
        let elapsed = now.0.saturating_sub(self.filled.0);
        let most = rate.saturating_mul(1000);
        self.left = self.left.saturating_add(elapsed.saturating_mul(rate)).min(most);
        self.filled = self.filled.max(now);
        let rest = self.left.checked_sub(amount.saturating_mul(1000));
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_as_much_as_the_rate_says() {
        let mut bucket = Bucket::full(1_000, Timestamp(0));
        assert!(bucket.take(1_000, 1_000, Timestamp(0)));
        assert!(!bucket.take(1, 1_000, Timestamp(0)));
        assert!(bucket.take(1, 1_000, Timestamp(1)) && !bucket.take(1, 1_000, Timestamp(1)));
        assert!(bucket.take(499, 1_000, Timestamp(500)));
        assert!(!bucket.take(1_001, 1_000, Timestamp(90_000)));
        assert!(bucket.take(1_000, 1_000, Timestamp(90_000)));
    }

    #[test]
    fn a_clock_that_stands_still_fills_nothing() {
        let mut bucket = Bucket::full(10, Timestamp(5));
        assert!(bucket.take(10, 10, Timestamp(5)));
        assert!(!bucket.take(1, 10, Timestamp(4)) && !bucket.take(1, 10, Timestamp(5)));
        assert!(bucket.take(1, 10, Timestamp(105)));
    }
}
