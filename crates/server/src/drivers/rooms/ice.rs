//! When a member needs new credentials, and that they get them.

use std::time::Instant;

use parlor_dialects::encode_ice_servers;
use parlor_rooms::{PeerId, Reply};

use super::{Line, RoomsDriver, Sending};

/// One member's, for as long as somebody asks it what is due.
#[derive(Debug, Default)]
pub struct IceRenewal(Option<(PeerId, Instant)>);

impl IceRenewal {
    /// Takes note of what the rooms answered. Who goes on with a session may have been away for longer than the
    /// credentials hold, and needs new ones at once.
    pub fn handle_reply(&mut self, rooms: &RoomsDriver, reply: &Reply, now: Instant) {
        let Some(renewal) = rooms.ice.renewal() else { return };
        match reply {
            Reply::Joined(joined) => self.0 = Some((joined.peer, now + renewal)),
            Reply::Resumed(resumed) => self.0 = Some((resumed.peer, now)),
            Reply::Left => self.0 = None,
            Reply::Waiting(_) | Reply::Done { .. } | Reply::Presence(_) | Reply::Pong { .. } => {}
        }
    }

    pub fn due(&self) -> Option<Instant> {
        self.0.map(|(_, due)| due)
    }

    /// Says what is due, and when it is the next time.
    pub fn handle_timeout(&mut self, rooms: &RoomsDriver, line: &Line, now: Instant) {
        let Some((peer, _)) = self.0.filter(|(_, due)| *due <= now) else { return };
        let ice = rooms.ice(peer, line.outbox.came_in_at());
        let dialect = line.outbox.dialect();
        if let Some(frame) = dialect.and_then(|dialect| encode_ice_servers(dialect, &ice)) {
            line.outbox.push(frame, Sending::Reliable);
        }
        self.0 = rooms.ice.renewal().map(|renewal| (peer, now + renewal));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use parlor_dialects::{Ask, Dialect};
    use parlor_rooms::{Attributes, Call, DisplayName, Join, OnDisconnect, RoomName};

    use super::super::Next;
    use super::*;
    use crate::auth::Auth;
    use crate::config::Config;
    use crate::drivers::turn::{IceOffer, Own};

    fn rooms() -> Arc<RoomsDriver> {
        let own = Own::at("127.0.0.1:8080".parse().unwrap(), "north");
        RoomsDriver::start(
            &Config::default(),
            IceOffer::new(&Config::default(), Some(own), None),
            Auth::none(),
        )
    }

    fn join(rooms: &RoomsDriver, line: &Line) -> Reply {
        let call = Call { connection: line.id.connection, request: None };
        let room = RoomName::parse("standup").unwrap();
        let join = Join {
            room,
            name: DisplayName::parse("Ada").unwrap(),
            attributes: Attributes::default(),
            identity: None,
            nonce: None,
            alias: None,
            capacity: None,
            on_disconnect: OnDisconnect::Keep,
        };
        let answers = rooms.ask(line, Ask::Join(call, join, None));
        answers.into_iter().next().unwrap().unwrap()
    }

    async fn heard(line: &Line) -> String {
        let Next::Frames(frames) = line.outbox.next(1 << 20).await else { panic!("no frames") };
        frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
    }

    #[tokio::test]
    async fn a_member_has_new_credentials_before_the_old_ones_expire() {
        let rooms = rooms();
        let line = rooms.open_line(Some("127.0.0.1:8080".parse().unwrap())).unwrap();
        line.outbox.speak(Dialect::Native);
        let (mut renewal, now) = (IceRenewal::default(), Instant::now());
        assert_eq!(renewal.due(), None);
        renewal.handle_reply(&rooms, &join(&rooms, &line), now);
        assert!(heard(&line).await.contains("turn:127.0.0.1:8080?transport=udp"));

        let lifetime = Config::default().turn.credential_lifetime;
        let due = renewal.due().unwrap();
        assert!(due <= now + lifetime - Duration::from_secs(60));
        renewal.handle_timeout(&rooms, &line, now);
        assert_eq!(renewal.due(), Some(due));
        renewal.handle_timeout(&rooms, &line, due);
        assert!(heard(&line).await.starts_with(r#"{"type":"ice-servers","iceServers":["#));
        assert!(renewal.due().unwrap() > due);
    }

    #[tokio::test]
    async fn where_nothing_expires_nothing_is_renewed() {
        let rooms = RoomsDriver::start(
            &Config::default(),
            IceOffer::new(&Config::default(), None, None),
            Auth::none(),
        );
        let line = rooms.open_line(None).unwrap();
        line.outbox.speak(Dialect::Native);
        let mut renewal = IceRenewal::default();
        renewal.handle_reply(&rooms, &join(&rooms, &line), Instant::now());
        assert_eq!(renewal.due(), None);
    }
}
