//! One client in one namespace, connected or waiting to be recovered.

use std::collections::BTreeMap;
use std::sync::Arc;

use parlor_rooms::Timestamp;
use serde::Deserialize;

use super::sent::{Sent, Spoken, Told};
use crate::socketio::engine::Text;
use crate::socketio::packet::{Args, Body, Namespace, Packet};

/// Questions to a client that it leaves unanswered; the oldest is given up first.
const MAX_QUESTIONS: usize = 64;

/// What a line has beside its namespace, name and arguments: marks, brackets, and an offset.
const AROUND: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    sid: String,
    /// A secret of this client, by which it is known again.
    pid: Option<String>,
}

impl Credentials {
    pub(super) fn new(sid: &str, pid: Option<&str>) -> Self {
        Self { sid: sid.into(), pid: pid.map(Into::into) }
    }
}

/// What a client says that was cut off and wants to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comeback {
    pub pid: String,
    /// The last event that it has; without one it has none.
    pub offset: Option<String>,
}

impl Comeback {
    pub(super) fn read(auth: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Auth {
            pid: String,
            offset: Option<String>,
        }
        let auth: Auth = serde_json::from_str(auth).ok()?;
        Some(Self { pid: auth.pid, offset: auth.offset })
    }

    fn number(&self) -> Option<u64> {
        let Some(offset) = &self.offset else { return Some(0) };
        u64::from_str_radix(offset, 36).ok()
    }
}

#[derive(Debug)]
pub(super) struct Socket {
    credentials: Credentials,
    sent: Sent,
    questions: BTreeMap<u64, Timestamp>,
    last_question: u64,
}

/// What is left of a socket whose connection is gone.
#[derive(Debug)]
pub struct Kept {
    credentials: Credentials,
    sent: Sent,
}

impl Kept {
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.credentials.sid
    }

    #[must_use]
    pub fn pid(&self) -> &str {
        self.credentials.pid.as_deref().unwrap_or_default()
    }

    /// An estimate of what keeping it costs.
    #[must_use]
    pub fn weight(&self) -> usize {
        const OVERHEAD: usize = 512;
        OVERHEAD + self.sent.bytes()
    }

    /// An event that happened while the client was away.
    pub fn emit(&mut self, namespace: &Namespace, name: Arc<str>, args: Args) {
        self.sent.push(Told::Packet(numbered(namespace, name, args, self.sent.next())));
    }

    pub(super) fn resume(
        mut self,
        comeback: &Comeback,
    ) -> Result<(Socket, Vec<(u64, Told)>), Self> {
        let missed = comeback.number().and_then(|number| self.sent.since(number));
        match missed.map(|missed| missed.map(|(number, told)| (number, told.clone())).collect()) {
            Some(missed) => Ok((Socket::with(self.credentials, self.sent), missed)),
            None => Err(self),
        }
    }
}

impl Socket {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self::with(credentials, Sent::default())
    }

    fn with(credentials: Credentials, sent: Sent) -> Self {
        Self { credentials, sent, questions: BTreeMap::new(), last_question: 0 }
    }

    pub(super) fn into_kept(self) -> Option<Kept> {
        let recoverable = self.credentials.pid.is_some();
        recoverable.then_some(Kept { credentials: self.credentials, sent: self.sent })
    }

    /// What the client is told of itself; both are texts of ours that need no escaping.
    pub(super) fn greeting(&self) -> String {
        let Credentials { sid, pid } = &self.credentials;
        match pid {
            Some(pid) => format!(r#"{{"sid":"{sid}","pid":"{pid}"}}"#),
            None => format!(r#"{{"sid":"{sid}"}}"#),
        }
    }

    pub(super) fn event(&mut self, namespace: &Namespace, name: Arc<str>, args: Args) -> Packet {
        if self.credentials.pid.is_none() {
            return plain(namespace, name, args);
        }
        let packet = numbered(namespace, name, args, self.sent.next());
        self.sent.push(Told::Packet(packet.clone()));
        packet
    }

    /// The same in the default format.
    pub(super) fn line(&mut self, namespace: &Namespace, spoken: Arc<dyn Spoken>) -> Text {
        if self.credentials.pid.is_none() {
            return line(namespace, None, &*spoken);
        }
        let line = line(namespace, Some(self.sent.next()), &*spoken);
        self.sent.push(Told::Spoken(spoken));
        line
    }

    pub(super) fn handle_pinged(&mut self) {
        self.sent.handle_pinged();
    }

    pub(super) fn wants_confirmation(&self) -> bool {
        self.sent.wants_confirmation()
    }

    pub(super) fn handle_confirmed(&mut self) {
        self.sent.handle_confirmed();
    }

    pub(super) fn question(&mut self, by: Timestamp) -> u64 {
        if self.questions.len() >= MAX_QUESTIONS {
            self.questions.pop_first();
        }
        self.last_question += 1;
        self.questions.insert(self.last_question, by);
        self.last_question
    }

    /// Whether this was asked, and not answered before.
    pub(super) fn answered(&mut self, id: u64) -> bool {
        self.questions.remove(&id).is_some()
    }

    pub(super) fn unanswered(&mut self, now: Timestamp) -> Vec<u64> {
        let late: Vec<u64> =
            self.questions.iter().filter(|(_, by)| **by <= now).map(|(id, _)| *id).collect();
        late.iter().for_each(|id| _ = self.questions.remove(id));
        late
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.questions.values().min().copied()
    }
}

/// A packet of the default format.
pub(super) fn line(namespace: &Namespace, number: Option<u64>, spoken: &dyn Spoken) -> Text {
    Text::message(spoken.bytes() + namespace.as_str().len() + AROUND, |line| {
        line.push('2');
        if !namespace.is_main() {
            line.push_str(namespace.as_str());
            line.push(',');
        }
        line.push('[');
        spoken.write(line);
        if let Some(number) = number {
            line.push_str(",\"");
            push_base36(line, number);
            line.push('"');
        }
        line.push(']');
    })
}

fn plain(namespace: &Namespace, name: Arc<str>, args: Args) -> Packet {
    Packet { namespace: namespace.clone(), body: Body::Event { id: None, name, args } }
}

/// The client takes the last argument, if it is a string, for the number of the event.
fn numbered(namespace: &Namespace, name: Arc<str>, args: Args, number: u64) -> Packet {
    let comma = if args.inner().is_empty() { "" } else { "," };
    let mut json = format!("[{}{comma}\"", args.inner());
    push_base36(&mut json, number);
    json.push_str("\"]");
    plain(namespace, name, Args::trusted(json, args.attachments().to_vec()))
}

fn push_base36(out: &mut String, number: u64) {
    if number >= 36 {
        push_base36(out, number / 36);
    }
    let digit = u32::try_from(number % 36).unwrap_or_default();
    out.push(char::from_digit(digit, 36).unwrap_or('0'));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_read_back() {
        for number in [0, 1, 35, 36, 1_295, 1_296, u64::MAX] {
            let mut offset = String::new();
            push_base36(&mut offset, number);
            let comeback = Comeback { pid: String::new(), offset: Some(offset) };
            assert_eq!(comeback.number(), Some(number));
        }
    }
}
