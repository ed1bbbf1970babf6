//! A native client's requests: what waits, what is unanswered and must be repeated, what others may still miss.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::Millis;
use crate::plan::Order;

/// "Don't leave more than 256 unanswered."
const MAX_UNANSWERED: usize = 256;

#[derive(Debug, Default)]
pub struct Requests {
    waiting: VecDeque<Request>,
    /// Unanswered, by increasing id; the first `sent` of them went over the present connection.
    unanswered: VecDeque<(u64, Request)>,
    sent: usize,
    last_id: u64,
    /// Chats that were answered, until everybody has them.
    unstable: VecDeque<Unstable>,
    paused_until: Option<Millis>,
}

#[derive(Clone, Debug)]
pub struct Request {
    body: Value,
    pub(super) what: What,
    pub(super) ordered_at: Millis,
}

#[derive(Debug)]
struct Unstable {
    seq: u64,
    /// A new server counts as everybody only who has come back to it. Who has not is given a grace time.
    keep_until: Millis,
    request: Request,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Chat { key: String, text: String },
    Send(String),
    Update,
    Leave,
}

impl Requests {
    pub(super) fn order(
        &mut self,
        order: Order,
        mark: String,
        peers: impl Fn(&[String]) -> Vec<String>,
        now: Millis,
    ) {
        let (body, what) = match order {
            Order::Chat(text) => {
                let body = json!({ "type": "chat", "text": text, "key": mark });
                (body, What::Chat { key: mark, text })
            }
            Order::Send { data, to } if to.is_empty() => {
                (json!({ "type": "send", "data": data }), What::Send(data))
            }
            Order::Send { data, to } => {
                (json!({ "type": "send", "data": data, "to": peers(&to) }), What::Send(data))
            }
            Order::Attribute { key, value } => {
                (json!({ "type": "update", "attributes": { key: value } }), What::Update)
            }
            Order::Leave => (json!({ "type": "leave" }), What::Leave),
            Order::Volatile(_) => return, // Not a request: nobody answers.
        };
        self.waiting.push_back(Request { body, what, ordered_at: now });
    }

    pub(super) fn unanswered(&self) -> usize {
        self.waiting.len() + self.unanswered.len()
    }

    pub(super) fn paused_until(&self) -> Option<Millis> {
        self.paused_until
    }

    pub(super) fn go_on(&mut self, now: Millis) {
        self.paused_until = self.paused_until.filter(|until| *until > now);
    }

    /// The next request to send: old ones with their old ids first, in the old order.
    pub(super) fn next(&mut self) -> Option<Value> {
        if let Some((id, request)) = self.unanswered.get(self.sent) {
            self.sent += 1;
            return Some(numbered(*id, request));
        }
        if self.unanswered.len() >= MAX_UNANSWERED || self.paused_until.is_some() {
            return None;
        }
        let request = self.waiting.pop_front()?;
        self.last_id += 1;
        let message = numbered(self.last_id, &request);
        self.unanswered.push_back((self.last_id, request));
        self.sent += 1;
        Some(message)
    }

    /// Takes out the request that is answered by this.
    pub(super) fn answered(&mut self, id: u64) -> Option<Request> {
        let at = self.unanswered.iter().position(|(known, _)| *known == id)?;
        self.sent -= usize::from(at < self.sent);
        self.unanswered.remove(at).map(|(_, request)| request)
    }

    /// It was not carried out: once more, under a new id.
    pub(super) fn retry(&mut self, request: Request, at: Option<Millis>) {
        self.waiting.push_front(request);
        self.paused_until = self.paused_until.max(at);
    }

    /// Everybody who is away may still miss this chat, if the server is lost.
    pub(super) fn keep_until_stable(&mut self, seq: u64, request: Request, keep_until: Millis) {
        self.unstable.push_back(Unstable { seq, keep_until, request });
    }

    pub(super) fn settle(&mut self, stable: u64, now: Millis) {
        self.unstable.retain(|chat| chat.seq > stable || chat.keep_until > now);
    }

    /// A new connection for the same session: everything unanswered is to be sent again.
    pub(super) fn repeat(&mut self) {
        self.sent = 0;
    }

    /// The server numbers requests anew, and doesn't know which of the unanswered ones it has carried out.
    /// A chat can be sent again, as its key tells it from another; the rest can't. Gives what is given up.
    pub(super) fn start_over(&mut self, is_known: impl Fn(&str) -> bool) -> Vec<What> {
        let (mut again, mut given_up) = (VecDeque::new(), Vec::new());
        for (_, request) in std::mem::take(&mut self.unanswered) {
            match &request.what {
                What::Chat { key, .. } if is_known(key) => {}
                What::Chat { .. } => again.push_back(request),
                What::Send(_) | What::Update | What::Leave => given_up.push(request.what),
            }
        }
        again.append(&mut self.waiting);
        (self.waiting, self.sent, self.last_id) = (again, 0, 0);
        given_up
    }

    /// The server is a new one: it knows nothing of the chats that not everybody has.
    pub(super) fn bring_back_unstable(&mut self) {
        for chat in std::mem::take(&mut self.unstable).into_iter().rev() {
            self.waiting.push_front(chat.request);
        }
    }
}

fn numbered(id: u64, request: &Request) -> Value {
    let mut message = request.body.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.insert("id".into(), id.into());
    }
    message
}
