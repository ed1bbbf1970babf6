//! How long things took, counted by many at once in buckets of 6 %.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Below this, a microsecond is a bucket of its own.
const EXACT: u64 = 32;

/// Buckets of one doubling.
const STEPS: usize = 16;

/// Doublings from 32 µs on: more than a day.
const DOUBLINGS: usize = 32;

const BUCKETS: usize = EXACT as usize + DOUBLINGS * STEPS;

pub struct Histogram {
    buckets: Vec<AtomicU64>,
}

impl Histogram {
    pub fn new() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }

    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket_of(micros).min(BUCKETS - 1)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn clear(&self) {
        self.buckets.iter().for_each(|bucket| bucket.store(0, Ordering::Relaxed));
    }

    /// The time that this share of all was faster than; `None` when nothing was counted.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let counts: Vec<u64> =
            self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let wanted = (total as f64 * share).ceil() as u64;
        let mut seen = 0;
        let reached = counts.iter().position(|count| {
            seen += count;
            seen >= wanted.max(1)
        });
        reached.map(|bucket| Duration::from_micros(lower_edge(bucket)))
    }
}

fn bucket_of(micros: u64) -> usize {
    if micros < EXACT {
        return micros as usize;
    }
    let doubling = micros.ilog2() - EXACT.ilog2();
    let step = (micros >> (doubling + 1)) as usize % STEPS;
    EXACT as usize + doubling as usize * STEPS + step
}

fn lower_edge(bucket: usize) -> u64 {
    let Some(above) = bucket.checked_sub(EXACT as usize) else { return bucket as u64 };
    ((STEPS + above % STEPS) as u64) << (above / STEPS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_less_than_seven_percent_below_what_is_in_it() {
        for micros in (0..100_000).chain([1 << 30, (1 << 30) + 12_345]) {
            let edge = lower_edge(bucket_of(micros));
            assert!(edge <= micros && micros <= edge + edge / STEPS as u64, "{micros} in {edge}");
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        (1..=20).for_each(|micros| histogram.record(Duration::from_micros(micros)));
        assert_eq!(histogram.quantile(0.5), Some(Duration::from_micros(10)));
        assert_eq!(histogram.quantile(0.99), Some(Duration::from_micros(20)));
        assert_eq!(histogram.quantile(0.0), Some(Duration::from_micros(1)));
    }
}
