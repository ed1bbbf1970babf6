//! Tokens that were taken back before their time, by their `jti`: kept until they would have expired anyway.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use parlor_rooms::{PassId, Timestamp};
use serde_json::{Map, Value};

use super::strict;
use crate::tls::State;

/// None is forgotten before its time, so that nobody gets a token back by having others revoked: a full list takes no more.
const MAX_REVOKED: usize = 100_000;
const FILE: &str = "tokens/revoked.json";

pub struct Revocations {
    until: Mutex<HashMap<PassId, Timestamp>>,
    state: State,
}

#[derive(Debug)]
pub enum RevokeError {
    TooMany,
    /// It is revoked, but a restart will bring it back.
    NotKept(io::Error),
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "{MAX_REVOKED} tokens are revoked already; change the key"),
            Self::NotKept(error) => {
                write!(f, "revoked until the server is started anew: cannot write {FILE}: {error}")
            }
        }
    }
}

impl std::error::Error for RevokeError {}

impl Revocations {
    /// What was kept by the server that ran before. A file that can't be read is a mistake to be mended, not to be passed over.
    pub fn open(state: State, now: Timestamp) -> Result<Self, String> {
        let path = state.path(FILE);
        let told = |why: &dyn fmt::Display| format!("cannot read {}: {why}", path.display());
        let mut until = match state.read(FILE).map_err(|error| told(&error))? {
            None => HashMap::new(),
            Some(text) => read(&text).ok_or_else(|| told(&"it is no list of revoked tokens"))?,
        };
        until.retain(|_, until| *until > now);
        Ok(Self { until: Mutex::new(until), state })
    }

    pub fn has(&self, id: &PassId) -> bool {
        self.lock().contains_key(id)
    }

    /// From now until then. Writes a file, so it is no work for a task that others wait for.
    pub fn revoke(&self, id: PassId, until: Timestamp, now: Timestamp) -> Result<(), RevokeError> {
        // Held while the file is written: the newest list is the one that stays.
        let mut all = self.lock();
        all.retain(|_, until| *until > now);
        if all.len() >= MAX_REVOKED && !all.contains_key(&id) {
            return Err(RevokeError::TooMany);
        }
        let known = all.entry(id).or_insert(until);
        *known = (*known).max(until);
        self.state.write(FILE, &write(&all)).map_err(RevokeError::NotKept)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PassId, Timestamp>> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(text: &[u8]) -> Option<HashMap<PassId, Timestamp>> {
    let entry = |(id, until): (&String, &Value)| {
        Some((PassId::parse(id).ok()?, Timestamp(until.as_u64()?)))
    };
    strict::object(text)?.iter().map(entry).collect()
}

fn write(all: &HashMap<PassId, Timestamp>) -> Vec<u8> {
    let object: Map<String, Value> =
        all.iter().map(|(id, until)| (id.as_str().into(), until.0.into())).collect();
    Value::Object(object).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("parlor-revoked-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn open(&self, now: u64) -> Result<Revocations, String> {
            Revocations::open(State::new(Some(&self.0)), Timestamp(now))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn id(number: usize) -> PassId {
        PassId::parse(&number.to_string()).unwrap()
    }

    #[test]
    fn a_revoked_token_stays_so_after_a_restart_until_it_has_expired() {
        let folder = Folder::new("restart");
        let revoked = folder.open(0).unwrap();
        assert!(!revoked.has(&id(1)));
        revoked.revoke(id(1), Timestamp(10), Timestamp(0)).unwrap();
        revoked.revoke(id(2), Timestamp(20), Timestamp(0)).unwrap();
        // Revoked again for a shorter time, it stays revoked for the longer one.
        revoked.revoke(id(2), Timestamp(5), Timestamp(0)).unwrap();
        let after = folder.open(10).unwrap();
        assert_eq!([1, 2, 3].map(|number| after.has(&id(number))), [false, true, false]);
    }

    #[test]
    fn a_full_list_takes_no_more_and_loses_none() {
        let folder = Folder::new("full");
        let full = (0..MAX_REVOKED).map(|number| (id(number), Timestamp(100))).collect();
        State::new(Some(&folder.0)).write(FILE, &write(&full)).unwrap();
        let revoked = folder.open(0).unwrap();
        let refused = revoked.revoke(id(MAX_REVOKED), Timestamp(100), Timestamp(0));
        assert!(matches!(refused, Err(RevokeError::TooMany)));
        assert!(revoked.has(&id(0)) && !revoked.has(&id(MAX_REVOKED)));
        revoked.revoke(id(MAX_REVOKED), Timestamp(200), Timestamp(100)).unwrap();
        assert!(revoked.has(&id(MAX_REVOKED)));
    }

    #[test]
    fn a_list_that_cannot_be_read_is_not_passed_over() {
        let folder = Folder::new("broken");
        for text in ["", "[]", "{\"1\":\"soon\"}", "{\"\":1}", "{\"1\":1,\"1\":2}"] {
            State::new(Some(&folder.0)).write(FILE, text.as_bytes()).unwrap();
            assert!(folder.open(0).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_revoked_all_the_same() {
        let folder = Folder::new("unwritable");
        State::new(Some(&folder.0)).write("tokens", b"in the way").unwrap();
        let revoked = Revocations { until: Mutex::default(), state: State::new(Some(&folder.0)) };
        let outcome = revoked.revoke(id(1), Timestamp(10), Timestamp(0));
        assert!(matches!(outcome, Err(RevokeError::NotKept(_))));
        assert!(revoked.has(&id(1)));
    }
}
