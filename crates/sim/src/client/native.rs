//! A native client's life: dials, enters, stays, notices that its connection is dead, and comes back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::requests::Requests;
use super::{Record, Want};
use crate::Millis;
use crate::network::Item;
use crate::plan::Order;
use crate::rng::Rng;

/// Until `welcome` tells the server's.
const PING_INTERVAL: Millis = 5_000;
const ACK_INTERVAL: Millis = 1_000;
/// After `rate-limited`: "after a pause".
const PAUSE: Millis = 10_000;

#[derive(Debug)]
pub struct Native {
    pub(super) name: String,
    pub(super) room: String,
    pub(super) rng: Rng,
    pub(super) state: State,
    pub(super) session: Option<Held>,
    /// Of the join that is being tried.
    pub(super) nonce: Option<String>,
    /// The largest number that was handled; `None` after a reload.
    pub(super) seen: Option<u64>,
    acked: u64,
    pub(super) ack_at: Option<Millis>,
    pub(super) ping_at: Millis,
    pub(super) pong_by: Option<Millis>,
    pub(super) ping_interval: Millis,
    pub(super) grace: Millis,
    pub(super) failures: u32,
    pub(super) requests: Requests,
    pub(super) members: BTreeMap<String, Other>,
    pub(super) keys: BTreeSet<String>,
    pub(super) wants: VecDeque<Want>,
    pub(super) record: Record,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Away { dial_at: Millis },
    Dialing { since: Millis },
    Entering { since: Millis },
    Member,
    Gone,
}

/// What resumes a session.
#[derive(Clone, Debug)]
pub struct Held {
    pub(super) peer: String,
    pub(super) secret: String,
}

/// A member as it was last told.
#[derive(Clone, Debug)]
pub struct Other {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) incarnation: u64,
    pub(super) order: u64,
}

impl Native {
    pub(super) fn new(name: &str, room: &str, rng: Rng) -> Self {
        Self {
            name: name.into(),
            room: room.into(),
            rng,
            state: State::Away { dial_at: 0 },
            session: None,
            nonce: None,
            seen: Some(0),
            acked: 0,
            ack_at: None,
            ping_at: 0,
            pong_by: None,
            ping_interval: PING_INTERVAL,
            grace: 0,
            failures: 0,
            requests: Requests::default(),
            members: BTreeMap::new(),
            keys: BTreeSet::new(),
            wants: VecDeque::new(),
            record: Record::default(),
        }
    }

    pub(super) fn handle_order(&mut self, order: Order, now: Millis) {
        if self.state == State::Gone {
            return;
        }
        if let Order::Volatile(data) = order {
            if self.state == State::Member {
                self.send(&json!({ "type": "send", "data": data, "volatile": true }));
            }
            return;
        }
        let mark = format!("{:016x}", self.rng.draw());
        let to = |names: &[String]| peers(&self.members, names);
        self.requests.order(order, mark, to, now);
        self.transmit();
    }

    pub(super) fn handle_item(&mut self, item: &Item, now: Millis) {
        match item {
            Item::Text(text) => self.hear(text, now),
            Item::Open | Item::Ping | Item::Pong => {}
            Item::Close(code) => {
                self.record.closes.push(*code);
                match code {
                    1000 | 4001 | 4006 | 4007 => self.state = State::Gone,
                    4003 => self.state = State::Away { dial_at: now + PAUSE },
                    _ => self.back_off(now),
                }
            }
            Item::End => self.back_off(now),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Millis) {
        match self.state {
            State::Away { dial_at } if dial_at <= now => {
                self.state = State::Dialing { since: now };
                self.wants.push_back(Want::Dial);
            }
            State::Dialing { since } | State::Entering { since }
                if since + self.ping_interval <= now =>
            {
                self.abandon(now);
            }
            State::Member => self.keep_alive(now),
            State::Away { .. } | State::Dialing { .. } | State::Entering { .. } | State::Gone => {}
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Millis> {
        match self.state {
            State::Away { dial_at } => Some(dial_at),
            State::Dialing { since } | State::Entering { since } => {
                Some(since + self.ping_interval)
            }
            State::Member => {
                let others = [self.ack_at, self.pong_by, self.requests.paused_until()];
                others.into_iter().flatten().chain([self.ping_at]).min()
            }
            State::Gone => None,
        }
    }

    pub(super) fn handle_reload(&mut self, now: Millis) {
        if self.state == State::Gone {
            return;
        }
        self.wants.push_back(Want::HangUp);
        (self.nonce, self.seen, self.failures) = (None, None, 0);
        self.requests = Requests::default();
        self.members.clear();
        self.keys.clear();
        self.record = Record::default();
        self.state = State::Away { dial_at: now };
    }

    pub(super) fn peer(&self) -> Option<&str> {
        self.session.as_ref().map(|held| held.peer.as_str())
    }

    pub(super) fn peer_of(&self, name: &str) -> Option<&str> {
        let found = self.members.iter().find(|(_, other)| other.name == name);
        found.map(|(peer, _)| peer.as_str())
    }

    pub(super) fn is_member(&self) -> bool {
        self.state == State::Member
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    pub(super) fn unanswered(&self) -> usize {
        self.requests.unanswered()
    }

    pub(super) fn roster(&self) -> Vec<String> {
        let mut members: Vec<&Other> = self.members.values().collect();
        members.sort_by_key(|member| member.order);
        let line = |m: &&Other| format!("{} {} {}", m.name, m.state, m.incarnation);
        members.iter().map(line).collect()
    }

    /// An event was handled.
    pub(super) fn owe_ack(&mut self, now: Millis) {
        self.ack_at.get_or_insert(now + ACK_INTERVAL);
    }

    /// The room's numbers start anew, or were skipped.
    pub(super) fn jump_to(&mut self, seq: u64) {
        (self.seen, self.acked) = (Some(seq), seq);
    }

    pub(super) fn handle_pong(&mut self) {
        self.pong_by = None;
    }

    pub(super) fn transmit(&mut self) {
        if self.state != State::Member {
            return;
        }
        while let Some(request) = self.requests.next() {
            self.send(&request);
        }
    }

    pub(super) fn send(&mut self, message: &Value) {
        self.wants.push_back(Want::Text(message.to_string()));
    }

    fn keep_alive(&mut self, now: Millis) {
        if self.pong_by.is_some_and(|by| by <= now) {
            return self.abandon(now);
        }
        if self.ack_at.is_some_and(|at| at <= now) {
            self.ack_at = None;
            let seen = self.seen.unwrap_or_default();
            if seen > self.acked {
                self.acked = seen;
                self.send(&json!({ "type": "ack", "seq": seen }));
            }
        }
        if self.ping_at <= now {
            self.ping_at = now + self.ping_interval;
            self.pong_by.get_or_insert(now + self.ping_interval);
            self.send(&json!({ "type": "ping" }));
        }
        self.requests.go_on(now);
        self.transmit();
    }
}

fn peers(members: &BTreeMap<String, Other>, names: &[String]) -> Vec<String> {
    let named = members.iter().filter(|(_, other)| names.contains(&other.name));
    named.map(|(peer, _)| peer.clone()).collect()
}

pub(super) fn text_of(message: &Value, field: &str) -> String {
    message[field].as_str().unwrap_or_default().to_owned()
}
