//! How somebody becomes a member, what newcomers are shown, and how long an empty room is kept.

use parlor_rooms::{
    Attributes, Body, DisplayName, Event, Joined, MemberView, Output, Permissions, Picture, Reply,
    Role, Rules, Seq, State, Targets, Tracks,
};

use crate::harness::*;

#[test]
fn a_newcomer_sees_everybody_and_everybody_sees_the_newcomer() {
    let mut house = House::new();
    assert_eq!(house.join("ada"), ["ada: joined as ada, secret 1, seq 1 [ada]"]);
    assert_eq!(
        house.join("grace"),
        ["ada: #2 joined: grace", "grace: joined as grace, secret 2, seq 2 [ada, grace]"]
    );
    assert_eq!(
        house.join("alan"),
        ["ada grace: #3 joined: alan", "alan: joined as alan, secret 3, seq 3 [ada, grace, alan]"]
    );
}

#[test]
fn the_answer_to_a_join_and_the_news_of_it_say_all_there_is_to_say() {
    let mut house = House::of(["ada"]);
    let mut attributes = Attributes::default();
    attributes.set("mic", Some("on")).unwrap();
    let outputs = house.join_seen("grace", |join| {
        join.attributes = attributes.clone();
        join.identity = identity("grace@example.org");
    });
    let view = |number, name, order| MemberView {
        peer: peer(number),
        name: DisplayName::parse(name).unwrap(),
        identity: None,
        alias: None,
        attributes: Attributes::default(),
        role: if order == 1 { Role::Owner } else { Role::Speaker },
        permissions: if order == 1 { Permissions::ALL } else { Role::Speaker.permissions() },
        tracks: Tracks::default(),
        hand: None,
        state: State::Connected,
        incarnation: 1,
        order,
    };
    let ada = view(1, "ada", 1).into();
    let grace =
        MemberView { attributes, identity: identity("grace@example.org"), ..view(2, "grace", 2) };
    let grace = std::sync::Arc::new(grace);
    let event = Event {
        room: room("standup"),
        seq: Some(Seq(2)),
        at: epoch(),
        body: Body::MemberJoined(grace.clone()),
    };
    let joined = Joined {
        room: room("standup"),
        peer: peer(2),
        secret: secret(2),
        seq: Seq(2),
        members: vec![ada, grace],
        history: vec![],
        rules: Rules::default(),
        waiting: vec![],
        grace: seconds(30),
        picture: Picture::New,
    };
    assert_eq!(
        outputs,
        [
            Output::Event { to: vec![house.call("ada", 1).connection], event: event.into() },
            Output::Reply {
                call: house.call("grace", 1),
                reply: Ok(Reply::Joined(Box::new(joined)))
            },
        ]
    );
}

#[test]
fn one_connection_is_one_member_of_a_room() {
    let mut house = House::of(["ada"]);
    assert_eq!(house.join("ada"), ["ada: error 1 already-joined"]);
}

#[test]
fn one_connection_may_be_in_two_rooms_and_each_hears_only_its_own() {
    let mut house = House::of(["ada", "grace"]);
    house.go_to("kitchen");
    house.enter(["ada", "alan"]);
    assert_eq!(
        house.request("ada", 1, chat("tea")),
        ["ada alan: #3 chat from ada: tea", "ada: ok 1 #3"]
    );
    house.go_to("standup");
    assert_eq!(
        house.request("ada", 1, chat("news")),
        ["ada grace: #3 chat from ada: news", "ada: ok 1 #3"]
    );
    assert_eq!(house.cut("grace"), ["ada: #4 updated: grace reconnecting"]);
}

#[test]
fn the_order_of_members_is_never_given_again() {
    let mut house = House::of(["ada", "grace"]);
    house.request("grace", 1, parlor_rooms::Command::Leave);
    let outputs = house.join_seen("alan", |_| {});
    let orders: Vec<u64> = outputs.iter().flat_map(orders).collect();
    assert_eq!(orders, [1, 3]);
}

fn orders(output: &Output) -> Vec<u64> {
    let Output::Reply { reply: Ok(Reply::Joined(joined)), .. } = output else { return vec![] };
    joined.members.iter().map(|member| member.order).collect()
}

#[test]
fn late_joiners_get_the_chat_and_nothing_else_of_what_was() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, chat("one"));
    house.request("ada", 2, send(Targets::Others, "2"));
    house.request("ada", 3, chat("three"));
    house.request("ada", 4, set(&[("mic", Some("on"))]));
    assert_eq!(
        house.join("grace"),
        [
            "ada: #6 joined: grace",
            "grace: joined as grace, secret 2, seq 6 [ada mic=on, grace] \
             [#2 chat from ada: one; #4 chat from ada: three]",
        ]
    );
}

#[test]
fn the_chat_history_is_bounded_by_messages() {
    let mut house = House::with(|limits| limits.history_messages = 2);
    house.enter(["ada"]);
    for (id, text) in [(1, "one"), (2, "two"), (3, "three")] {
        house.request("ada", id, chat(text));
    }
    assert_eq!(
        house.join("grace"),
        [
            "ada: #5 joined: grace",
            "grace: joined as grace, secret 2, seq 5 [ada, grace] \
             [#3 chat from ada: two; #4 chat from ada: three]",
        ]
    );
}

#[test]
fn the_chat_history_is_bounded_by_bytes() {
    let bytes_of = |history_bytes| {
        let mut house = House::with(|limits| limits.history_bytes = history_bytes);
        house.enter(["ada"]);
        house.request("ada", 1, chat(&"x".repeat(100)));
        house.request("ada", 2, chat(&"y".repeat(100)));
        house.join_seen("grace", |_| {}).iter().map(history_len).sum::<usize>()
    };
    let enough = (0..1_000).find(|bytes| bytes_of(*bytes) == 2).unwrap();
    assert!(enough >= 200, "{enough} bytes can't hold two texts of 100");
    assert_eq!([bytes_of(0), bytes_of(enough / 2), bytes_of(enough - 1)], [0, 1, 1]);
}

fn history_len(output: &Output) -> usize {
    let Output::Reply { reply: Ok(Reply::Joined(joined)), .. } = output else { return 0 };
    joined.history.len()
}

#[test]
fn a_join_repeated_with_its_nonce_gets_the_same_session_and_leaves_no_ghost() {
    let mut house = House::of(["ada"]);
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.join_as("grace", once);
    assert_eq!(house.cut("grace"), ["ada: #3 updated: grace reconnecting"]);
    assert_eq!(
        house.join_as("grace'", once),
        [
            "ada: #4 updated: grace incarnation 2",
            "grace': restarted as grace, secret 3, seq 4 [ada, grace incarnation 2]",
        ]
    );
}

#[test]
fn a_join_may_be_repeated_while_the_server_still_believes_in_the_first_connection() {
    let mut house = House::of(["ada"]);
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.join_as("grace", once);
    assert_eq!(
        house.join_as("grace'", once),
        [
            "grace: replaced",
            "ada: #3 updated: grace incarnation 2",
            "grace': restarted as grace, secret 3, seq 3 [ada, grace incarnation 2]",
        ]
    );
    assert_eq!(house.cut("grace"), [""; 0]);
    assert_eq!(
        house.join_as("grace''", once),
        [
            "grace': replaced",
            "ada: #4 updated: grace incarnation 3",
            "grace'': restarted as grace, secret 4, seq 4 [ada, grace incarnation 3]",
        ]
    );
}

#[test]
fn a_nonce_opens_nothing_once_the_answer_was_seen_to_arrive() {
    let confirmations: [fn(&mut House); 3] = [
        |house| drop(house.request("grace", 1, chat("I am in"))),
        |house| drop(house.ack("grace", 2)),
        |house| drop(house.resume("grace'", secret(2), Since::Seq(2))),
    ];
    for confirm in confirmations {
        let mut house = House::of(["ada"]);
        let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
        house.join_as("grace", once);
        confirm(&mut house);
        let outputs = house.join_seen("eve", once);
        let Some(Output::Reply { reply: Ok(Reply::Joined(joined)), .. }) = outputs.last() else {
            panic!("{outputs:?}");
        };
        assert_eq!(joined.picture, Picture::New);
        assert_ne!(joined.peer, peer(2));
    }
}

#[test]
fn a_join_that_was_given_up_on_its_way_neither_takes_the_session_nor_leaves_a_ghost() {
    let mut house = House::of(["ada"]);
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.open("stalled");
    house.join_as("grace", once);
    assert_eq!(house.join_as("stalled", once), ["stalled: error 1 already-joined"]);
    house.request("grace", 1, chat("I am in"));
    assert_eq!(house.join_as("stalled", once), ["stalled: error 1 already-joined"]);
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [ada grace]"]);
}

#[test]
fn a_nonce_opens_nothing_in_another_room() {
    let mut house = House::new();
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.join_as("grace", once);
    house.go_to("kitchen");
    assert_eq!(house.join_as("grace'", once), ["grace': joined as grace, secret 2, seq 1 [grace]"]);
}

#[test]
fn an_empty_room_is_found_again_until_its_grace_is_over() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, chat("see you"));
    house.request("ada", 2, parlor_rooms::Command::Leave);
    house.pass(seconds(30) - std::time::Duration::from_millis(1));
    assert_eq!(
        house.join("grace"),
        ["grace: joined as grace, secret 2, seq 4 [grace] [#2 chat from ada: see you]"]
    );
    house.pass(seconds(60));
    assert_eq!(house.ask_presence("alan"), ["alan: presence of standup [grace]"]);
}

#[test]
fn an_empty_room_ends_with_its_grace() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, chat("see you"));
    house.request("ada", 2, parlor_rooms::Command::Leave);
    assert_eq!(house.poll_timeout(), Some(epoch().after(seconds(30))));
    house.pass(seconds(30));
    assert_eq!(house.poll_timeout(), None);
    assert_eq!(house.join("grace"), ["grace: joined as grace, secret 2, seq 1 [grace]"]);
}
