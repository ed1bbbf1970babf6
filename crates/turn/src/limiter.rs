//! How many errors a source may cause: a forged address must not be flooded through us. The memory is fixed.

use std::net::IpAddr;

use hmac::Mac as _;
use parlor_rooms::Timestamp;

use crate::bucket::Bucket;
use crate::nonce::keyed;

/// Sources that happen to share a place share its share. 64 KiB.
const PLACES: usize = 4_096;

pub(crate) struct Limiter {
    rate: u64,
    key: [u8; 32],
    places: Vec<Bucket>,
}

impl Limiter {
    pub(crate) fn new(key: [u8; 32], per_second: u32) -> Self {
        let rate = u64::from(per_second);
        let full = Bucket::full(rate, Timestamp(0));
        Self { rate, key, places: vec![full; PLACES] }
    }

    pub(crate) fn admits(&mut self, source: IpAddr, now: Timestamp) -> bool {
        let mac =
            keyed(&self.key).chain_update(b"source").chain_update(network(source).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let place =
            hash.first_chunk().map_or(0, |hash| usize::from(u16::from_be_bytes(*hash)) % PLACES);
        self.places.get_mut(place).is_some_and(|bucket| bucket.take(1, self.rate, now))
    }
}

/// Whoever has an IPv6 address has at least a /64 of them.
fn network(source: IpAddr) -> u128 {
    match source.to_canonical() {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip) >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_its_share_and_gets_it_again() {
        let mut limiter = Limiter::new([7; 32], 3);
        let mut admits =
            |source: &str, now| limiter.admits(source.parse().unwrap(), Timestamp(now));
        assert_eq!([0; 4].map(|now| admits("192.0.2.1", now)), [true, true, true, false]);
        assert!(!admits("::ffff:192.0.2.1", 0), "the same in other letters");
        assert!(admits("192.0.2.1", 334));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let mut limiter = Limiter::new([7; 32], 1);
        let mut admits = |source: &str| limiter.admits(source.parse().unwrap(), Timestamp(0));
        assert!(admits("2001:db8::1") && !admits("2001:db8::2"));
    }
}
