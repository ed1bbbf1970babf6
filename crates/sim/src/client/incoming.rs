//! What a native client makes of the server's frames.

use serde_json::{Value, json};

use super::entering::ENTERING_ID;
use super::native::{Held, Native, Other, State, text_of};
use super::requests::What;
use super::{Chat, Message, Picture};
use crate::Millis;

impl Native {
    pub(super) fn hear(&mut self, text: &[u8], now: Millis) {
        let Ok(message) = serde_json::from_slice::<Value>(text) else {
            return self.record.refusals.push("not JSON".into());
        };
        match text_of(&message, "type").as_str() {
            "welcome" => {
                self.ping_interval = number(&message, "pingIntervalMs");
                self.enter(now);
            }
            "joined" => self.handle_joined(&message, now),
            "resumed" => self.handle_resumed(&message, now),
            "ok" => self.handle_ok(&message, now),
            "error" => self.handle_error(&message, now),
            "pong" => {
                self.handle_pong();
                self.requests.settle(number(&message, "stable"), now);
            }
            _ => self.handle_event(&message, text, now),
        }
    }

    fn handle_joined(&mut self, message: &Value, now: Millis) {
        let flag = |field: &str| message[field].as_bool().unwrap_or_default();
        let picture = Picture { resumed: flag("resumed"), lost: flag("lost") };
        self.record.pictures.push(picture);
        let is_new_room = self.session.is_none();
        self.session = Some(held(message));
        self.nonce = None;
        self.grace = number(message, "graceMs");
        self.jump_to(number(message, "seq"));
        self.members.clear();
        for member in message["members"].as_array().into_iter().flatten() {
            self.note(member);
        }
        if is_new_room {
            self.record.log.clear();
        }
        for chat in message["history"].as_array().into_iter().flatten() {
            self.handle_chat(chat);
        }
        let known = |key: &str| !is_new_room && self.keys.contains(key);
        let given_up = self.requests.start_over(known);
        if is_new_room {
            self.requests.bring_back_unstable();
        }
        self.give_up(given_up);
        self.arrive(now);
        self.transmit();
    }

    /// What a client can't repeat. Whoever wanted to leave has left: nobody remembers them.
    fn give_up(&mut self, requests: Vec<What>) {
        for what in requests {
            match what {
                What::Send(data) => self.record.given_up.push(data),
                What::Leave => self.handle_order(crate::Order::Leave, 0),
                What::Chat { .. } | What::Update => {}
            }
        }
    }

    fn handle_resumed(&mut self, message: &Value, now: Millis) {
        self.session = Some(held(message));
        self.record.resumes.push(number(message, "replayed"));
        self.arrive(now);
        self.requests.repeat();
        self.transmit();
    }

    fn handle_ok(&mut self, message: &Value, now: Millis) {
        let Some(request) = self.requests.answered(number(message, "id")) else { return };
        let waited = now.saturating_sub(request.ordered_at);
        self.record.slowest_answer = self.record.slowest_answer.max(waited);
        if let What::Chat { text, .. } = &request.what {
            self.record.accepted.push(text.clone());
            let keep_until = now + self.grace;
            self.requests.keep_until_stable(number(message, "seq"), request, keep_until);
        }
        self.transmit();
    }

    fn handle_error(&mut self, message: &Value, now: Millis) {
        let code = text_of(message, "code");
        let id = message["id"].as_u64();
        if matches!(self.state, State::Entering { .. }) && id == Some(ENTERING_ID) {
            return self.handle_no_entry(&code, now);
        }
        let request = id.and_then(|id| self.requests.answered(id));
        match (code.as_str(), request) {
            ("rate-limited", Some(request)) => {
                let wait = number(message, "retryAfterMs").max(1);
                self.requests.retry(request, Some(now + wait));
            }
            // With at most 256 unanswered it says that the request was never carried out.
            ("request-out-of-order", Some(request)) => self.requests.retry(request, None),
            _ => self.record.refusals.push(code),
        }
        self.transmit();
    }

    fn handle_no_entry(&mut self, code: &str, now: Millis) {
        match code {
            "session-unknown" => {
                self.session = None;
                self.enter(now);
            }
            other => {
                self.record.refusals.push(other.into());
                self.wants.push_back(super::Want::HangUp);
                self.state = State::Gone;
            }
        }
    }

    fn handle_event(&mut self, message: &Value, text: &[u8], now: Millis) {
        if let Some(seq) = message["seq"].as_u64() {
            if self.seen.is_some_and(|seen| seq <= seen) {
                return;
            }
            self.seen = Some(seq);
            self.record.log.push((seq, String::from_utf8_lossy(text).into_owned()));
            self.owe_ack(now);
        }
        match text_of(message, "type").as_str() {
            "chat" if !self.handle_chat(message) => self.record.repeated_keys += 1,
            "chat" => {}
            "message" => self.handle_message(message),
            "member-joined" => {
                self.record.changes.push(format!("{} joined", text_of(&message["member"], "name")));
                self.note(&message["member"]);
            }
            "member-updated" => self.handle_update(&message["member"]),
            "member-left" => {
                let left = self.members.remove(&text_of(message, "peer"));
                let name = left.map(|other| other.name).unwrap_or_default();
                let reason = text_of(message, "reason");
                self.record.changes.push(format!("{name} left: {reason}"));
            }
            signal @ ("offer" | "answer" | "candidate") => {
                let from = self.name_of(&text_of(message, "from"));
                self.record.signals.push(format!("{signal} from {from}"));
            }
            other => self.record.refusals.push(format!("unexpected {other}")),
        }
    }

    /// Tells whether it was new.
    fn handle_chat(&mut self, chat: &Value) -> bool {
        let (name, text) = (text_of(chat, "name"), text_of(chat, "text"));
        let is_new = chat["key"].as_str().is_none_or(|key| self.keys.insert(key.to_owned()));
        if is_new {
            self.record.chats.push(Chat { name, text });
        }
        is_new
    }

    fn handle_message(&mut self, message: &Value) {
        let name = self.name_of(&text_of(message, "from"));
        let message_seen = Message { name, data: text_of(message, "data") };
        if message["seq"].is_u64() {
            self.record.messages.push(message_seen);
        } else {
            self.record.volatiles.push(message_seen);
        }
    }

    fn name_of(&self, peer: &str) -> String {
        self.members.get(peer).map(|other| other.name.clone()).unwrap_or_default()
    }

    fn handle_update(&mut self, member: &Value) {
        let before = self.members.get(&text_of(member, "peer")).cloned();
        self.note(member);
        let (name, state) = (text_of(member, "name"), text_of(member, "state"));
        if before.as_ref().is_none_or(|before| before.state != state) {
            self.record.changes.push(format!("{name} {state}"));
        }
        let incarnation = number(member, "incarnation");
        if before.is_none_or(|before| before.incarnation != incarnation) {
            self.record.changes.push(format!("{name} incarnation {incarnation}"));
        }
    }

    fn note(&mut self, member: &Value) {
        let other = Other {
            name: text_of(member, "name"),
            state: text_of(member, "state"),
            incarnation: number(member, "incarnation"),
            order: number(member, "order"),
        };
        self.members.insert(text_of(member, "peer"), other);
    }
}

fn held(message: &Value) -> Held {
    Held { peer: text_of(message, "peer"), secret: text_of(message, "secret") }
}

fn number(message: &Value, field: &str) -> u64 {
    message.get(field).unwrap_or(&json!(0)).as_u64().unwrap_or_default()
}
