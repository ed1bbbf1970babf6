//! What a member asks on another way than its connection: carried out, and nothing concluded from it.

use parlor_rooms::{
    Admission, Aside, Attributes, Call, Command, ConnectionId, DisplayName, Entry, Fresh, Join,
    Limits, MemberRef, OnDisconnect, Output, PeerId, Refusal, Reply, RequestId, Resume, RoomName,
    Rooms, Secret, Seq, Timestamp,
};

const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn fresh(number: u8) -> Fresh {
    let (peer, secret) = (PeerId::from_entropy([number; 16]), Secret::from_entropy([number; 24]));
    Fresh { peer, secret }
}

fn call(connection: u64) -> Call {
    Call { connection: ConnectionId(connection), request: RequestId::new(1) }
}

fn chat() -> Command {
    Command::Chat { text: "hi".into(), key: None }
}

fn outputs(rooms: &mut Rooms) -> Vec<Output> {
    std::iter::from_fn(|| rooms.poll_output()).collect()
}

/// One member, who joined over connection 1.
fn house() -> (Rooms, MemberRef) {
    let mut rooms = Rooms::new(Limits::default());
    let room = RoomName::parse("standup").unwrap();
    let join = Join {
        room: room.clone(),
        name: DisplayName::parse("Ada").unwrap(),
        attributes: Attributes::default(),
        identity: None,
        nonce: None,
        alias: None,
        capacity: None,
        on_disconnect: OnDisconnect::Keep,
    };
    let entry = Entry { join, admission: Admission::default(), fresh: fresh(1) };
    rooms.handle_join(call(1), entry, NOW);
    outputs(&mut rooms);
    (rooms, MemberRef { room, peer: fresh(1).peer })
}

fn resume(rooms: &mut Rooms, who: &MemberRef, connection: u64, number: u8) -> Result<(), Refusal> {
    let resume = Resume { member: who.clone(), secret: fresh(number).secret, since: Some(Seq(1)) };
    rooms.handle_resume(call(connection), &resume, fresh(number + 1), NOW);
    let refused = |output: Output| match output {
        Output::Reply { reply: Err(refusal), .. } => Some(refusal),
        Output::Reply { .. }
        | Output::Event { .. }
        | Output::Replaced { .. }
        | Output::Expelled { .. }
        | Output::RoomStarted { .. }
        | Output::RoomEnded { .. } => None,
    };
    outputs(rooms).into_iter().find_map(refused).map_or(Ok(()), Err)
}

#[test]
fn it_is_heard_while_the_member_is_here_and_while_it_is_away() {
    let (mut rooms, who) = house();
    let said = rooms.handle_aside(&who, Aside::Command(chat()), NOW);
    assert_eq!(said, Ok(Reply::Done { seq: Some(Seq(2)) }));
    assert!(matches!(outputs(&mut rooms)[..], [Output::Event { .. }]));
    rooms.handle_disconnect(ConnectionId(1), NOW);
    outputs(&mut rooms);
    let said = rooms.handle_aside(&who, Aside::Command(chat()), NOW);
    assert_eq!(said, Ok(Reply::Done { seq: Some(Seq(4)) }));
}

#[test]
fn it_confirms_no_secret() {
    let (mut rooms, who) = house();
    assert_eq!(resume(&mut rooms, &who, 2, 1), Ok(()));
    for aside in [Aside::Command(chat()), Aside::Ack(Seq(1)), Aside::Ping] {
        assert!(rooms.handle_aside(&who, aside, NOW).is_ok());
    }
    outputs(&mut rooms);
    assert_eq!(resume(&mut rooms, &who, 3, 1), Ok(()), "the previous secret is still good");
    rooms.handle_command(call(3), &who, chat(), NOW);
    outputs(&mut rooms);
    assert_eq!(resume(&mut rooms, &who, 4, 1), Err(Refusal::BadSecret));
}

#[test]
fn it_leaves_the_requests_of_the_connection_alone() {
    let (mut rooms, who) = house();
    rooms.handle_command(call(1), &who, chat(), NOW);
    outputs(&mut rooms);
    assert_eq!(
        rooms.handle_aside(&who, Aside::Command(chat()), NOW),
        Ok(Reply::Done { seq: Some(Seq(3)) })
    );
    outputs(&mut rooms);
    rooms.handle_command(call(1), &who, chat(), NOW);
    let reply = Ok(Reply::Done { seq: Some(Seq(2)) });
    assert_eq!(outputs(&mut rooms), [Output::Reply { call: call(1), reply }]);
}

#[test]
fn an_ack_lets_the_log_go_and_a_ping_tells_how_far() {
    let (mut rooms, who) = house();
    assert!(rooms.handle_aside(&who, Aside::Command(chat()), NOW).is_ok());
    assert_eq!(rooms.handle_aside(&who, Aside::Ack(Seq(99)), NOW), Ok(Reply::Done { seq: None }));
    assert_eq!(rooms.handle_aside(&who, Aside::Ping, NOW), Ok(Reply::Pong { stable: Seq(2) }));
}

#[test]
fn who_has_left_is_nobody() {
    let (mut rooms, who) = house();
    assert_eq!(rooms.handle_aside(&who, Aside::Command(Command::Leave), NOW), Ok(Reply::Left));
    let gone = rooms.handle_aside(&who, Aside::Command(chat()), NOW);
    assert_eq!(gone, Err(Refusal::SessionUnknown));
    assert_eq!(rooms.counters().memberships, 0);
}
