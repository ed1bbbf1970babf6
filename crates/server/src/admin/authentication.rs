//! Who may administer: whoever shows the token of the configuration. Nothing else counts, neither an address nor a
//! cookie, because any page that a browser opens can reach a server on the same machine.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::problem::{Code, Problem};
use crate::config::{Admin as Settings, TokenFile};

/// How old what was read of the file may be: a new token counts soon, and guesses don't make the disk busy.
const REREAD_AFTER: Duration = Duration::from_secs(2);

/// Knows the token, but not by heart: only what it comes to when it is digested.
pub struct Lock {
    fixed: Option<Digest>,
    file: Option<FileLock>,
}

struct FileLock {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    digest: Option<Digest>,
    read_at: Instant,
}

impl Lock {
    pub fn new(settings: &Settings) -> Self {
        let file = settings.token_file.0.clone().map(FileLock::new);
        Self { fixed: settings.token.reveal().map(digest_of), file }
    }

    pub fn is_configured(&self) -> bool {
        self.fixed.is_some() || self.file.is_some()
    }

    /// The same length of time whatever is wrong with a token.
    pub fn opens(&self, token: &str) -> bool {
        let shown = digest_of(token);
        let expected = self.fixed.or_else(|| self.file.as_ref().and_then(FileLock::current));
        let same = |known: Digest| verify_slices_are_equal(known.as_ref(), shown.as_ref()).is_ok();
        expected.is_some_and(same)
    }
}

impl FileLock {
    fn new(path: PathBuf) -> Self {
        let known = Known { digest: read(&path), read_at: Instant::now() };
        Self { path, known: Mutex::new(known) }
    }

    fn current(&self) -> Option<Digest> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.read_at.elapsed() > REREAD_AFTER {
            *known = Known { digest: read(&self.path), read_at: Instant::now() };
        }
        known.digest
    }
}

fn read(path: &std::path::Path) -> Option<Digest> {
    match TokenFile::token_in(path) {
        Ok(token) => token.reveal().map(digest_of),
        Err(why) => {
            tracing::warn!("nobody can administer: {why}");
            None
        }
    }
}

fn digest_of(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes())
}

/// What a request shows (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Err(Code::TokenRequired.into()) };
    let shown = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or_else(|| {
        Problem::new(Code::TokenRequired, "the header `Authorization` shows no bearer token")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AdminToken;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn lock(token: &str) -> Lock {
        let token = if token.is_empty() {
            AdminToken::default()
        } else {
            AdminToken::parse(token).unwrap()
        };
        Lock::new(&Settings { token, ..Settings::default() })
    }

    #[test]
    fn the_very_token_opens_and_nothing_else_does() {
        let lock = lock(TOKEN);
        assert!(lock.opens(TOKEN));
        for wrong in ["", "0", &TOKEN[1..], &format!("{TOKEN} "), &TOKEN.to_uppercase()] {
            assert!(!lock.opens(wrong), "{wrong}");
        }
    }

    #[test]
    fn without_a_token_nothing_opens() {
        let lock = lock("");
        assert!(!lock.is_configured() && !lock.opens("") && !lock.opens(TOKEN));
    }

    #[test]
    fn a_token_is_shown_as_a_bearer() {
        let shown = |value: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(shown("bearer x").unwrap(), "x");
        assert!(
            shown("Basic eDp5").is_err()
                && shown("x").is_err()
                && bearer(&HeaderMap::new()).is_err()
        );
    }
}
