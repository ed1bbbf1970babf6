//! What members say: who hears it, in which order, and under whose name.

use parlor_rooms::{
    Body, Command, DisplayName, Event, Output, Permission, Permissions, Reply, Seq, Targets,
};

use crate::harness::*;

#[test]
fn everybody_hears_a_chat_and_its_author_too() {
    let mut house = House::of(["ada", "grace", "alan"]);
    assert_eq!(
        house.request("grace", 1, chat("hello")),
        ["ada grace alan: #4 chat from grace: hello", "grace: ok 1 #4"]
    );
}

#[test]
fn an_event_is_stamped_by_the_server_with_number_sender_name_and_time() {
    let mut house = House::of(["ada"]);
    house.pass(seconds(5));
    let ada = house.call("ada", 7);
    let event = Event {
        room: room("standup"),
        seq: Some(Seq(2)),
        at: epoch().after(seconds(5)),
        body: Body::Chat {
            from: peer(1),
            name: DisplayName::parse("ada").unwrap(),
            text: "hi".into(),
            key: Some(parlor_rooms::ChatKey::parse("mine").unwrap()),
        },
    };
    assert_eq!(
        house.command_seen("ada", 7, marked_chat("hi", "mine")),
        [
            Output::Event { to: vec![ada.connection], event: event.into() },
            Output::Reply { call: ada, reply: Ok(Reply::Done { seq: Some(Seq(2)) }) },
        ]
    );
}

#[test]
fn a_message_to_the_room_reaches_everybody_but_its_author() {
    let mut house = House::of(["ada", "grace", "alan"]);
    assert_eq!(
        house.request("grace", 1, send(Targets::Others, r#"{"x":1}"#)),
        [r#"ada alan: #4 message from grace: {"x":1}"#, "grace: ok 1 #4"]
    );
}

#[test]
fn a_message_to_some_reaches_them_alone_and_each_once() {
    let mut house = House::of(["ada", "grace", "alan", "joan"]);
    let to = house.to(["joan", "ada", "joan"]);
    assert_eq!(
        house.request("grace", 1, send(to, "1")),
        ["ada joan: #5 message from grace: 1", "grace: ok 1 #5"]
    );
}

#[test]
fn nobody_is_told_anything_when_one_target_is_unknown() {
    let mut house = House::of(["ada", "grace"]);
    let Targets::Peers(mut to) = house.to(["ada"]) else { unreachable!() };
    to.push(peer(200));
    assert_eq!(
        house.request("grace", 1, send(Targets::Peers(to), "1")),
        ["grace: error 1 unknown-target"]
    );
}

#[test]
fn a_member_of_another_room_is_no_target() {
    let mut house = House::of(["ada"]);
    let ada = house.to(["ada"]);
    house.go_to("kitchen");
    house.enter(["eve"]);
    for command in [send(ada.clone(), "1"), send_volatile(ada.clone(), "1"), offer(ada, "v=0")] {
        assert_eq!(house.shout("eve", command), ["eve: error 0 unknown-target"]);
    }
}

#[test]
fn a_volatile_message_has_no_number_and_misses_those_who_are_away() {
    let mut house = House::of(["ada", "grace", "alan"]);
    house.cut("alan");
    assert_eq!(
        house.request("ada", 1, send_volatile(Targets::Others, "1")),
        ["grace: volatile message from ada: 1", "ada: ok 1"]
    );
    let to = house.to(["alan"]);
    assert_eq!(house.request("ada", 2, send_volatile(to, "2")), ["ada: ok 2"]);
    assert_eq!(
        house.resume("alan'", secret(3), Since::Seq(3)),
        ["ada grace: #5 updated: alan", "alan': resumed as alan, secret 4, seq 5, replayed 0"]
    );
}

#[test]
fn signals_reach_their_target_alone() {
    let mut house = House::of(["ada", "grace", "alan"]);
    let (ada, grace) = (house.to(["ada"]), house.to(["grace"]));
    assert_eq!(
        house.request("grace", 1, offer(ada, "v=0")),
        ["ada: #4 offer from grace: v=0", "grace: ok 1 #4"]
    );
    assert_eq!(
        house.request("ada", 1, answer(grace.clone(), "v=1")),
        ["grace: #5 answer from ada: v=1", "ada: ok 1 #5"]
    );
    assert_eq!(
        house.request("ada", 2, candidate(grace.clone(), r#"{"candidate":""}"#)),
        [r#"grace: #6 candidate from ada: {"candidate":""}"#, "ada: ok 2 #6"]
    );
    assert_eq!(
        house.request("ada", 3, candidate(grace, "null")),
        ["grace: #7 candidate from ada: null", "ada: ok 3 #7"]
    );
}

#[test]
fn an_update_merges_attributes_and_removes_keys_without_a_value() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, set(&[("mic", Some("on")), ("camera", Some("on"))]));
    assert_eq!(
        house.request("ada", 2, set(&[("mic", Some("muted")), ("camera", None), ("none", None)])),
        ["ada grace: #4 updated: ada mic=muted", "ada: ok 2 #4"]
    );
    assert_eq!(
        house.request("ada", 3, rename("Ada L.")),
        ["ada grace: #5 updated: ada “Ada L.” mic=muted", "ada: ok 3 #5"]
    );
}

#[test]
fn a_chat_keeps_the_name_that_its_author_had() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, chat("hi"));
    house.request("ada", 2, rename("Countess"));
    let outputs = house.command_seen("ada", 3, chat("again"));
    let Some(Output::Event { event, .. }) = outputs.first() else { panic!("{outputs:?}") };
    let Body::Chat { name, .. } = &event.body else { panic!("{event:?}") };
    assert_eq!(name.as_str(), "Countess");
    let outputs = house.join_seen("grace", |_| {});
    let Some(Output::Reply { reply: Ok(Reply::Joined(joined)), .. }) = outputs.last() else {
        panic!("{outputs:?}");
    };
    let names: Vec<&str> = joined.history.iter().filter_map(|event| author(event)).collect();
    assert_eq!(names, ["ada", "Countess"]);
}

fn author(event: &Event) -> Option<&str> {
    let Body::Chat { name, .. } = &event.body else { return None };
    Some(name.as_str())
}

#[test]
fn a_request_without_an_id_is_answered_only_when_it_fails() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(house.shout("ada", chat("hi")), ["ada grace: #3 chat from ada: hi"]);
    let nobody = Targets::Peers(vec![peer(200)]);
    assert_eq!(house.shout("ada", send(nobody, "1")), ["ada: error 0 unknown-target"]);
}

#[test]
fn only_members_are_heard() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(house.request("eve", 1, chat("hi")), ["eve: error 1 not-joined"]);
    let (call, ada) = (house.call("eve", 2), house.who("ada"));
    assert_eq!(house.command(call, &ada, chat("I am Ada")), ["eve: error 2 not-joined"]);
    assert_eq!(house.command(call, &ada, Command::Leave), ["eve: error 2 not-joined"]);
    house.go_to("kitchen");
    assert_eq!(house.request("ada", 1, chat("hi")), ["ada: error 1 not-joined"]);
}

#[test]
fn each_thing_a_member_may_do_needs_its_permission() {
    let everything = |house: &mut House| {
        let to = house.to(["grace"]);
        let commands = [chat("hi"), send(to.clone(), "1"), offer(to, "v=0"), rename("Countess")];
        let done = commands.map(|command| house.shout("ada", command));
        done.map(|lines| lines != ["ada: error 0 not-permitted"])
    };
    let grants = [
        (Permissions::NONE, [false; 4]),
        (Permissions::of(&[Permission::Chat]), [true, false, false, false]),
        (Permissions::of(&[Permission::Message]), [false, true, false, false]),
        (Permissions::of(&[Permission::Signal]), [false, false, true, false]),
        (Permissions::of(&[Permission::Update]), [false, false, false, true]),
        (Permissions::ALL, [true; 4]),
    ];
    for (permissions, allowed) in grants {
        let mut house = House::new();
        house.admission.permissions = Some(permissions);
        house.enter(["ada", "grace"]);
        assert_eq!(everything(&mut house), allowed, "{permissions:?}");
        let left = house.request("ada", 9, Command::Leave);
        assert_eq!(left.last().unwrap(), "ada: left 9", "everybody may leave");
    }
}

#[test]
fn a_leave_is_told_and_ends_the_session() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(
        house.request("grace", 1, Command::Leave),
        ["ada: #3 left: grace, left", "grace: left 1"]
    );
    assert_eq!(house.request("grace", 2, chat("still here")), ["grace: error 2 not-joined"]);
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        ["grace': error 1 session-unknown"]
    );
    assert_eq!(house.cut("grace"), [""; 0]);
}

#[test]
fn who_has_left_may_join_again_over_the_same_connection() {
    let mut house = House::of(["ada", "grace"]);
    house.request("grace", 1, Command::Leave);
    let outputs = house.join_seen("grace", |_| {});
    assert!(matches!(outputs.last(), Some(Output::Reply { reply: Ok(Reply::Joined(_)), .. })));
}
