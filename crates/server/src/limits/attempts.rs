//! Wrong secrets and tokens, by the network that they come from: each further one costs a longer wait. Knows nothing of
//! what a secret is. No clock: time is passed in.
//!
//! Whoever checks a secret or a token asks [`Attempts::check`] first and says afterwards how it went:
//!
//! ```ignore
//! node.attempts.check(client.address.ip(), now)?; // Err(RetryAfter): answer 429 or `too-many-attempts`, look at nothing.
//! match verify(token) {
//!     Ok(claims) => node.attempts.succeeded(client.address.ip()),
//!     Err(wrong) => node.attempts.failed(client.address.ip(), now),
//! }
//! ```
//!
//! A token that is only too old is no attempt at guessing and needs not be counted. Loopback is not counted either
//! (see `limits.trusted_proxies`).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{network_of, speaks_for_others};

/// Mistakes that cost nothing: a class behind one address mistypes too.
const FREE: u32 = 10;
/// The first wait; each further mistake doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// In such a time without a mistake one of them is forgiven.
const FORGIVEN_EVERY: Duration = Duration::from_secs(60);
/// More mistakes than this make the wait no longer, and need not be forgiven one by one.
const MOST: u32 = FREE + 10;
/// Networks that are remembered. Beyond it those whose last mistakes are the oldest are forgotten.
const MAX_NETWORKS: usize = 10_000;

/// How long to wait until the next attempt is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

/// Shared by all who check something.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<IpAddr, Record>>);

#[derive(Debug, Clone, Copy)]
struct Record {
    mistakes: u32,
    /// Mistakes that a success has taken back. No more than `FREE` while the network is remembered, or who has one good
    /// token could guess for ever.
    taken_back: u32,
    last: Instant,
}

impl Attempts {
    /// Whether an attempt from there may be looked at now.
    pub fn check(&self, address: IpAddr, now: Instant) -> Result<(), RetryAfter> {
        let records = self.records();
        let Some(record) = records.get(&network_of(address)) else { return Ok(()) };
        let passed = now.saturating_duration_since(record.last);
        match wait_after(record.after(passed)).checked_sub(passed) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(rest) => Err(RetryAfter(rest)),
        }
    }

    /// An attempt from there was wrong.
    pub fn failed(&self, address: IpAddr, now: Instant) {
        if speaks_for_others(address) {
            return;
        }
        let network = network_of(address);
        let mut records = self.records();
        if records.len() >= MAX_NETWORKS && !records.contains_key(&network) {
            make_room(&mut records, now);
        }
        let fresh = Record { mistakes: 0, taken_back: 0, last: now };
        let record = records.entry(network).or_insert(fresh);
        let before = record.after(now.saturating_duration_since(record.last));
        if before == 0 {
            record.taken_back = 0;
        }
        record.mistakes = (before + 1).min(MOST);
        record.last = now;
    }

    /// An attempt from there was right: one mistake was probably a slip of the fingers.
    pub fn succeeded(&self, address: IpAddr) {
        let mut records = self.records();
        let Some(record) = records.get_mut(&network_of(address)) else { return };
        if record.taken_back < FREE {
            record.taken_back += 1;
            record.mistakes = record.mistakes.saturating_sub(1);
        }
    }

    fn records(&self) -> MutexGuard<'_, HashMap<IpAddr, Record>> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    /// The mistakes that are left when so much time has passed since the last one.
    fn after(&self, passed: Duration) -> u32 {
        let forgiven = passed.as_secs() / FORGIVEN_EVERY.as_secs();
        self.mistakes.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}

fn wait_after(mistakes: u32) -> Duration {
    match mistakes.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => (FIRST_WAIT * 2_u32.saturating_pow(beyond - 1)).min(LONGEST_WAIT),
    }
}

/// Forgets whoever is forgiven, or else who has made no mistake for the longest time.
fn make_room(records: &mut HashMap<IpAddr, Record>, now: Instant) {
    records.retain(|_, record| record.after(now.saturating_duration_since(record.last)) > 0);
    if records.len() < MAX_NETWORKS {
        return;
    }
    // Many at once, so that a flood from ever new networks does not cost a search each.
    let mut times: Vec<Instant> = records.values().map(|record| record.last).collect();
    let (_, until, _) = times.select_nth_unstable(MAX_NETWORKS / 8);
    let until = *until;
    records.retain(|_, record| record.last > until);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "192.0.2.1";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn after_mistakes(count: u32, now: Instant) -> Attempts {
        let attempts = Attempts::default();
        (0..count).for_each(|_| attempts.failed(ip(ADA), now));
        attempts
    }

    fn wait(attempts: &Attempts, now: Instant) -> Option<Duration> {
        attempts.check(ip(ADA), now).err().map(|RetryAfter(wait)| wait)
    }

    #[test]
    fn some_mistakes_are_free_and_each_further_one_doubles_the_wait() {
        let now = Instant::now();
        assert_eq!(wait(&after_mistakes(FREE, now), now), None);
        for (beyond, millis) in [(1, 500), (2, 1_000), (3, 2_000), (9, 120_000), (1_000, 120_000)] {
            let expected = Duration::from_millis(millis);
            assert_eq!(wait(&after_mistakes(FREE + beyond, now), now), Some(expected), "{beyond}");
        }
    }

    #[test]
    fn who_has_waited_is_looked_at_and_who_waits_long_is_forgiven() {
        let now = Instant::now();
        let attempts = after_mistakes(FREE + 2, now);
        assert_eq!(
            wait(&attempts, now + Duration::from_millis(400)),
            Some(Duration::from_millis(600))
        );
        let later = now + Duration::from_secs(1);
        assert_eq!(wait(&attempts, later), None);
        attempts.failed(ip(ADA), later);
        assert_eq!(wait(&attempts, later), Some(Duration::from_secs(2)));
        let much_later = later + FORGIVEN_EVERY * 4;
        attempts.failed(ip(ADA), much_later);
        assert_eq!(wait(&attempts, much_later), None);
    }

    #[test]
    fn only_the_network_that_made_the_mistakes_waits() {
        let now = Instant::now();
        let attempts = Attempts::default();
        (0..=FREE).for_each(|_| attempts.failed(ip("2001:db8:0:1::1"), now));
        assert!(attempts.check(ip("2001:db8:0:1:ffff::2"), now).is_err());
        assert_eq!(attempts.check(ip("2001:db8:0:2::1"), now), Ok(()));
        assert_eq!(attempts.check(ip(ADA), now), Ok(()));
    }

    #[test]
    fn a_web_server_on_this_machine_is_not_held_back() {
        let now = Instant::now();
        let attempts = Attempts::default();
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            (0..100).for_each(|_| attempts.failed(ip(address), now));
            assert_eq!(attempts.check(ip(address), now), Ok(()), "{address}");
        }
    }

    #[test]
    fn one_good_token_does_not_pay_for_guessing() {
        let now = Instant::now();
        let attempts = after_mistakes(FREE, now);
        attempts.succeeded(ip(ADA));
        attempts.failed(ip(ADA), now);
        assert_eq!(wait(&attempts, now), None);
        let guesses = (0..100).take_while(|_| {
            attempts.failed(ip(ADA), now);
            attempts.succeeded(ip(ADA));
            wait(&attempts, now).is_none()
        });
        assert!(guesses.count() <= FREE as usize);
    }

    #[test]
    fn so_many_networks_are_remembered_and_no_more() {
        let now = Instant::now();
        let attempts = after_mistakes(MOST, now);
        for number in 0..2 * MAX_NETWORKS as u32 {
            let later = now + Duration::from_millis(number.into());
            attempts.failed(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into(), later);
        }
        assert!(attempts.records().len() <= MAX_NETWORKS);
    }
}
