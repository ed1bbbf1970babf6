//! How fast one connection may send: a token bucket in whole thousandths, after the server's own.

use crate::Millis;

/// Fills at a rate up to a burst; each message takes one.
#[derive(Debug)]
pub struct Bucket {
    per_second: u64,
    burst: u64,
    /// A token is a thousand of these, so that one millisecond fills `per_second` of them.
    thousandths: u64,
    filled_at: Millis,
}

impl Bucket {
    pub fn new(per_second: u32, burst: u32, now: Millis) -> Self {
        let (per_second, burst) = (u64::from(per_second), u64::from(burst) * 1_000);
        Self { per_second, burst, thousandths: burst, filled_at: now }
    }

    /// Takes one, or tells how many milliseconds to wait for one.
    pub fn take(&mut self, now: Millis) -> Result<(), Millis> {
        let filled = (now - self.filled_at) * self.per_second;
        self.thousandths = (self.thousandths + filled).min(self.burst);
        self.filled_at = now;
        match self.thousandths.checked_sub(1_000) {
            Some(left) => {
                self.thousandths = left;
                Ok(())
            }
            None => Err((1_000 - self.thousandths).div_ceil(self.per_second.max(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_counts() {
        let mut bucket = Bucket::new(10, 2, 0);
        assert_eq!([bucket.take(0), bucket.take(0)], [Ok(()); 2]);
        assert_eq!(bucket.take(0), Err(100));
        assert_eq!(bucket.take(40), Err(60));
        assert_eq!(bucket.take(100), Ok(()));
    }
}
