//! Long-term credentials: static users, and time-limited ones that a shared secret proves (coturn's REST scheme).

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use parlor_rooms::Timestamp;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// Who may allocate. The secrets and passwords are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Users by name, with their passwords.
    pub users: HashMap<String, String>,
    /// Any of them proves a time-limited credential: the newest first, older ones until what they have minted is expired.
    pub secrets: Vec<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("users", &self.users.len())
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    pub username: String,
    pub credential: String,
}

/// A credential that is good until `expiry` for this user: `<unix seconds>:<user>` and its HMAC-SHA1, as coturn's
/// `use-auth-secret` reads it. Whoever has the same `user` shares one quota.
#[must_use]
pub fn mint(secret: &str, user: &str, expiry: Timestamp) -> Minted {
    let username = format!("{}:{user}", expiry.0 / 1000);
    let credential = rest_password(secret, &username);
    Minted { username, credential }
}

fn rest_password(secret: &str, username: &str) -> String {
    STANDARD.encode(hmac_sha1(secret.as_bytes(), username.as_bytes()))
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; 20] {
    // An HMAC takes keys of any length, so there is no error to tell.
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(key) else { return [0; 20] };
    mac.chain_update(data).finalize().into_bytes().into()
}

/// How long a password is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    Never,
    At(Timestamp),
}

impl Expiry {
    pub(crate) fn is_past(self, now: Timestamp) -> bool {
        self.is_past_by(Duration::ZERO, now)
    }

    /// Whether it is over by this much or more.
    pub(crate) fn is_past_by(self, grace: Duration, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::At(end) => end.after(grace) <= now,
        }
    }
}

/// A user as the credentials know one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) username: String,
    /// Any of these is right.
    pub(crate) passwords: Vec<String>,
    pub(crate) expiry: Expiry,
}

impl Credentials {
    /// The passwords of this user. Nothing says yet that the client has one of them.
    pub(crate) fn find(&self, username: &str) -> Option<Known> {
        let known =
            |passwords, expiry| Some(Known { username: username.to_owned(), passwords, expiry });
        if let Some(password) = self.users.get(username) {
            return known(vec![password.clone()], Expiry::Never);
        }
        let expiry = rest_expiry(username).filter(|_| !self.secrets.is_empty())?;
        let passwords = self.secrets.iter().map(|secret| rest_password(secret, username)).collect();
        known(passwords, Expiry::At(expiry))
    }

    /// The static user whose name has this hash (USERHASH, RFC 8489, section 14.4).
    pub(crate) fn find_by_hash(&self, hash: &[u8], realm: &str) -> Option<Known> {
        let name = self.users.keys().find(|name| userhash(name, realm).as_slice() == hash)?;
        self.find(name)
    }

    /// Whether every user can be found by a hash: a time-limited name is not known before it is said.
    pub(crate) fn knows_all_names(&self) -> bool {
        self.secrets.is_empty()
    }
}

fn userhash(name: &str, realm: &str) -> [u8; 32] {
    Sha256::new().chain_update(name).chain_update(":").chain_update(realm).finalize().into()
}

/// The moment before the colon, if the name is of that kind.
fn rest_expiry(username: &str) -> Option<Timestamp> {
    let seconds = username.split_once(':').map_or(username, |(seconds, _)| seconds);
    let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: u64 = seconds.parse().ok().filter(|_| digits)?;
    Some(Timestamp(seconds.saturating_mul(1000)))
}

/// Whose quota an allocation counts towards: a time-limited name changes with every minting, the user in it doesn't.
pub(crate) fn quota_key(username: &str, expiry: Expiry) -> &str {
    match (expiry, username.split_once(':')) {
        (Expiry::At(_), Some((_, user))) if !user.is_empty() => user,
        (Expiry::At(_) | Expiry::Never, _) => username,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "north";

    fn rest() -> Credentials {
        Credentials { users: HashMap::new(), secrets: vec!["new".into(), SECRET.into()] }
    }

    /// `printf 1433895918:ninefingers | openssl dgst -sha1 -hmac north -binary | base64`
    #[test]
    fn a_minted_credential_is_what_coturn_computes() {
        let minted = mint(SECRET, "ninefingers", Timestamp(1_433_895_918_000));
        assert_eq!(minted.username, "1433895918:ninefingers");
        assert_eq!(minted.credential, "jy8hTxmOO7UtEKXqSkSlvakPVYA=");
    }

    #[test]
    fn every_secret_proves_what_it_has_minted() {
        let minted = mint(SECRET, "ada", Timestamp(5_000));
        let known = rest().find(&minted.username).unwrap();
        assert!(known.passwords.contains(&minted.credential));
        assert_eq!(known.expiry, Expiry::At(Timestamp(5_000)));
    }

    #[test]
    fn a_name_may_be_a_moment_alone() {
        assert_eq!(rest().find("5").unwrap().expiry, Expiry::At(Timestamp(5_000)));
        for name in ["", ":ada", "ada", "ada:5", "-5:ada", "+5:ada", "5x:ada", " 5:ada"] {
            assert!(rest().find(name).is_none(), "{name}");
        }
        assert!(rest().find("99999999999999999999:ada").is_none());
    }

    #[test]
    fn without_a_secret_a_moment_is_a_name_like_others() {
        assert!(Credentials::default().find("5:ada").is_none());
    }

    #[test]
    fn the_user_has_the_quota_and_not_the_name() {
        let timed = Expiry::At(Timestamp(0));
        assert_eq!(quota_key("5:ada", timed), "ada");
        assert_eq!(quota_key("6:ada:x", timed), "ada:x");
        assert_eq!(quota_key("5:", timed), "5:");
        assert_eq!(quota_key("5", timed), "5");
        assert_eq!(quota_key("5:ada", Expiry::Never), "5:ada");
    }

    #[test]
    fn secrets_and_passwords_are_not_printed() {
        let mut credentials = rest();
        credentials.users.insert("ada".into(), "lovelace".into());
        let text = format!("{credentials:?}");
        assert!(!text.contains("lovelace") && !text.contains(SECRET), "{text}");
    }
}
