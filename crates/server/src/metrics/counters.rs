//! Numbers that many threads add to and one reads: sums, levels, sums by label, a histogram. Knows no names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// More threads than this share cells, which costs time and no count.
const STRIPES: usize = 16;

thread_local! {
    static STRIPE: usize = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES
    };
}

/// Sums that are added to for each message. Each thread has cells of its own, in cache lines of their own.
pub struct Striped<const N: usize>([Stripe<N>; STRIPES]);

#[repr(align(64))]
struct Stripe<const N: usize>([AtomicU64; N]);

impl<const N: usize> Striped<N> {
    pub const fn new() -> Self {
        Self([const { Stripe([const { AtomicU64::new(0) }; N]) }; STRIPES])
    }

    pub fn add(&self, index: usize, amount: u64) {
        let own = STRIPE.with(|stripe| self.0.get(*stripe));
        if let Some(cell) = own.and_then(|stripe| stripe.0.get(index)) {
            cell.fetch_add(amount, Ordering::Relaxed);
        }
    }

    pub fn sum(&self, index: usize) -> u64 {
        let cells = self.0.iter().filter_map(|stripe| stripe.0.get(index));
        cells.map(|cell| cell.load(Ordering::Relaxed)).sum()
    }
}

/// A sum that is added to now and then.
pub struct Count(AtomicU64);

impl Count {
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are at this moment.
pub struct Level(AtomicI64);

impl Level {
    pub const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    pub fn change(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Readers may see a decrease before its increase, which is no level below zero.
    pub fn get(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// Sums by label. The labels are words of this program, never of a client, so there are few.
pub struct Tally<K>(Mutex<BTreeMap<K, u64>>);

impl<K: Ord + Clone> Tally<K> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn add(&self, label: K, amount: u64) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sums.entry(label).or_default() += amount;
    }

    pub fn all(&self) -> Vec<(K, u64)> {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sums.iter().map(|(label, sum)| (label.clone(), *sum)).collect()
    }
}

/// Upper bounds in seconds: an answer from memory takes microseconds, one that asks for keys over the network takes seconds.
pub const BOUNDS: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

pub struct Histogram {
    /// By the first bound that holds; the last has none.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// What a histogram holds, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// How many are within each bound, those of the bounds before it included.
    pub within: [u64; BOUNDS.len()],
    pub count: u64,
    pub seconds: f64,
}

impl Histogram {
    pub const fn new() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BOUNDS.len() + 1], nanos: AtomicU64::new(0) }
    }

    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub fn read(&self) -> Distribution {
        let mut count = 0;
        let mut within = [0; BOUNDS.len()];
        let mut slots = within.iter_mut();
        for bucket in &self.buckets {
            count += bucket.load(Ordering::Relaxed);
            slots.next().into_iter().for_each(|slot| *slot = count);
        }
        let seconds = Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64();
        Distribution { within, count, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_add_is_all_there() {
        static SUMS: Striped<2> = Striped::new();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..1_000).for_each(|_| SUMS.add(1, 3)));
            }
        });
        SUMS.add(2, 1);
        assert_eq!([SUMS.sum(0), SUMS.sum(1), SUMS.sum(2)], [0, 6_000 * STRIPES as u64, 0]);
    }

    #[test]
    fn a_level_is_never_below_zero() {
        let level = Level::new();
        level.change(-1);
        assert_eq!(level.get(), 0);
        level.change(3);
        assert_eq!(level.get(), 2);
    }

    #[test]
    fn each_label_has_its_own_sum() {
        let tally = Tally::new();
        tally.add("b", 1);
        tally.add("a", 2);
        tally.add("b", 3);
        assert_eq!(tally.all(), [("a", 2), ("b", 4)]);
    }

    #[test]
    fn bounds_include_what_is_below_them() {
        let histogram = Histogram::new();
        for micros in [100, 101, 1_000, 6_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let read = histogram.read();
        assert_eq!(read.within, [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
        assert_eq!((read.count, read.seconds), (4, 6.001_201));
    }
}
