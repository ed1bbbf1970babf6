//! Numbers that nobody can guess, out of one key.

use hmac::Mac as _;

use crate::nonce::keyed;

pub(crate) struct Dice {
    key: [u8; 32],
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, thrown: 0 }
    }

    pub(crate) fn throw(&mut self) -> u64 {
        self.thrown += 1;
        let mac = keyed(&self.key).chain_update(b"dice").chain_update(self.thrown.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}
