//! The end of the rooms: first no new ones begin and everybody is told, then all that is said stops at one moment.
//!
//! That moment lies between two asks, under the lock. Whatever was answered with `ok` before it is in the outbox of every
//! member of the room; whatever comes after it is answered by nobody. So a client knows what to say again elsewhere.

use std::time::Duration;

use parlor_dialects::{Bytes, Close, Dialect, encode_going_away};
use parlor_rooms::{RoomName, Timestamp};

use super::{Inner, Outbox, RoomsDriver, Sending};

/// How far the end is.
#[derive(Debug, Default)]
pub enum Course {
    #[default]
    Open,
    Draining(Farewell),
    Over,
}

/// What clients are told of it.
#[derive(Debug)]
pub struct Farewell {
    at: Timestamp,
    go_to: Option<String>,
}

impl RoomsDriver {
    /// No new rooms from now on; those that are there go on for so long.
    pub fn begin_drain(&self, patience: Duration, go_to: Option<String>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let farewell = Farewell { at: now.after(patience), go_to };
        for outbox in inner.lines.values() {
            farewell.tell(outbox, now);
        }
        inner.course = Course::Draining(farewell);
    }

    /// Returns when nobody is connected any more. May be dropped at any time.
    pub async fn deserted(&self) {
        loop {
            let deserted = self.deserted.notified();
            if self.lock().lines.is_empty() {
                return;
            }
            deserted.await;
        }
    }

    /// Nothing that is said from now on is heard. What was heard before still reaches everybody, then they are closed.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.course = Course::Over;
        for outbox in inner.lines.values() {
            outbox.close(Close::ServerStopping);
        }
    }
}

impl Inner {
    pub fn is_over(&self) -> bool {
        matches!(self.course, Course::Over)
    }

    /// Whether this would be a new room, and it is too late for one.
    pub fn is_too_late_for(&self, room: &RoomName) -> bool {
        match self.course {
            Course::Open => false,
            Course::Draining(_) => self.engine.room(room).is_none(),
            Course::Over => true,
        }
    }

    /// Tells somebody who has just come in.
    pub fn tell_course(&self, outbox: &Outbox, now: Timestamp) {
        if let Course::Draining(farewell) = &self.course {
            farewell.tell(outbox, now);
        }
    }
}

impl Farewell {
    fn tell(&self, outbox: &Outbox, now: Timestamp) {
        if let Some(frame) = outbox.dialect().and_then(|dialect| self.encode(dialect, now)) {
            outbox.push(frame, Sending::Reliable);
        }
    }

    fn encode(&self, dialect: Dialect, now: Timestamp) -> Option<Bytes> {
        let rest = Duration::from_millis(self.at.0.saturating_sub(now.0));
        encode_going_away(dialect, rest, self.go_to.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use parlor_dialects::Ask;
    use parlor_rooms::{
        Attributes, Call, Command, DisplayName, Join, MemberRef, OnDisconnect, Refusal, Reply,
        RequestId,
    };

    use super::super::{Line, Next};
    use super::*;
    use crate::auth::Auth;
    use crate::config::Config;
    use crate::drivers::turn::IceOffer;

    fn rooms() -> Arc<RoomsDriver> {
        let ice = IceOffer::new(&Config::default(), None, None);
        RoomsDriver::start(&Config::default(), ice, Auth::none())
    }

    fn line(rooms: &RoomsDriver) -> Line {
        let line = rooms.open_line(None).unwrap();
        line.outbox.speak(Dialect::Native);
        line
    }

    fn join(rooms: &RoomsDriver, line: &Line, room: &str) -> Vec<Result<Reply, Refusal>> {
        let call = Call { connection: line.id.connection, request: None };
        let join = Join {
            room: RoomName::parse(room).unwrap(),
            name: DisplayName::parse("Ada").unwrap(),
            attributes: Attributes::default(),
            identity: None,
            nonce: None,
            alias: None,
            capacity: None,
            on_disconnect: OnDisconnect::Keep,
        };
        rooms.ask(line, Ask::Join(call, join, None))
    }

    /// All that waits, and why the connection is closed if it is.
    fn heard(line: &Line) -> (String, Option<Close>) {
        let mut text = String::new();
        loop {
            match line.outbox.next(usize::MAX).now_or_never() {
                Some(Next::Frames(frames)) => {
                    frames.iter().for_each(|frame| text += &String::from_utf8_lossy(frame));
                }
                Some(Next::Close(why)) => return (text, Some(why)),
                Some(Next::Ping) => {}
                None => return (text, None),
            }
        }
    }

    fn say(rooms: &RoomsDriver, line: &Line, joined: &Reply, id: u64) -> usize {
        let Reply::Joined(joined) = joined else { panic!("{joined:?}") };
        let call = Call { connection: line.id.connection, request: RequestId::new(id) };
        let who = MemberRef { room: joined.room.clone(), peer: joined.peer };
        let chat = Command::Chat { text: id.to_string().into(), key: None };
        rooms.ask(line, Ask::Command(call, who, chat)).len()
    }

    #[tokio::test]
    async fn existing_rooms_go_on_and_new_ones_are_refused() {
        let rooms = rooms();
        let ada = line(&rooms);
        join(&rooms, &ada, "standup");
        rooms.begin_drain(Duration::from_secs(5), Some("wss://b.example.org/ws".into()));
        let (text, closed) = heard(&ada);
        let told = r#"{"type":"going-away","inMs":5000,"goTo":"wss://b.example.org/ws"}"#;
        assert!(text.contains(told) && closed.is_none(), "{text}");

        let grace = line(&rooms);
        assert_eq!(join(&rooms, &grace, "retro"), [Err(Refusal::Draining)]);
        assert!(matches!(join(&rooms, &grace, "standup").as_slice(), [Ok(Reply::Joined(_))]));
        assert!(heard(&grace).0.contains("going-away"));
    }

    #[tokio::test]
    async fn what_was_answered_has_reached_everybody_and_nothing_is_answered_after_that() {
        let rooms = rooms();
        let (ada, grace) = (line(&rooms), line(&rooms));
        let joined = join(&rooms, &ada, "standup").remove(0).unwrap();
        join(&rooms, &grace, "standup");
        assert_eq!(say(&rooms, &ada, &joined, 1), 1);
        rooms.close();
        assert_eq!(say(&rooms, &ada, &joined, 2), 0);
        let (text, closed) = heard(&grace);
        assert!(text.contains(r#""text":"1""#) && !text.contains(r#""text":"2""#), "{text}");
        assert_eq!(closed, Some(Close::ServerStopping));
        assert_eq!(heard(&ada).1, Some(Close::ServerStopping));
        assert_eq!(join(&rooms, &line(&rooms), "standup"), []);
    }

    #[tokio::test]
    async fn nobody_waits_for_rooms_that_nobody_is_in() {
        let rooms = rooms();
        rooms.begin_drain(Duration::from_secs(3_600), None);
        rooms.deserted().await;
        let busy = self::rooms();
        let ada = line(&busy);
        join(&busy, &ada, "standup");
        busy.begin_drain(Duration::from_secs(3_600), None);
        let mut waiting = std::pin::pin!(busy.deserted());
        assert!(waiting.as_mut().now_or_never().is_none());
        busy.disconnect(ada.id.connection);
        waiting.await;
    }
}
