//! Hash tables whose keys are hashes already, or numbers that nobody can choose.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// For keys that no client makes, or that carry a keyed hash of what it made: nobody can fill one bucket with them.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Spreads one number over all bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

/// 2^64 divided by the golden ratio, and odd: numbers that follow each other end up far apart.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(SPREAD);
    }
}

/// With a key that nobody outside of this process knows, as clients choose such texts.
pub(crate) fn of_text(text: &str) -> u64 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEY.hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ConnectionId;
    use std::collections::HashSet;

    #[test]
    fn numbers_that_follow_each_other_are_spread_over_all_bits() {
        let hash =
            |number| BuildHasherDefault::<IdHasher>::default().hash_one(ConnectionId(number));
        let distinct =
            |bits: fn(u64) -> u64| (1..=1_024).map(|n| bits(hash(n))).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|hash| hash & 1_023), 1_024, "buckets");
        assert_eq!(distinct(|hash| hash >> 57), 128, "tags");
    }
}
