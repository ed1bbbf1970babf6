//! Who is here, who is reconnecting, and who is gone: what is seen from inside and from outside, and when.

use std::time::Duration;

use parlor_rooms::Command;

use crate::harness::*;

const NOTHING: [&str; 0] = [];

#[test]
fn presence_is_told_without_joining_and_makes_no_room() {
    let mut house = House::new();
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup []"]);
    assert_eq!(house.counters(), parlor_rooms::Counters::default());
    house.enter(["ada", "grace"]);
    house.cut("grace");
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [ada grace]"]);
    house.request("ada", 1, Command::Leave);
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [grace]"]);
    house.pass(seconds(30));
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup []"]);
}

#[test]
fn a_lost_connection_is_seen_as_reconnecting_and_as_a_leave_only_after_the_grace_time() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(house.cut("grace"), ["ada: #3 updated: grace reconnecting"]);
    assert_eq!(house.poll_timeout(), Some(epoch().after(seconds(30))));
    assert_eq!(house.pass(seconds(30) - Duration::from_millis(1)), NOTHING);
    assert_eq!(house.pass(Duration::from_millis(1)), ["ada: #4 left: grace, timeout"]);
    assert_eq!(house.poll_timeout(), None);
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        ["grace': error 1 session-unknown"]
    );
}

#[test]
fn a_return_in_the_last_moment_counts_and_stops_the_clock() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    house.pass(seconds(30) - Duration::from_millis(1));
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        ["ada: #4 updated: grace", "grace': resumed as grace, secret 3, seq 4, replayed 0"]
    );
    assert_eq!(house.poll_timeout(), None);
    assert_eq!(house.pass(seconds(3_600)), NOTHING);
}

#[test]
fn each_lost_connection_has_the_whole_grace_time_again() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    house.pass(seconds(20));
    house.resume("grace'", secret(2), Since::Seq(2));
    house.cut("grace'");
    assert_eq!(house.pass(seconds(29)), NOTHING);
    assert_eq!(house.pass(seconds(1)), ["ada: #6 left: grace, timeout"]);
}

#[test]
fn who_goes_first_is_told_first() {
    let mut house = House::of(["ada", "grace", "alan"]);
    house.cut("alan");
    house.pass(seconds(1));
    house.cut("grace");
    assert_eq!(
        house.pass(seconds(60)),
        ["ada: #6 left: alan, timeout", "ada: #7 left: grace, timeout"]
    );
}

#[test]
fn a_driver_that_comes_late_finds_everything_done() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("ada");
    house.pass(seconds(1));
    house.cut("grace");
    house.wake_after(seconds(45));
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup []"]);
    assert_eq!(house.counters().rooms, 1, "the empty room has its own grace");
    house.wake_after(seconds(30));
    assert_eq!(house.counters(), parlor_rooms::Counters::default());
}

#[test]
fn a_name_that_changed_is_the_one_that_is_told() {
    let mut house = House::of(["ada"]);
    house.request("ada", 1, rename("Countess"));
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [Countess]"]);
}

#[test]
fn without_a_grace_time_a_lost_connection_is_a_leave_at_once() {
    let mut house = House::with(|limits| {
        limits.grace = Duration::ZERO;
        limits.empty_grace = Duration::ZERO;
    });
    house.enter(["ada", "grace"]);
    house.cut("grace");
    assert_eq!(house.pass(Duration::ZERO), ["ada: #4 left: grace, timeout"]);
    house.cut("ada");
    house.pass(Duration::ZERO);
    assert_eq!(house.counters(), parlor_rooms::Counters::default());
}
