//! Spans that wait to be exported: bounded, and none where nobody asks for them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What waits between two exports at most; what comes beyond it is dropped and counted.
const MAX_SPANS: usize = 4_096;

static WANTED: AtomicBool = AtomicBool::new(false);
static WAITING: Mutex<Vec<Span>> = Mutex::new(Vec::new());
static DROPPED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok,
    Error,
}

/// Something that took a while. Its words are this program's, never a client's.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub name: &'static str,
    pub kind: Kind,
    pub ended: SystemTime,
    pub took: Duration,
    pub attributes: Vec<(&'static str, String)>,
    pub status: Status,
}

/// As OTLP numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// `make` is called only if somebody wants to know.
pub fn record(make: impl FnOnce() -> Span) {
    if !WANTED.load(Ordering::Relaxed) {
        return;
    }
    let span = make();
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.len() < MAX_SPANS {
        waiting.push(span);
    } else {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn want() {
    WANTED.store(true, Ordering::Relaxed);
}

/// All that wait, and how many were dropped since this was last asked.
pub fn take() -> (Vec<Span>, u64) {
    let spans = std::mem::take(&mut *WAITING.lock().unwrap_or_else(PoisonError::into_inner));
    (spans, DROPPED.swap(0, Ordering::Relaxed))
}
