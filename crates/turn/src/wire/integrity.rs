//! MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489, sections 14.5 and 14.6), and the keys for them.

use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The key of a long-term credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Md5([u8; 16]),
    Sha256([u8; 32]),
}

/// How a key is made of a password (RFC 8489, section 18.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordAlgorithm {
    Md5,
    Sha256,
}

/// Which attribute protects a message. An answer is protected as the request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// The attribute's value, written in full.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// What a message says of its own integrity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim<'a> {
    pub(crate) hash: Hash,
    /// Where the attribute begins.
    pub(crate) offset: usize,
    pub(crate) value: &'a [u8],
}

impl Key {
    pub(crate) fn new(
        algorithm: PasswordAlgorithm,
        user: &str,
        realm: &str,
        password: &str,
    ) -> Self {
        let parts = [user, ":", realm, ":", password];
        match algorithm {
            PasswordAlgorithm::Md5 => Self::Md5(digest::<Md5>(parts).into()),
            PasswordAlgorithm::Sha256 => Self::Sha256(digest::<Sha256>(parts).into()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Md5(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// Whether the message up to the claim has this key's mark. Takes the same time for every mark.
    pub(crate) fn verifies(&self, message: &[u8], claim: &Claim<'_>) -> bool {
        let value = claim.value;
        match claim.hash {
            Hash::Sha1 => self
                .mac::<Hmac<Sha1>>(message, claim.offset, value.len())
                .is_some_and(|mac| mac.verify_slice(value).is_ok()),
            // The mark may be cut, to 16 bytes at least.
            Hash::Sha256 => self
                .mac::<Hmac<Sha256>>(message, claim.offset, value.len())
                .filter(|_| value.len() >= 16 && value.len().is_multiple_of(4))
                .is_some_and(|mac| mac.verify_truncated_left(value).is_ok()),
        }
    }

    /// The mark for a message whose attribute will begin at `offset`, its end.
    pub(crate) fn sign(&self, hash: Hash, message: &[u8], mark: &mut [u8]) {
        let (offset, length) = (message.len(), mark.len());
        match hash {
            Hash::Sha1 => {
                if let Some(mac) = self.mac::<Hmac<Sha1>>(message, offset, length) {
                    mark.copy_from_slice(&mac.finalize().into_bytes());
                }
            }
            Hash::Sha256 => {
                if let Some(mac) = self.mac::<Hmac<Sha256>>(message, offset, length) {
                    mark.copy_from_slice(&mac.finalize().into_bytes());
                }
            }
        }
    }

    /// All before the attribute, with a length in the header as if the attribute were the last.
    fn mac<M: Mac + hmac::digest::KeyInit>(
        &self,
        message: &[u8],
        offset: usize,
        length: usize,
    ) -> Option<M> {
        let covered = message.get(..offset)?;
        let (kind, rest) = covered.split_first_chunk::<2>()?;
        let (_, rest) = rest.split_first_chunk::<2>()?;
        let length = u16::try_from(offset + 4 + length - 20).ok()?;
        let mac = <M as Mac>::new_from_slice(self.bytes()).ok()?;
        Some(mac.chain_update(kind).chain_update(length.to_be_bytes()).chain_update(rest))
    }
}

fn digest<D: Digest>(parts: [&str; 5]) -> hmac::digest::Output<D> {
    parts.iter().fold(D::new(), |digest, part| digest.chain_update(part)).finalize()
}
