//! After everybody is gone and time has passed nothing is left of them.

use parlor_rooms::{Command, Counters, Join, OnDisconnect, Targets};

use crate::harness::*;

#[test]
fn everything_is_counted_while_it_is_there() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    house.go_to("kitchen");
    house.enter(["ada"]);
    let counters = house.counters();
    assert!(counters.log_bytes > 0);
    assert_eq!(counters, Counters { rooms: 2, memberships: 2, timers: 1, ..counters });
}

#[test]
fn nothing_is_left_when_everybody_has_left() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("hi"));
    house.request("ada", 2, send(Targets::Others, "1"));
    house.request("ada", 3, Command::Leave);
    house.request("grace", 1, Command::Leave);
    let counters = house.counters();
    assert_eq!(counters, Counters { rooms: 1, memberships: 0, timers: 1, ..counters });
    house.pass(seconds(30));
    assert_eq!(house.counters(), Counters::default());
}

#[test]
fn nothing_is_left_when_everybody_was_cut_off() {
    let mut house = House::of(["ada", "grace"]);
    house.join_as("tutorial", |join: &mut Join| join.on_disconnect = OnDisconnect::Leave);
    house.request("ada", 1, chat("hi"));
    for connection in ["ada", "grace", "tutorial"] {
        house.cut(connection);
    }
    house.pass(seconds(60));
    assert_eq!(house.counters(), Counters::default());
    assert_eq!(house.poll_timeout(), None);
}

#[test]
fn nothing_is_left_of_connections_that_were_replaced() {
    let mut house = House::of(["ada"]);
    for round in 1..20 {
        let connection = format!("ada{}", "'".repeat(usize::from(round)));
        house.resume(&connection, secret(round), Since::Seq(1));
        assert_eq!(house.counters().memberships, 1);
    }
    house.request(&format!("ada{}", "'".repeat(19)), 1, Command::Leave);
    house.pass(seconds(30));
    assert_eq!(house.counters(), Counters::default());
}

#[test]
fn a_room_keeps_only_its_chat_once_nobody_is_owed_anything() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, send(Targets::Others, &"1".repeat(1_000)));
    house.request("ada", 2, Command::Leave);
    assert_eq!(house.counters().log_bytes, 0);
}

#[test]
fn a_room_of_clients_that_cannot_resume_keeps_no_log() {
    let mut house = House::new();
    for name in ["ada", "grace"] {
        house.join_as(name, |join: &mut Join| join.on_disconnect = OnDisconnect::Leave);
    }
    for id in 1..50 {
        house.request("ada", id, send(Targets::Others, &"1".repeat(1_000)));
    }
    assert_eq!(house.counters().log_bytes, 0);
}
