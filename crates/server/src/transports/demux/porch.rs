//! Connections that have not yet told what they are, or shake hands: how many there may be, in all and from each
//! network. Who comes when it is full takes the place of who has waited longest. Opens no sockets.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::transports::gate::network_of;

pub struct Porch {
    max: usize,
    max_per_network: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    /// By the order in which they came.
    by_age: BTreeMap<u64, Guest>,
    by_network: HashMap<IpAddr, usize>,
}

struct Guest {
    network: IpAddr,
    /// Dropped to tell that the place is gone.
    _keep: oneshot::Sender<()>,
}

/// A place on the porch; left when it is dropped.
pub struct Place {
    porch: Arc<Porch>,
    number: u64,
    lost: oneshot::Receiver<()>,
}

impl Place {
    /// Returns when somebody else was given the place. May be dropped at any time.
    pub async fn lost(&mut self) {
        // Nothing is ever sent: the other end is dropped.
        _ = (&mut self.lost).await;
    }
}

impl Porch {
    pub fn new(max: usize, max_per_network: usize) -> Arc<Self> {
        Arc::new(Self { max, max_per_network, waiting: Mutex::default() })
    }

    /// `is_one_client`: not a proxy, which speaks for everybody.
    pub fn enter(self: &Arc<Self>, address: IpAddr, is_one_client: bool) -> Place {
        let network = network_of(address);
        let (keep, lost) = oneshot::channel();
        let mut waiting = self.waiting();
        let here = waiting.by_network.get(&network).copied().unwrap_or(0);
        if is_one_client && here >= self.max_per_network {
            waiting.send_away_oldest(|guest| guest.network == network);
        } else if waiting.by_age.len() >= self.max {
            waiting.send_away_oldest(|_| true);
        }
        let number = waiting.last + 1;
        waiting.last = number;
        waiting.by_age.insert(number, Guest { network, _keep: keep });
        *waiting.by_network.entry(network).or_default() += 1;
        Place { porch: Arc::clone(self), number, lost }
    }

    /// Counting leaves nothing half done, so a panic elsewhere doesn't spoil the counts.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn send_away_oldest(&mut self, fits: impl Fn(&Guest) -> bool) {
        let oldest = self.by_age.iter().find(|(_, guest)| fits(guest)).map(|(number, _)| *number);
        if let Some(number) = oldest {
            self.remove(number);
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(guest) = self.by_age.remove(&number) else { return };
        if let Some(here) = self.by_network.get_mut(&guest.network) {
            *here -= 1;
            if *here == 0 {
                self.by_network.remove(&guest.network);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.porch.waiting().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(porch: &Arc<Porch>, address: &str) -> Place {
        let address: IpAddr = address.parse().unwrap();
        porch.enter(address, !address.is_loopback())
    }

    fn is_lost(place: &mut Place) -> bool {
        !matches!(place.lost.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    #[test]
    fn one_network_pushes_out_only_its_own() {
        let porch = Porch::new(100, 2);
        let mut stranger = enter(&porch, "192.0.2.9");
        let mut same = ["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"].map(|ip| enter(&porch, ip));
        assert_eq!(same.each_mut().map(is_lost), [true, false, false]);
        assert!(!is_lost(&mut stranger));
    }

    #[test]
    fn on_a_full_porch_the_oldest_makes_room() {
        let porch = Porch::new(2, 2);
        let mut all = ["::1", "192.0.2.1", "192.0.2.2", "::1"].map(|ip| enter(&porch, ip));
        assert_eq!(all.each_mut().map(is_lost), [true, true, false, false]);
    }

    #[test]
    fn this_machine_is_limited_only_by_the_whole() {
        let porch = Porch::new(100, 1);
        let mut all = ["::1", "::1", "127.0.0.1", "127.0.0.1"].map(|ip| enter(&porch, ip));
        assert_eq!(all.each_mut().map(is_lost), [false; 4]);
    }

    #[tokio::test]
    async fn who_has_left_is_forgotten_and_who_lost_the_place_hears_of_it() {
        let porch = Porch::new(1, 1);
        drop(enter(&porch, "192.0.2.1"));
        let mut first = enter(&porch, "192.0.2.1");
        assert!(!is_lost(&mut first));
        let second = enter(&porch, "192.0.2.2");
        first.lost().await;
        drop((first, second));
        assert!(porch.waiting().by_age.is_empty() && porch.waiting().by_network.is_empty());
    }
}
