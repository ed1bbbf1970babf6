//! Requests carry numbers, so that one that is repeated is answered again and not carried out again.

use parlor_rooms::{Command, Targets};

use crate::harness::*;

#[test]
fn a_repeated_request_gets_its_first_answer_and_nobody_else_notices() {
    let mut house = House::of(["ada", "grace"]);
    let grace = house.to(["grace"]);
    let requests = [
        (chat("hi"), "ada: ok 1 #3"),
        (send(Targets::Others, "1"), "ada: ok 2 #4"),
        (send_volatile(Targets::Others, "1"), "ada: ok 3"),
        (offer(grace, "v=0"), "ada: ok 4 #5"),
        (rename("Countess"), "ada: ok 5 #6"),
        (send(Targets::Peers(vec![peer(200)]), "1"), "ada: error 6 unknown-target"),
    ];
    for (id, (request, answer)) in (1..).zip(requests.clone()) {
        assert_eq!(house.request("ada", id, request).last().unwrap(), answer);
    }
    for (id, (request, answer)) in (1..).zip(requests) {
        assert_eq!(house.request("ada", id, request), [answer]);
    }
}

#[test]
fn a_refusal_is_an_answer_too_and_stays_it() {
    let mut house = House::of(["ada", "grace"]);
    let alan = Targets::Peers(vec![peer(3)]);
    assert_eq!(house.request("ada", 1, send(alan.clone(), "1")), ["ada: error 1 unknown-target"]);
    house.join("alan");
    assert_eq!(house.request("ada", 1, send(alan.clone(), "1")), ["ada: error 1 unknown-target"]);
    assert_eq!(
        house.request("ada", 2, send(alan, "1")),
        ["alan: #4 message from ada: 1", "ada: ok 2 #4"]
    );
}

#[test]
fn a_request_is_known_again_after_a_resume() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("hi"));
    house.cut("ada");
    house.resume("ada'", secret(1), Since::Seq(2));
    assert_eq!(house.request("ada'", 1, chat("hi")), ["ada': ok 1 #3"]);
    assert_eq!(
        house.request("ada'", 2, chat("new")),
        ["ada' grace: #6 chat from ada: new", "ada': ok 2 #6"]
    );
}

#[test]
fn after_a_lost_picture_ids_start_again_from_1() {
    let mut house = House::with(|limits| limits.log_events = 2);
    house.enter(["ada", "grace"]);
    house.request("grace", 1, chat("one"));
    house.cut("grace");
    for id in 1..=3 {
        house.request("ada", id, send(Targets::Others, "1"));
    }
    let lines = house.resume("grace'", secret(2), Since::Seq(3));
    assert!(lines.last().unwrap().starts_with("grace': lost as grace"), "{lines:?}");
    assert_eq!(
        house.request("grace'", 1, chat("another one")),
        ["ada grace': #9 chat from grace: another one", "grace': ok 1 #9"]
    );
}

#[test]
fn ids_may_skip_but_not_go_back() {
    let mut house = House::of(["ada"]);
    house.request("ada", 5, chat("five"));
    assert_eq!(house.request("ada", 3, chat("three")), ["ada: error 3 request-out-of-order"]);
    assert_eq!(
        house.request("ada", 9, chat("nine")),
        ["ada: #3 chat from ada: nine", "ada: ok 9 #3"]
    );
    assert_eq!(house.request("ada", 5, chat("five")), ["ada: ok 5 #2"]);
}

#[test]
fn the_answers_of_the_last_256_requests_are_remembered() {
    let mut house = House::of(["ada"]);
    for id in 1..=257 {
        house.request("ada", id, chat("x"));
    }
    assert_eq!(house.request("ada", 1, chat("x")), ["ada: error 1 request-out-of-order"]);
    assert_eq!(house.request("ada", 2, chat("x")), ["ada: ok 2 #3"]);
    assert_eq!(house.request("ada", 257, chat("x")), ["ada: ok 257 #258"]);
}

#[test]
fn a_request_without_an_id_is_carried_out_each_time_and_remembered_never() {
    let mut house = House::of(["ada"]);
    house.shout("ada", chat("one"));
    assert_eq!(house.shout("ada", chat("one")), ["ada: #3 chat from ada: one"]);
    assert_eq!(
        house.request("ada", 1, chat("two")),
        ["ada: #4 chat from ada: two", "ada: ok 1 #4"]
    );
}

#[test]
fn the_numbers_of_one_member_are_nothing_to_another() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("from ada"));
    assert_eq!(
        house.request("grace", 1, chat("from grace")),
        ["ada grace: #4 chat from grace: from grace", "grace: ok 1 #4"]
    );
}

#[test]
fn a_new_membership_starts_to_count_anew() {
    let mut house = House::of(["ada"]);
    house.request("ada", 7, chat("seven"));
    house.request("ada", 8, Command::Leave);
    house.join("grace");
    let lines = house.request("grace", 1, chat("one"));
    assert_eq!(lines.last().unwrap(), "grace: ok 1 #5");
}
