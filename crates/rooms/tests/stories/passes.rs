//! How long a membership lasts by its token: a notice in time, an end, a newer token, a revoked one.

use parlor_rooms::{Admission, Pass, PassId, Role, Timestamp};

use crate::harness::*;

fn until(ends_at: Timestamp) -> Admission {
    let pass = Pass { id: PassId::parse("t1").ok(), issued_at: epoch(), ends_at: Some(ends_at) };
    Admission { identity: identity("g"), pass: Some(pass), ..as_role(Role::Speaker) }
}

fn in_seconds(count: u64) -> Admission {
    until(epoch().after(seconds(count)))
}

#[test]
fn a_membership_ends_with_its_token_and_is_told_so_a_minute_before() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(600));
    assert_eq!(house.pass(seconds(539)), [""; 0]);
    assert_eq!(house.pass(seconds(1)), ["grace: volatile token ends at 600 s"]);
    assert_eq!(house.pass(seconds(59)), [""; 0]);
    assert_eq!(house.pass(seconds(1)), ["ada: #3 left: grace, expired", "grace: out, expired"]);
    assert_eq!(house.poll_timeout(), None);
}

#[test]
fn of_a_short_time_the_half_is_for_the_notice() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(20));
    assert_eq!(house.pass(seconds(10)), ["grace: volatile token ends at 20 s"]);
}

#[test]
fn a_newer_token_lets_it_go_on() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(100));
    house.pass(seconds(50));
    assert_eq!(house.refresh("grace", in_seconds(200)), ["grace: ok 1000"]);
    assert_eq!(house.pass(seconds(89)), [""; 0]);
    assert_eq!(house.pass(seconds(1)), ["grace: volatile token ends at 200 s"]);
    let somebody_else = Admission { identity: identity("eve"), ..in_seconds(900) };
    let mut refreshed = house.refresh("grace", somebody_else.clone());
    assert_eq!(refreshed, ["grace: ok 1000"], "a repeated request has its first answer");
    let call = parlor_rooms::Call { request: None, ..house.call("grace", 1) };
    refreshed = house.refresh_over(call, somebody_else);
    assert_eq!(refreshed, ["grace: error 0 not-permitted"]);
    house.pass(seconds(60));
    assert_eq!(house.counters().memberships, 1);
}

#[test]
fn what_moderators_decided_outlives_a_newer_token_that_says_the_same_as_the_old_one() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(100));
    house.moderate("ada", set_role(house.peer("grace"), Role::Listener));
    house.refresh("grace", in_seconds(200));
    assert_eq!(house.view("grace").role, Role::Listener);
    let more = Admission { role: Some(Role::Moderator), ..in_seconds(200) };
    let call = house.call("grace", 1_001);
    assert_eq!(
        house.refresh_over(call, more),
        ["ada grace: #4 updated: grace", "grace: ok 1001 #4"]
    );
    assert_eq!(house.view("grace").role, Role::Moderator);
}

#[test]
fn who_comes_back_late_hears_again_that_the_token_ends() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(100));
    house.pass(seconds(45));
    house.cut("grace");
    house.pass(seconds(10));
    let lines = house.resume("grace'", secret(2), Since::Seq(2));
    assert_eq!(lines.last().unwrap(), "grace': volatile token ends at 100 s");
}

#[test]
fn a_token_ends_for_who_is_away_too() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", in_seconds(10));
    house.cut("grace");
    assert_eq!(house.pass(seconds(10)), ["ada: #4 left: grace, expired"]);
    assert_eq!(house.poll_timeout(), None);
}

#[test]
fn a_revoked_token_ends_every_membership_and_every_wait_by_it() {
    let mut house = House::new();
    house.join_with("ada", guarded());
    house.join_with("grace", Admission { role: Some(Role::Moderator), ..in_seconds(100) });
    house.join_with("grace'", in_seconds(100));
    assert_eq!(
        house.revoke("t1"),
        [
            "ada: #4 left: grace, removed",
            "grace: out, removed",
            "ada: #5 knock ended: ?, denied",
            "grace': error 1 removed",
        ]
        .map(|line| line.replace('?', &peer(3).to_string()))
    );
    assert_eq!(house.join_with("grace''", in_seconds(100)), ["grace'': error 1 removed"]);
    assert_eq!(house.poll_timeout(), None);
}
