//! Socket.IO: messages that come back, acknowledgements both ways, namespaces by name, by pattern, and refused.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parlor_dialects::socketio::engine::{Closed, Message};
use parlor_dialects::socketio::packet::{Args, Namespace};
use parlor_dialects::socketio::session::{Output as Said, Session, Settings};
use parlor_rooms::Timestamp;

use crate::transports::engineio::guest::{Arrival, Guest, Output, Pulled};

/// How long a client that is asked something may take.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(200);

pub struct Messages {
    sid: String,
    session: Session,
    outputs: VecDeque<Output>,
}

impl Messages {
    pub fn new(arrival: &Arrival<'_>) -> Self {
        let settings = Settings {
            connect_timeout: Duration::from_secs(1),
            recovery: false,
            ..Settings::default()
        };
        let session = Session::new(settings, arrival.now);
        Self { sid: arrival.sid.into(), session, outputs: VecDeque::new() }
    }

    fn settle(&mut self, now: Timestamp) {
        while let Some(said) = self.session.poll_output() {
            match said {
                Said::Send(message) => self.outputs.push_back(Output::Send(message)),
                Said::Connect { namespace, auth, .. } => self.admit(&namespace, auth.as_deref()),
                Said::Event { namespace, id, name, args } => {
                    self.handle_event((&namespace, id), &name, args, now);
                }
                Said::Answered { namespace, args, .. } => {
                    self.session.emit(&namespace, "answered".into(), args);
                }
                Said::Unanswered { namespace, .. } => {
                    self.session.emit(&namespace, "unanswered".into(), args("[]"));
                }
                Said::Disconnected(_) => {}
                Said::Close => self.outputs.push_back(Output::Close),
            }
        }
    }

    fn admit(&mut self, namespace: &Namespace, auth: Option<&str>) {
        let name = namespace.as_str();
        if name == "/closed" {
            let data = r#"{"code":"closed","retryAfter":5}"#;
            return self.session.refuse(namespace, "Not today", Some(data));
        }
        if !matches!(name, "/" | "/custom") && !name.starts_with("/dynamic-") {
            return self.session.refuse(namespace, "Invalid namespace", None);
        }
        let sid = format!("{}{}", self.sid, name.len());
        self.session.accept(namespace, &sid, None);
        let said = args(&format!("[{}]", auth.unwrap_or("{}")));
        self.session.emit(namespace, "auth".into(), said);
    }

    fn handle_event(
        &mut self,
        (namespace, id): (&Namespace, Option<u64>),
        name: &str,
        args: Args,
        now: Timestamp,
    ) {
        match (name, id) {
            ("message", _) => self.session.emit(namespace, "message-back".into(), args),
            ("message-with-ack", Some(id)) => self.session.acknowledge(namespace, id, args),
            ("ask", _) => {
                let question: (Arc<str>, Args) = ("question".into(), args);
                self.session.ask(namespace, question, now.after(ANSWER_TIMEOUT));
            }
            ("dismiss", _) => self.session.dismiss(namespace, now),
            _ => {}
        }
    }
}

fn args(json: &str) -> Args {
    Args::trusted(json, Vec::new())
}

impl Guest for Messages {
    fn handle_message(&mut self, message: Message, now: Timestamp) {
        self.session.handle_message(message, now);
        self.settle(now);
    }

    fn handle_pinged(&mut self) {}

    fn handle_confirmed(&mut self, _: Timestamp) {}

    fn handle_timeout(&mut self, now: Timestamp) {
        self.session.handle_timeout(now);
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.session.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn pull(&mut self, _: Timestamp) -> Pulled {
        Pulled::Nothing
    }

    fn has_given_up(&self) -> bool {
        false
    }

    fn handle_recalled(&mut self, _: Timestamp) {}

    fn handle_closed(self: Box<Self>, _: Closed, _: Timestamp) {}
}
