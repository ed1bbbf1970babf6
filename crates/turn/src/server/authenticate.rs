//! Who asks: the long-term credentials of RFC 8489, section 9.2.4.

use parlor_rooms::Timestamp;

use super::Turn;
use crate::address::ClientAddr;
use crate::credentials::{Expiry, Known, quota_key};
use crate::nonce::Anonymity;
use crate::refusal::Refusal;
use crate::wire::integrity::{Hash, Key, PasswordAlgorithm};
use crate::wire::message::{Attributes, Message};
use crate::wire::reply::PASSWORD_ALGORITHMS;

/// Somebody who has proved to have the password.
pub(super) struct Caller {
    pub(super) username: String,
    pub(super) expiry: Expiry,
    pub(super) proof: (Hash, Key),
}

impl Caller {
    pub(super) fn user(&self) -> &str {
        quota_key(&self.username, self.expiry)
    }
}

impl Turn {
    /// Costs a few hashes and remembers nothing.
    pub(super) fn authenticate(
        &self,
        from: &ClientAddr,
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let attributes = &message.attributes;
        let claim = attributes.integrity.ok_or(Refusal::Unauthorized)?;
        let nonce = attributes.nonce.ok_or(Refusal::BadRequest)?;
        let has_name = attributes.username.is_some() || attributes.userhash.is_some();
        if attributes.realm.is_none() || !has_name {
            return Err(Refusal::BadRequest);
        }
        if !self.nonces.is_fresh(nonce, from, now) {
            return Err(Refusal::StaleNonce);
        }
        let algorithm = password_algorithm(attributes)?;
        let Known { username, passwords, expiry } =
            self.known(attributes).ok_or(Refusal::Unauthorized)?;
        let realm = &self.settings.realm;
        let key = passwords
            .iter()
            .map(|password| Key::new(algorithm, &username, realm, password))
            .find(|key| key.verifies(message.bytes, &claim))
            .ok_or(Refusal::Unauthorized)?;
        Ok(Caller { username, expiry, proof: (claim.hash, key) })
    }

    fn known(&self, attributes: &Attributes<'_>) -> Option<Known> {
        let credentials = &self.settings.credentials;
        match (attributes.username, attributes.userhash) {
            (Some(username), _) => credentials.find(username),
            (None, Some(hash)) => credentials.find_by_hash(hash, &self.settings.realm),
            (None, None) => None,
        }
    }

    /// What a client is given that has to prove itself.
    pub(super) fn make_nonce(&self, client: &ClientAddr, now: Timestamp) -> String {
        let anonymity = if self.settings.credentials.knows_all_names() {
            Anonymity::Offered
        } else {
            Anonymity::NotOffered
        };
        self.nonces.make(client, anonymity, now)
    }
}

/// The client repeats our list, so that nobody on the way has changed it. An older client knows nothing of all that.
fn password_algorithm(attributes: &Attributes<'_>) -> Result<PasswordAlgorithm, Refusal> {
    match (attributes.password_algorithms, attributes.password_algorithm) {
        (None, None) => Ok(PasswordAlgorithm::Md5),
        (Some(list), Some(chosen)) if list == PASSWORD_ALGORITHMS => match chosen {
            [0, 1, 0, 0] => Ok(PasswordAlgorithm::Md5),
            [0, 2, 0, 0] => Ok(PasswordAlgorithm::Sha256),
            _ => Err(Refusal::BadRequest),
        },
        _ => Err(Refusal::BadRequest),
    }
}
