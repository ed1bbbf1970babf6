//! Keys that are published elsewhere and change: fetched again from time to time, and when a token names one that is not known.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::http::header::ACCEPT;
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Empty;
use parlor_dialects::Bytes;
use tokio::sync::Notify;

use super::keys::{self, Keys};
use crate::config::{KeySet, Tokens};
use crate::outgoing::https;

pub struct Jwks {
    source: Source,
    timing: Timing,
    now: Mutex<Now>,
    /// A token names a key that is not known.
    wanted: Notify,
}

enum Source {
    File(PathBuf),
    Address(Uri, https::Client),
}

#[derive(Clone, Copy)]
struct Timing {
    refresh: Duration,
    pause: Duration,
    keep: Duration,
}

struct Now {
    keys: Arc<Keys>,
    /// When they were fetched.
    since: Instant,
    tried: Instant,
    trying: bool,
}

impl Jwks {
    /// `None` if no set is configured. A file is read at once; an address that does not answer yet is asked again.
    pub fn start(tokens: &Tokens) -> Result<Option<Arc<Self>>, String> {
        let (source, keys) = match &tokens.jwks {
            KeySet::None => return Ok(None),
            KeySet::File(path) => (Source::File(path.clone()), read(path)?),
            KeySet::Address(uri) => {
                let client = https::Client::new(tokens.ca_file.0.as_deref(), "tokens.ca_file")?;
                (Source::Address(uri.clone(), client), Keys::default())
            }
        };
        let timing = Timing {
            refresh: tokens.jwks_refresh,
            pause: tokens.jwks_pause,
            keep: tokens.jwks_keep,
        };
        let at = Instant::now();
        let now = Now { keys: Arc::new(keys), since: at, tried: at, trying: true };
        let jwks = Arc::new(Self { source, timing, now: Mutex::new(now), wanted: Notify::new() });
        tokio::spawn(watch(Arc::downgrade(&jwks)));
        Ok(Some(jwks))
    }

    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.lock().keys)
    }

    /// A token names a key that is not in the set. `true`: the set is being fetched, and may have it then.
    pub fn miss(&self) -> bool {
        let now = self.lock();
        let soon = now.trying || now.tried.elapsed() >= self.timing.pause;
        drop(now);
        if soon {
            self.wanted.notify_one();
        }
        soon
    }

    async fn fetch(&self) -> Result<Keys, String> {
        match &self.source {
            Source::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read(&path)).await;
                read.map_err(|error| error.to_string())?
            }
            Source::Address(uri, client) => {
                let told = |why: String| format!("{uri}: {why}");
                let request = Request::get(uri).header(
                    ACCEPT,
                    HeaderValue::from_static("application/json, application/jwk-set+json"),
                );
                let request = request.body(Empty::<Bytes>::new());
                let request = request.map_err(|error| told(error.to_string()))?;
                let answer = client.send(request).await.map_err(|error| told(error.to_string()))?;
                if answer.status() != StatusCode::OK {
                    return Err(told(format!("answered with {}", answer.status())));
                }
                keys::read_set(answer.body()).map_err(|why| told(why.into()))
            }
        }
    }

    /// Takes the new set whole: a key that is not in it any more opens nothing any more.
    async fn renew(&self) {
        {
            let mut now = self.lock();
            (now.trying, now.tried) = (true, Instant::now());
        }
        let fetched = self.fetch().await;
        let mut now = self.lock();
        now.trying = false;
        match fetched {
            Ok(keys) => {
                if keys.is_empty() {
                    tracing::warn!("the published set of keys has none that can verify a token");
                }
                (now.keys, now.since) = (Arc::new(keys), Instant::now());
            }
            Err(error) if now.since.elapsed() < self.timing.keep => {
                tracing::warn!(%error, "no new keys for tokens; the old ones stay in use");
            }
            Err(error) => {
                tracing::error!(%error, "no keys for tokens for too long; the old ones are dropped");
                now.keys = Arc::default();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &std::path::Path) -> Result<Keys, String> {
    let text = keys::read_text(path)?;
    keys::read_set(text.as_bytes()).map_err(|why| format!("{}: {why}", path.display()))
}

/// Fetches for as long as somebody uses the keys.
async fn watch(jwks: Weak<Jwks>) {
    while let Some(jwks) = jwks.upgrade() {
        jwks.renew().await;
        let Timing { refresh, pause, .. } = jwks.timing;
        tokio::time::sleep(pause.min(refresh)).await;
        let rest = refresh.saturating_sub(pause);
        _ = tokio::time::timeout(rest, jwks.wanted.notified()).await;
    }
}
