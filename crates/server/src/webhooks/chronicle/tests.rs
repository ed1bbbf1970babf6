//! What is told of a room that really happens: the engine's own outputs go in.

use std::sync::Arc;

use parlor_rooms::{
    Admission, Attributes, Call, Command, ConnectionId, DisplayName, Entry, Fresh, Join, Limits,
    MemberRef, OnDisconnect, Resume, Rooms, Secret, Source,
};

use super::*;

struct Story {
    rooms: Rooms,
    chronicle: Chronicle,
    now: u64,
}

impl Story {
    fn begin(wanted: &[EventKind]) -> Self {
        let limits = Limits { empty_grace: std::time::Duration::ZERO, ..Limits::default() };
        let chronicle = Chronicle::new("server".into(), wanted.to_vec());
        Self { rooms: Rooms::new(limits), chronicle, now: 1_000 }
    }

    /// Lets something happen, and says what is told of it: life, number and name of each event.
    fn after(
        &mut self,
        happen: impl FnOnce(&mut Rooms, Timestamp),
    ) -> Vec<(u64, u64, &'static str)> {
        self.now += 1;
        let now = Timestamp(self.now);
        happen(&mut self.rooms, now);
        self.rooms.handle_timeout(now);
        while let Some(output) = self.rooms.poll_output() {
            self.chronicle.handle_output(&output);
        }
        let letters = self.chronicle.take_letters();
        let told = letters.iter();
        told.map(|letter| (letter.life.number, letter.sequence, letter.what.kind().word()))
            .collect()
    }

    fn join(&mut self, connection: u64, admission: Admission) -> Vec<(u64, u64, &'static str)> {
        self.after(|rooms, now| {
            rooms.handle_join(call(connection), entry(connection, admission), now)
        })
    }

    fn say(&mut self, connection: u64, command: Command) -> Vec<(u64, u64, &'static str)> {
        self.after(|rooms, now| {
            rooms.handle_command(call(connection), &who(connection), command, now)
        })
    }
}

fn call(connection: u64) -> Call {
    Call { connection: ConnectionId(connection), request: None }
}

fn room() -> RoomName {
    RoomName::parse("standup").unwrap()
}

fn peer(connection: u64) -> PeerId {
    PeerId::from_entropy([u8::try_from(connection).unwrap(); 16])
}

fn who(connection: u64) -> MemberRef {
    MemberRef { room: room(), peer: peer(connection) }
}

fn entry(connection: u64, admission: Admission) -> Entry {
    let join = Join {
        room: room(),
        name: DisplayName::parse("Ada").unwrap(),
        attributes: Attributes::default(),
        identity: None,
        nonce: None,
        alias: None,
        capacity: None,
        on_disconnect: OnDisconnect::Keep,
    };
    let secret = Secret::from_entropy([7; 24]);
    Entry { join, admission, fresh: Fresh { peer: peer(connection), secret } }
}

#[test]
fn a_room_of_the_same_name_has_another_life_and_is_counted_anew() {
    let mut story = Story::begin(&EventKind::usual());
    let first = story.join(1, Admission::default());
    assert_eq!(first, [(1, 1, "room.started"), (1, 2, "member.joined")]);
    assert_eq!(story.say(1, Command::Leave), [(1, 3, "member.left"), (1, 4, "room.ended")]);
    let again = story.join(1, Admission::default());
    assert_eq!(again, [(2, 1, "room.started"), (2, 2, "member.joined")]);
}

#[test]
fn what_nobody_wants_to_hear_has_no_number() {
    let mut story = Story::begin(&[EventKind::MemberLeft]);
    assert_eq!(story.join(1, Admission::default()), []);
    assert_eq!(story.say(1, Command::Leave), [(1, 1, "member.left")]);
}

#[test]
fn what_is_told_again_to_who_comes_back_is_no_news() {
    let mut story = Story::begin(&[EventKind::ChatMessage]);
    story.join(1, Admission::default());
    story.join(2, Admission::default());
    story.after(|rooms, now| rooms.handle_disconnect(ConnectionId(1), now));
    let chat = Command::Chat { text: Arc::from("hi"), key: None };
    assert_eq!(story.say(2, chat), [(1, 1, "chat.message")]);
    let secret = Secret::from_entropy([7; 24]);
    let resume = Resume { member: who(1), secret, since: Some(Seq(2)) };
    let fresh = Fresh { peer: peer(3), secret: Secret::from_entropy([8; 24]) };
    assert_eq!(story.after(|rooms, now| rooms.handle_resume(call(3), &resume, fresh, now)), []);
}

#[test]
fn sources_come_and_go_and_end_with_their_member() {
    let mut story = Story::begin(&EventKind::usual());
    story.join(1, Admission::default());
    let publish = |muted| Command::Publish { source: Source::Camera, muted };
    assert_eq!(story.say(1, publish(false)), [(1, 3, "track.published")]);
    assert_eq!(story.say(1, publish(true)), [], "it is the same, muted");
    let told = story.say(1, Command::Leave);
    assert_eq!(told, [(1, 4, "track.unpublished"), (1, 5, "member.left"), (1, 6, "room.ended")]);
}

#[test]
fn nobody_is_told_of_somebody_hidden() {
    let mut story = Story::begin(&EventKind::EVERY);
    story.join(1, Admission::default());
    assert_eq!(story.join(2, Admission { hidden: true, ..Admission::default() }), []);
    assert_eq!(story.say(2, Command::RaiseHand(true)), []);
    assert_eq!(story.say(2, Command::Leave), []);
}

#[test]
fn rooms_that_end_with_the_server_are_told_to_end() {
    let mut story = Story::begin(&EventKind::usual());
    story.join(1, Admission::default());
    story.chronicle.handle_end(RoomEnd::Stopped, Timestamp(9));
    let letters = story.chronicle.take_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].sequence, &letters[0].what), (3, &What::RoomEnded(RoomEnd::Stopped)));
    let told = String::from_utf8(letters[0].encode()).unwrap();
    let expected = r#"{"id":"server-1.3","type":"room.ended","at":9,"server":"server","room":{"name":"standup","id":"server-1"},"sequence":3,"reason":"server-stopping"}"#;
    assert_eq!(told, expected);
}
