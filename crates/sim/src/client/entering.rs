//! How a native client comes, comes back, and gives up a connection.

use serde_json::json;

use super::Want;
use super::native::{Native, State};
use crate::Millis;

const PROTOCOL: u64 = 1;
const FIRST_BACKOFF: Millis = 250;
const MAX_BACKOFF: Millis = 5_000;
/// `join` and `resume` are numbered apart from the session's requests.
pub(super) const ENTERING_ID: u64 = 1;

impl Native {
    /// The server is there: come back, or come.
    pub(super) fn enter(&mut self, now: Millis) {
        self.state = State::Entering { since: now };
        let Some(held) = &self.session else {
            let fresh = || format!("{:016x}", self.rng.draw());
            let nonce = self.nonce.get_or_insert_with(fresh).clone();
            let (room, name) = (self.room.clone(), self.name.clone());
            return self.send(&json!({
                "type": "join", "id": ENTERING_ID, "protocol": PROTOCOL,
                "room": room, "name": name, "nonce": nonce,
            }));
        };
        let mut resume = json!({
            "type": "resume", "id": ENTERING_ID, "protocol": PROTOCOL,
            "room": self.room, "peer": held.peer, "secret": held.secret,
        });
        if let (Some(fields), Some(seen)) = (resume.as_object_mut(), self.seen) {
            fields.insert("seq".into(), seen.into());
        }
        self.send(&resume);
    }

    /// It is a member, old or new, and has the number `seq`.
    pub(super) fn arrive(&mut self, now: Millis) {
        self.state = State::Member;
        self.failures = 0;
        (self.ping_at, self.pong_by, self.ack_at) = (now + self.ping_interval, None, None);
    }

    pub(super) fn abandon(&mut self, now: Millis) {
        self.wants.push_back(Want::HangUp);
        self.back_off(now);
    }

    /// 0 s, then doubling from 250 ms to 5 s, with jitter.
    pub(super) fn back_off(&mut self, now: Millis) {
        if self.state == State::Gone {
            return;
        }
        let wait = match self.failures {
            0 => 0,
            n => (FIRST_BACKOFF << (n - 1).min(5)).min(MAX_BACKOFF),
        };
        self.failures += 1;
        let jitter = self.rng.below(wait / 2 + 1);
        self.state = State::Away { dial_at: now + wait - jitter };
    }
}
