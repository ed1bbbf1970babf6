//! How often each network may do something: a token bucket for each, in a table that can't grow without end. No clock:
//! time is passed in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{network_of, speaks_for_others};
use crate::transports::websocket::rate::Bucket;

/// Networks that are remembered.
const MAX_NETWORKS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// 0 is no limit.
    pub per_second: usize,
    pub burst: usize,
}

#[derive(Debug)]
pub struct Rates(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    rate: Rate,
    by_network: HashMap<IpAddr, (Bucket, Instant)>,
}

impl Rates {
    pub fn new(rate: Rate) -> Self {
        Self(Mutex::new(Inner { rate, by_network: HashMap::new() }))
    }

    /// From now on. Everybody begins anew with a full bucket.
    pub fn change(&self, rate: Rate) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.rate != rate {
            *inner = Inner { rate, by_network: HashMap::new() };
        }
    }

    /// Takes one, or tells how long to wait for one. This machine is never limited.
    pub fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if speaks_for_others(address) {
            return Ok(());
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(network_of(address), now)
    }
}

impl Inner {
    fn take(&mut self, network: IpAddr, now: Instant) -> Result<(), Duration> {
        let Rate { per_second, burst } = self.rate;
        if per_second == 0 {
            return Ok(());
        }
        if self.by_network.len() >= MAX_NETWORKS && !self.by_network.contains_key(&network) {
            self.make_room();
        }
        let fresh = || (Bucket::new(per_second, burst, now), now);
        let (bucket, last) = self.by_network.entry(network).or_insert_with(fresh);
        *last = now;
        bucket.take(now)
    }

    /// Forgets those who have asked for nothing for the longest time. To refuse whoever comes would let a flood from many
    /// networks shut all others out; what it gains in fresh buckets, the limits on all connections together hold back.
    fn make_room(&mut self) {
        let mut times: Vec<Instant> = self.by_network.values().map(|(_, last)| *last).collect();
        let (_, until, _) = times.select_nth_unstable(MAX_NETWORKS / 8);
        let until = *until;
        self.by_network.retain(|_, (_, last)| *last > until);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const TWO: Rate = Rate { per_second: 2, burst: 60 };

    fn address(number: usize) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap()).into()
    }

    #[test]
    fn an_address_that_asks_too_often_waits_and_no_other_does() {
        let (rates, now) = (Rates::new(TWO), Instant::now());
        for _ in 0..TWO.burst {
            assert_eq!(rates.take(address(1), now), Ok(()));
        }
        assert!(rates.take(address(1), now).is_err());
        assert_eq!(rates.take(address(2), now), Ok(()));
        assert_eq!(rates.take(address(1), now + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn this_machine_and_zero_know_no_limit() {
        let (rates, now) = (Rates::new(TWO), Instant::now());
        assert!((0..1_000).all(|_| rates.take("::1".parse().unwrap(), now).is_ok()));
        rates.change(Rate { per_second: 0, burst: 1 });
        assert!((0..1_000).all(|_| rates.take(address(1), now).is_ok()));
    }

    #[test]
    fn a_change_holds_from_then_on() {
        let (rates, now) = (Rates::new(TWO), Instant::now());
        rates.change(Rate { per_second: 1, burst: 1 });
        assert_eq!(rates.take(address(1), now), Ok(()));
        assert_eq!(rates.take(address(1), now), Err(Duration::from_secs(1)));
    }

    #[test]
    fn so_many_addresses_are_remembered_and_who_comes_is_not_shut_out() {
        let (rates, now) = (Rates::new(Rate { per_second: 1, burst: 1 }), Instant::now());
        let at = |number: usize| now + Duration::from_micros(number as u64);
        for number in 0..3 * MAX_NETWORKS {
            assert_eq!(rates.take(address(number), at(number)), Ok(()));
        }
        let last = 3 * MAX_NETWORKS;
        assert!(rates.0.lock().unwrap().by_network.len() <= MAX_NETWORKS);
        assert!(rates.take(address(last - 1), at(last)).is_err(), "the latest are remembered");
    }
}
