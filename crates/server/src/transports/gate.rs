//! How many connections are open, in all and from each network. Lets in, counts, refuses; opens no sockets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Connections beyond a limit that are still told why, before further ones are only closed.
const TOLD: usize = 64;

/// Who knows more of an address than how often it is here.
pub trait Judge: Send + Sync {
    /// Whether what comes from there is one client's, and not a proxy's for many.
    fn is_one_client(&self, address: IpAddr) -> bool;
    /// Whether that network opens connections too fast for another one to be looked at.
    fn is_hasty(&self, address: IpAddr) -> bool;
}

/// On this machine a reverse proxy speaks for everybody.
#[cfg(test)]
struct Plain;

#[cfg(test)]
impl Judge for Plain {
    fn is_one_client(&self, address: IpAddr) -> bool {
        !address.to_canonical().is_loopback()
    }

    fn is_hasty(&self, _: IpAddr) -> bool {
        false
    }
}

pub struct Gate {
    max: usize,
    /// 0 is no limit.
    max_per_network: usize,
    judge: Arc<dyn Judge>,
    counts: Mutex<Counts>,
    open: watch::Sender<usize>,
}

#[derive(Default)]
struct Counts {
    welcome: usize,
    told: usize,
    by_network: HashMap<IpAddr, usize>,
}

impl Counts {
    fn forget(&mut self, network: IpAddr) {
        self.welcome -= 1;
        if let Entry::Occupied(mut here) = self.by_network.entry(network) {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
    }
}

/// One open connection. Counts for as long as it lives, so it stays with the socket.
pub struct Permit {
    gate: Arc<Gate>,
    network: Option<IpAddr>,
}

impl Permit {
    /// This one may only be told that there are too many.
    pub fn over_limit(&self) -> bool {
        self.network.is_none()
    }
}

impl Gate {
    #[cfg(test)]
    pub fn new(max: usize, max_per_network: usize) -> Arc<Self> {
        Self::judged(max, max_per_network, Arc::new(Plain))
    }

    pub fn judged(max: usize, max_per_network: usize, judge: Arc<dyn Judge>) -> Arc<Self> {
        Arc::new(Self {
            max,
            max_per_network,
            judge,
            counts: Mutex::default(),
            open: watch::Sender::new(0),
        })
    }

    pub fn is_hasty(&self, address: IpAddr) -> bool {
        self.judge.is_hasty(address)
    }

    /// `None`: so many are over the limit that this one can't even be told.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let network = network_of(address);
        let mut counts = self.counts();
        let here = counts.by_network.get(&network).copied().unwrap_or(0);
        let limited = self.max_per_network != 0 && self.judge.is_one_client(address);
        let crowded = limited && here >= self.max_per_network;
        let network = if counts.welcome >= self.max || crowded {
            if counts.told >= TOLD {
                return None;
            }
            counts.told += 1;
            None
        } else {
            counts.welcome += 1;
            *counts.by_network.entry(network).or_default() += 1;
            Some(network)
        };
        drop(counts);
        self.open.send_modify(|open| *open += 1);
        Some(Permit { gate: Arc::clone(self), network })
    }

    pub fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Returns when no connection is open.
    pub async fn empty(&self) {
        // The sender is in `self`, so the wait can't fail.
        _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    fn leave(&self, network: Option<IpAddr>) {
        let mut counts = self.counts();
        match network {
            None => counts.told -= 1,
            Some(network) => counts.forget(network),
        }
        drop(counts);
        self.open.send_modify(|open| *open -= 1);
    }

    /// Counting leaves nothing half done, so a panic elsewhere doesn't spoil the counts.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.leave(self.network);
    }
}

/// One subscriber has one IPv4 address but a whole IPv6 /64.
pub fn network_of(address: IpAddr) -> IpAddr {
    const UPPER_64: u128 = u128::MAX << 64;
    match address.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => Ipv6Addr::from_bits(ip.to_bits() & UPPER_64).into(),
        address @ (IpAddr::V4(_) | IpAddr::V6(_)) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn over(permit: &Option<Permit>) -> Option<bool> {
        permit.as_ref().map(Permit::over_limit)
    }

    #[test]
    fn this_machine_may_take_every_place() {
        let gate = Gate::new(100, 2);
        let held: Vec<_> =
            ["127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1", "::1", "::ffff:127.0.0.1"]
                .map(|address| gate.enter(ip(address)))
                .into();
        assert!(held.iter().all(|permit| over(permit) == Some(false)));
    }

    #[test]
    fn one_network_can_not_take_every_place() {
        let gate = Gate::new(100, 2);
        let first = gate.enter(ip("192.0.2.1"));
        let mapped = gate.enter(ip("::ffff:192.0.2.1"));
        assert_eq!([over(&first), over(&mapped)], [Some(false), Some(false)]);
        assert_eq!(over(&gate.enter(ip("192.0.2.1"))), Some(true));
        assert_eq!(over(&gate.enter(ip("192.0.2.2"))), Some(false));
        drop(first);
        assert_eq!(over(&gate.enter(ip("192.0.2.1"))), Some(false));
    }

    #[test]
    fn an_ipv6_subscriber_is_one_network() {
        let gate = Gate::new(100, 1);
        let _held = gate.enter(ip("2001:db8:0:1::1"));
        assert_eq!(over(&gate.enter(ip("2001:db8:0:1:ffff::2"))), Some(true));
        assert_eq!(over(&gate.enter(ip("2001:db8:0:2::1"))), Some(false));
    }

    #[test]
    fn beyond_the_limit_some_are_told_and_the_rest_are_closed() {
        let gate = Gate::new(1, 0);
        let _held = gate.enter(ip("::1"));
        let told: Vec<_> = (0..TOLD).map(|_| gate.enter(ip("::1"))).collect();
        assert!(told.iter().all(|permit| over(permit) == Some(true)));
        assert!(gate.enter(ip("::1")).is_none());
        drop(told);
        assert_eq!(over(&gate.enter(ip("::1"))), Some(true));
    }

    #[tokio::test]
    async fn it_is_empty_when_the_last_has_left() {
        let gate = Gate::new(10, 0);
        let (one, two) = (gate.enter(ip("::1")), gate.enter(ip("127.0.0.1")));
        assert_eq!(gate.open(), 2);
        drop(one);
        let mut empty = std::pin::pin!(gate.empty());
        let returned_early = tokio::select! {
            biased;
            () = empty.as_mut() => true,
            () = std::future::ready(()) => false,
        };
        drop(two);
        empty.await;
        assert!(!returned_early);
        assert_eq!((gate.open(), gate.counts().by_network.len()), (0, 0));
    }
}
