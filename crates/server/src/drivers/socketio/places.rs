//! Where the sockets are that may be recovered: on a connection, or kept for one that may come.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use parlor_dialects::socketio::member::Member;
use parlor_dialects::socketio::packet::Namespace;
use parlor_dialects::socketio::session::Kept;
use parlor_rooms::Timestamp;

/// What all places together may keep; the oldest goes first. Whoever comes back for it connects anew.
const MAX_KEPT: usize = 10_000;
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A socket without a connection.
pub struct Left {
    pub namespace: Namespace,
    pub kept: Kept,
    pub member: Member,
}

pub struct Places {
    /// As long as rooms keep a member whose connection is gone.
    grace: Duration,
    /// By the client's secret the session that serves it.
    live: HashMap<String, String>,
    kept: HashMap<String, Left>,
    bytes: usize,
    /// In the order in which they are forgotten; some may be gone already.
    ends: VecDeque<(Timestamp, String)>,
}

impl Places {
    pub fn new(grace: Duration) -> Self {
        Self { grace, live: HashMap::new(), kept: HashMap::new(), bytes: 0, ends: VecDeque::new() }
    }

    pub fn enter(&mut self, pid: &str, sid: &str) {
        self.live.insert(pid.into(), sid.into());
    }

    pub fn leave(&mut self, pid: &str) {
        self.live.remove(pid);
    }

    /// The session that serves a socket.
    pub fn session_of(&self, pid: &str) -> Option<&str> {
        self.live.get(pid).map(String::as_str)
    }

    pub fn keep(&mut self, left: Left, now: Timestamp) {
        let pid = left.kept.pid().to_owned();
        self.live.remove(&pid);
        self.bytes += left.kept.weight();
        self.ends.push_back((now.after(self.grace), pid.clone()));
        self.kept.insert(pid, left);
        self.forget(now);
    }

    pub fn take(&mut self, pid: &str, namespace: &Namespace, now: Timestamp) -> Option<Left> {
        self.forget(now);
        if self.kept.get(pid)?.namespace != *namespace {
            return None;
        }
        self.remove(pid)
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((end, pid)) = self.ends.front() {
            let crowded = self.kept.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES;
            if *end > now && !crowded {
                return;
            }
            let pid = pid.clone();
            self.ends.pop_front();
            self.remove(&pid);
        }
    }

    fn remove(&mut self, pid: &str) -> Option<Left> {
        let left = self.kept.remove(pid)?;
        self.bytes -= left.kept.weight();
        Some(left)
    }
}
