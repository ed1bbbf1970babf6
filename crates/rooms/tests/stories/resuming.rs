//! A session outlives its connection: nothing that was meant for it is lost, and nothing comes twice.

use parlor_rooms::{Command, Join, OnDisconnect, Output, Reply, Targets};

use crate::harness::*;

#[test]
fn what_was_missed_follows_in_its_order_and_only_what_was_meant_for_the_member() {
    let mut house = House::of(["ada", "grace", "alan"]);
    house.cut("grace");
    let (grace, alan) = (house.to(["grace"]), house.to(["alan"]));
    house.request("ada", 1, chat("one"));
    house.request("ada", 2, offer(alan, "not for grace"));
    house.request("ada", 3, offer(grace, "v=0"));
    house.request("alan", 1, send(Targets::Others, "2"));
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(3)),
        [
            "ada alan: #9 updated: grace",
            "grace': resumed as grace, secret 4, seq 9, replayed 3",
            "grace': #5 chat from ada: one",
            "grace': #7 offer from ada: v=0",
            "grace': #8 message from alan: 2",
        ]
    );
    assert_eq!(
        house.request("grace'", 1, chat("back")),
        ["ada grace' alan: #10 chat from grace: back", "grace': ok 1 #10"]
    );
}

#[test]
fn what_was_on_its_way_when_the_connection_broke_comes_again() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("heard"));
    house.request("ada", 2, chat("lost on the way"));
    house.cut("grace");
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(3)),
        [
            "ada: #6 updated: grace",
            "grace': resumed as grace, secret 3, seq 6, replayed 1",
            "grace': #4 chat from ada: lost on the way",
        ]
    );
}

#[test]
fn own_chats_come_again_too_and_own_messages_do_not() {
    let mut house = House::of(["ada", "grace"]);
    house.request("grace", 1, chat("mine"));
    house.request("grace", 2, send(Targets::Others, "1"));
    house.cut("grace");
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        [
            "ada: #6 updated: grace",
            "grace': resumed as grace, secret 3, seq 6, replayed 1",
            "grace': #3 chat from grace: mine",
        ]
    );
}

#[test]
fn a_session_is_resumed_while_the_server_still_believes_in_the_old_connection() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("into the void"));
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        [
            "grace: replaced",
            "grace': resumed as grace, secret 3, seq 3, replayed 1",
            "grace': #3 chat from ada: into the void",
        ]
    );
    assert_eq!(house.request("grace", 1, chat("late")), ["grace: error 1 not-joined"]);
    assert_eq!(house.ack("grace", 3), [""; 0]);
    assert_eq!(house.cut("grace"), [""; 0]);
    assert_eq!(
        house.request("ada", 2, chat("still there?")),
        ["ada grace': #4 chat from ada: still there?", "ada: ok 2 #4"]
    );
}

#[test]
fn a_resume_whose_answer_was_lost_is_repeated_from_the_same_number() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    house.request("ada", 1, chat("one"));
    house.resume("grace'", secret(2), Since::Seq(2));
    house.cut("grace'");
    assert_eq!(
        house.resume("grace''", secret(2), Since::Seq(2)),
        [
            "ada: #7 updated: grace",
            "grace'': resumed as grace, secret 4, seq 7, replayed 1",
            "grace'': #4 chat from ada: one",
        ]
    );
}

#[test]
fn who_resumes_without_a_number_is_the_same_member_with_a_new_incarnation() {
    let mut house = House::of(["ada", "grace"]);
    house.request("grace", 1, chat("before the reload"));
    house.cut("grace");
    house.request("ada", 1, send(Targets::Others, "1"));
    assert_eq!(
        house.resume("grace'", secret(2), Since::Nothing),
        [
            "ada: #6 updated: grace incarnation 2",
            "grace': restarted as grace, secret 3, seq 6 [ada, grace incarnation 2] \
             [#3 chat from grace: before the reload]",
        ]
    );
    assert_eq!(
        house.request("grace'", 1, chat("ids start again from 1")),
        ["ada grace': #7 chat from grace: ids start again from 1", "grace': ok 1 #7"]
    );
    house.cut("grace'");
    assert_eq!(
        house.resume("grace''", secret(3), Since::Seq(7)),
        [
            "ada: #9 updated: grace incarnation 2",
            "grace'': resumed as grace, secret 4, seq 9, replayed 0"
        ]
    );
}

#[test]
fn who_restarted_is_not_owed_what_was_before() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    house.request("ada", 1, send(Targets::Others, "1"));
    house.resume("grace'", secret(2), Since::Nothing);
    house.cut("grace'");
    let lines = house.resume("grace''", secret(3), Since::Seq(5));
    assert_eq!(lines.last().unwrap(), "grace'': resumed as grace, secret 4, seq 7, replayed 0");
}

#[test]
fn who_was_away_longer_than_the_log_reaches_gets_the_whole_picture() {
    let mut house = House::with(|limits| limits.log_events = 3);
    house.enter(["ada", "grace"]);
    house.cut("grace");
    for (id, text) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        house.request("ada", id, chat(text));
    }
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        [
            "ada: #8 updated: grace",
            "grace': lost as grace, secret 3, seq 8 [ada, grace] \
             [#4 chat from ada: one; #5 chat from ada: two; #6 chat from ada: three; #7 chat from ada: four]",
        ]
    );
    assert_eq!(
        house.request("grace'", 1, chat("ids start again from 1")),
        ["ada grace': #9 chat from grace: ids start again from 1", "grace': ok 1 #9"]
    );
}

/// The events after number 2 that Grace is given back when the log keeps so many, or `None` for a picture.
fn given_back(log_events: usize, missed: u64) -> Option<usize> {
    let mut house = House::with(|limits| limits.log_events = log_events);
    house.enter(["ada", "grace"]);
    house.cut("grace");
    for id in 1..=missed {
        house.request("ada", id, chat("x"));
    }
    let lines = house.resume("grace'", secret(2), Since::Seq(2));
    let resumed = lines.iter().position(|line| line.contains("resumed"))?;
    Some(lines.len() - resumed - 1)
}

#[test]
fn a_resume_gives_everything_back_or_says_that_it_is_lost() {
    for missed in 0..8 {
        for log_events in 1..10 {
            let given = given_back(log_events, missed);
            assert!(
                given.is_none_or(|given| given == missed as usize),
                "{given:?} of {missed} events given back from a log of {log_events}"
            );
        }
    }
    // The missed events and the news of the return have to fit.
    assert_eq!([given_back(4, 3), given_back(3, 3)], [Some(3), None]);
}

#[test]
fn events_for_others_may_go_without_anybody_missing_them() {
    let mut house = House::with(|limits| limits.log_events = 2);
    house.enter(["ada", "grace", "alan"]);
    house.cut("grace");
    let alan = house.to(["alan"]);
    for id in 1..=5 {
        house.request("ada", id, offer(alan.clone(), "v=0"));
    }
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(3)),
        ["ada alan: #10 updated: grace", "grace': resumed as grace, secret 4, seq 10, replayed 0"]
    );
}

#[test]
fn large_events_leave_the_log_by_their_bytes() {
    let mut house = House::with(|limits| limits.log_bytes = 10_000);
    house.enter(["ada", "grace"]);
    house.cut("grace");
    for id in 1..=3 {
        house.request("ada", id, send(Targets::Others, &"1".repeat(4_000)));
    }
    assert_eq!(
        house.resume("grace'", secret(2), Since::Seq(2)),
        ["ada: #7 updated: grace", "grace': lost as grace, secret 3, seq 7 [ada, grace]"]
    );
    assert!(house.counters().log_bytes <= 10_000);
}

#[test]
fn a_number_that_was_never_given_is_not_believed() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    let lines = house.resume("grace'", secret(2), Since::Seq(4));
    assert_eq!(lines.last().unwrap(), "grace': lost as grace, secret 3, seq 4 [ada, grace]");
}

#[test]
fn what_was_acknowledged_is_not_given_twice() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, chat("one"));
    house.ack("grace", 3);
    house.cut("grace");
    let lines = house.resume("grace'", secret(2), Since::Seq(2));
    assert_eq!(
        lines.last().unwrap(),
        "grace': lost as grace, secret 3, seq 5 [ada, grace] [#3 chat from ada: one]"
    );
}

#[test]
fn the_log_lets_go_of_what_all_have_and_a_pong_says_so() {
    let mut house = House::of(["ada", "grace"]);
    let empty = house.counters().log_bytes;
    house.request("ada", 1, send(Targets::Others, "1"));
    assert_eq!(house.ping("ada"), ["ada: pong, stable 1"]);
    house.ack("ada", 3);
    assert_eq!(house.ping("ada"), ["ada: pong, stable 2"]);
    house.ack("grace", 3);
    assert_eq!(house.ping("grace"), ["grace: pong, stable 3"]);
    assert!(house.counters().log_bytes < empty);
}

#[test]
fn an_acknowledgement_of_the_future_counts_for_what_there_is() {
    let mut house = House::of(["ada"]);
    house.ack("ada", u64::MAX);
    assert_eq!(house.ping("ada"), ["ada: pong, stable 1"]);
    house.request("ada", 1, chat("one"));
    assert_eq!(house.ping("ada"), ["ada: pong, stable 1"]);
    house.cut("ada");
    assert_eq!(
        house.resume("ada'", secret(1), Since::Seq(1)),
        ["ada': resumed as ada, secret 2, seq 4, replayed 1", "ada': #2 chat from ada: one"]
    );
}

#[test]
fn clients_that_cannot_resume_leave_with_their_connection_and_hold_up_no_log() {
    let mut house = House::of(["ada"]);
    house.join_as("tutorial", |join: &mut Join| join.on_disconnect = OnDisconnect::Leave);
    house.request("ada", 1, send(Targets::Others, "1"));
    house.ack("ada", 3);
    assert_eq!(house.ping("ada"), ["ada: pong, stable 3"]);
    assert_eq!(house.cut("tutorial"), ["ada: #4 left: tutorial, left"]);
}

#[test]
fn clients_that_cannot_resume_have_no_session_that_a_secret_opens() {
    let mut house = House::of(["ada"]);
    house.join_as("tutorial", |join: &mut Join| join.on_disconnect = OnDisconnect::Leave);
    assert_eq!(
        house.resume("tutorial'", secret(2), Since::Seq(2)),
        ["tutorial': error 1 session-unknown"]
    );
}

#[test]
fn a_connection_resumes_only_one_membership_of_a_room() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("grace");
    let (call, who) = (house.call("ada", 1), house.who("grace"));
    let lines = house.resume_over(call, who, secret(2), Since::Seq(2));
    assert_eq!(lines, ["ada: error 1 already-joined"]);
}

#[test]
fn a_session_is_unknown_after_a_leave_in_another_room_and_to_a_new_server() {
    let mut house = House::of(["ada", "grace"]);
    house.request("ada", 1, Command::Leave);
    assert_eq!(house.resume("ada'", secret(1), Since::Seq(1)), ["ada': error 1 session-unknown"]);
    let (call, mut who) = (house.call("grace'", 1), house.who("grace"));
    who.room = room("kitchen");
    assert_eq!(
        house.resume_over(call, who.clone(), secret(2), Since::Seq(2)),
        ["grace': error 1 session-unknown"]
    );
    let mut restarted = House::new();
    who.room = room("standup");
    assert_eq!(
        restarted.resume_over(call, who, secret(2), Since::Seq(2)),
        ["?: error 1 session-unknown"]
    );
}

#[test]
fn the_numbers_a_client_sees_increase_over_all_its_reconnects() {
    let mut house = House::of(["ada", "grace"]);
    let mut seen = vec![2];
    for round in 0..5u8 {
        house.request("ada", u64::from(round) + 1, chat("x"));
        let connection = format!("grace{}", "'".repeat(usize::from(round) + 1));
        let since = Since::Seq(*seen.last().unwrap());
        let (call, who) = (house.call(&connection, 1), house.who("grace"));
        for output in house.resume_seen(call, who, secret(round + 2), since) {
            match output {
                Output::Event { event, .. } => seen.push(event.seq.unwrap().0),
                Output::Reply { reply, .. } => assert!(matches!(reply, Ok(Reply::Resumed(_)))),
                Output::Replaced { .. }
                | Output::Expelled { .. }
                | Output::RoomStarted { .. }
                | Output::RoomEnded { .. } => {}
            }
        }
    }
    assert_eq!(seen, [2, 3, 4, 5, 6, 7]);
}
