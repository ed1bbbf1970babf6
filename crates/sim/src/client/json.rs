//! A client as the tutorials write it: joins when the socket opens, takes what comes, starts over when it breaks.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::native::text_of;
use super::{Chat, Message, Record, Want};
use crate::Millis;
use crate::network::Item;
use crate::plan::Order;

/// Tutorials wait a while and try again.
const RETRY: Millis = 1_000;

#[derive(Debug)]
pub struct Json {
    pub(super) name: String,
    room: String,
    state: State,
    others: BTreeMap<String, String>,
    pub(super) wants: VecDeque<Want>,
    pub(super) record: Record,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Away { dial_at: Millis },
    Dialing,
    Open,
    Gone,
}

impl Json {
    pub(super) fn new(name: &str, room: &str) -> Self {
        Self {
            name: name.into(),
            room: room.into(),
            state: State::Away { dial_at: 0 },
            others: BTreeMap::new(),
            wants: VecDeque::new(),
            record: Record::default(),
        }
    }

    pub(super) fn handle_order(&mut self, order: Order) {
        if self.state != State::Open {
            return; // Such a client has no queue.
        }
        match order {
            Order::Chat(text) => self.send(&json!({ "type": "chat", "text": text })),
            Order::Send { data, to, .. } => {
                let targets = self.others.iter().filter(|(_, name)| to.contains(name));
                let targets: Vec<String> = targets.map(|(id, _)| id.clone()).collect();
                if targets.is_empty() {
                    self.send(&json!({ "type": "message", "data": data }));
                }
                for target in targets {
                    self.send(&json!({ "type": "message", "target": target, "data": data }));
                }
            }
            Order::Volatile(_) | Order::Attribute { .. } => {}
            Order::Leave => {
                self.send(&json!({ "type": "leave", "roomId": self.room }));
                self.wants.push_back(Want::HangUp);
                self.state = State::Gone;
            }
        }
    }

    pub(super) fn handle_item(&mut self, item: &Item, now: Millis) {
        match item {
            Item::Open => {
                self.state = State::Open;
                let (room, name) = (self.room.clone(), self.name.clone());
                self.send(&json!({ "type": "join", "roomId": room, "name": name }));
            }
            Item::Text(text) => {
                if let Ok(message) = serde_json::from_slice(text) {
                    self.hear(&message);
                }
            }
            Item::Ping | Item::Pong => {}
            Item::Close(code) => {
                self.record.closes.push(*code);
                self.lose(now);
            }
            Item::End => self.lose(now),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Millis) {
        if self.poll_timeout().is_some_and(|at| at <= now) {
            self.state = State::Dialing;
            self.wants.push_back(Want::Dial);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Millis> {
        if let State::Away { dial_at } = self.state { Some(dial_at) } else { None }
    }

    pub(super) fn handle_reload(&mut self, now: Millis) {
        self.wants.push_back(Want::HangUp);
        self.record = Record::default();
        self.lose(now);
    }

    pub(super) fn is_member(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    pub(super) fn roster(&self) -> Vec<String> {
        self.others.values().cloned().collect()
    }

    pub(super) fn peer_of(&self, name: &str) -> Option<&str> {
        let found = self.others.iter().find(|(_, other)| *other == name);
        found.map(|(peer, _)| peer.as_str())
    }

    fn lose(&mut self, now: Millis) {
        if self.state != State::Gone {
            self.others.clear();
            self.state = State::Away { dial_at: now + RETRY };
        }
    }

    fn hear(&mut self, message: &Value) {
        let name_of = |id: &str| self.others.get(id).cloned().unwrap_or_default();
        let (user, sender) = (text_of(message, "userId"), text_of(message, "sender"));
        match text_of(message, "type").as_str() {
            "existing-user" => {
                self.others.insert(user, text_of(message, "name"));
            }
            "user-joined" => {
                self.record.changes.push(format!("{} joined", text_of(message, "name")));
                self.others.insert(user, text_of(message, "name"));
            }
            "user-left" => {
                self.record.changes.push(format!("{} left", name_of(&user)));
                self.others.remove(&user);
            }
            "chat" => {
                let (name, text) = (text_of(message, "name"), text_of(message, "text"));
                self.record.chats.push(Chat { name, text });
            }
            "message" => {
                let (name, data) = (name_of(&sender), text_of(message, "data"));
                self.record.messages.push(Message { name, data });
            }
            signal @ ("offer" | "answer" | "ice-candidate") => {
                self.record.signals.push(format!("{signal} from {}", name_of(&sender)));
            }
            "error" => self.record.refusals.push(text_of(message, "code")),
            _ => {}
        }
    }

    fn send(&mut self, message: &Value) {
        self.wants.push_back(Want::Text(message.to_string()));
    }
}
