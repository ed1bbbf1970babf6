//! Where what the engine puts out goes: into the outboxes of those who hear it, in the words of their dialects.

use std::sync::Arc;

use parlor_dialects::{Close, Heard, Ice, encode_reply};
use parlor_rooms::{Call, ConnectionId, Event, Output, Reply, Timestamp};

use super::words::Words;
use super::{Answer, Answers, Inner, Sending};
use crate::logs;
use crate::metrics::Asked;

impl Inner {
    /// Puts everything that the engine has for its members into their outboxes.
    pub(super) fn deliver(&mut self, asking: Option<ConnectionId>, now: Timestamp) -> Answers {
        let mut answers = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            self.webhooks.iter().for_each(|webhooks| webhooks.observe(&output));
            match output {
                Output::Event { to, event } => {
                    self.tell(&to, &event);
                    self.engine.take_back(to);
                }
                Output::Reply { call, reply } => {
                    let taken = self.answer(call, reply, now);
                    let (own, late) = match taken {
                        Some(reply) if Some(call.connection) == asking => (Some(reply), None),
                        taken => (None, taken),
                    };
                    answers.extend(own);
                    self.note(call.connection, late.map(|late| Heard::Reply(call, late)));
                }
                Output::Replaced { connection } => {
                    let replaced = self.leave(connection);
                    replaced.inspect(|outbox| outbox.close(Close::Replaced));
                }
                Output::Expelled { connection, reason, is_last: true, .. } => {
                    let expelled = self.leave(connection);
                    expelled.inspect(|outbox| outbox.close(Close::after(reason)));
                }
                Output::Expelled { connection, who, reason, .. } => {
                    self.note(connection, Some(Heard::Expelled(who, reason)));
                }
                Output::RoomStarted { .. } | Output::RoomEnded { .. } => {}
            }
        }
        self.asked = None;
        answers
    }

    /// What a session has not asked for at this moment: it hears of it when it next listens.
    fn note(&self, connection: ConnectionId, heard: Option<Heard>) {
        if let (Some(heard), Some(outbox)) = (heard, self.lines.get(&connection)) {
            outbox.hear(heard, Sending::Reliable);
        }
    }

    /// Encodes an answer, or lets the session do so, which then takes note of it by itself.
    fn answer(&self, call: Call, reply: Answer, now: Timestamp) -> Option<Answer> {
        let outbox = self.lines.get(&call.connection)?;
        let dialect = outbox.dialect()?;
        Asked::by(self.asked, call.connection).answered(Some(dialect), &reply);
        logs::answered(call.connection, Some(dialect), outbox.session(), &reply);
        if !dialect.shares_words() {
            let replayed = replayed(&reply);
            outbox.hear(Heard::Reply(call, reply), Sending::Reliable);
            replayed.inspect(|count| outbox.begin_replay(*count));
            return None;
        }
        let ice = match &reply {
            Ok(Reply::Joined(joined)) => {
                self.ice.mint(&joined.peer.to_string(), outbox.came_in_at(), now)
            }
            Ok(_) | Err(_) => Ice::default(),
        };
        for frame in encode_reply(dialect, call, &reply, &ice) {
            outbox.push(frame, Sending::Reliable);
        }
        if let Ok(Reply::Joined(_) | Reply::Resumed(_)) = &reply {
            self.tell_course(outbox, now);
        }
        replayed(&reply).inspect(|count| outbox.begin_replay(*count));
        Some(reply)
    }

    /// One encoding for all who speak the same dialect.
    fn tell(&self, to: &[ConnectionId], event: &Arc<Event>) {
        let sending = if event.seq.is_some() { Sending::Reliable } else { Sending::Volatile };
        let mut words = Words::of(event, to.len());
        for outbox in to.iter().filter_map(|id| self.lines.get(id)) {
            let Some(dialect) = outbox.dialect() else { continue };
            if !dialect.shares_words() {
                outbox.hear(Heard::Event(event.clone()), sending);
            } else if let Some(frame) = words.spoken_in(dialect) {
                outbox.push(frame, sending);
            }
        }
    }
}

/// How many of the next events are what the member missed.
fn replayed(reply: &Answer) -> Option<usize> {
    if let Ok(Reply::Resumed(resumed)) = reply { Some(resumed.replayed) } else { None }
}
