//! How many bytes per second one connection may send: who sends more is read more slowly, so that their own TCP holds
//! them back. Nothing is thrown away. No clock: time is passed in.

use std::time::{Duration, Instant};

/// Looked at the clock only when so much was read: a connection that sends little is never measured.
const LOOK_AFTER: usize = 64 << 10;

#[derive(Debug)]
pub struct Pace {
    /// 0 is no limit.
    per_second: usize,
    /// May be read before the clock is looked at.
    unmeasured: usize,
    /// Until when what was read takes at the rate; never more than a second behind the clock, which is the burst.
    paid_until: Option<Instant>,
}

impl Pace {
    pub fn new(per_second: usize) -> Self {
        Self { per_second, unmeasured: 0, paid_until: None }
    }

    /// Takes note of what was read; whether the clock is to be looked at.
    pub fn note(&mut self, bytes: usize) -> bool {
        self.unmeasured += bytes;
        self.per_second != 0 && self.unmeasured >= LOOK_AFTER
    }

    /// How long to read nothing.
    pub fn settle(&mut self, now: Instant) -> Option<Duration> {
        const BURST: Duration = Duration::from_secs(1);
        if self.per_second == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "no rate comes near 2^52")]
        let cost = Duration::from_secs_f64(self.unmeasured as f64 / self.per_second as f64);
        self.unmeasured = 0;
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let paid = self.paid_until.map_or(earliest, |until| until.max(earliest)) + cost;
        self.paid_until = Some(paid);
        paid.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn little_is_never_measured() {
        let mut pace = Pace::new(MIB);
        assert!(!pace.note(LOOK_AFTER - 1));
        assert!(pace.note(1));
    }

    #[test]
    fn a_second_of_it_may_come_at_once_and_the_rest_takes_its_time() {
        let (mut pace, now) = (Pace::new(MIB), Instant::now());
        pace.note(MIB);
        assert_eq!(pace.settle(now), None);
        pace.note(MIB / 2);
        assert_eq!(pace.settle(now), Some(Duration::from_millis(500)));
        pace.note(MIB / 2);
        let later = now + Duration::from_millis(500);
        assert_eq!(pace.settle(later), Some(Duration::from_millis(500)));
        pace.note(MIB);
        assert_eq!(pace.settle(now + Duration::from_secs(60)), None);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut pace = Pace::new(0);
        assert!(!pace.note(usize::MAX));
        assert_eq!(pace.settle(Instant::now()), None);
    }
}
