//! What opens a session: its secret changes with each use, and the one before it helps out only once.

use crate::harness::*;

type Happening = fn(&mut House);

/// Whether the secret opens Grace's session over this connection.
fn opens(house: &mut House, connection: &str, number: u8, seq: u64) -> bool {
    let lines = house.resume(connection, secret(number), Since::Seq(seq));
    let refused = lines == [format!("{connection}: error 1 bad-secret")];
    assert!(refused || lines.iter().any(|line| line.contains("resumed as grace")), "{lines:?}");
    !refused
}

#[test]
fn another_secret_opens_nothing_and_disturbs_nobody() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(house.resume("eve", secret(99), Since::Nothing), ["eve: error 1 session-unknown"]);
    for wrong in [1, 99] {
        assert!(!opens(&mut house, "grace'", wrong, 2));
    }
    assert_eq!(
        house.request("grace", 1, chat("still me")),
        ["ada grace: #3 chat from grace: still me", "grace: ok 1 #3"]
    );
}

#[test]
fn the_secret_changes_with_each_use() {
    let mut house = House::of(["ada", "grace"]);
    assert!(opens(&mut house, "grace'", 2, 2));
    house.ack("grace'", 2);
    assert!(!opens(&mut house, "grace''", 2, 2));
    assert!(opens(&mut house, "grace''", 3, 2));
}

#[test]
fn the_previous_secret_works_until_the_new_one_was_seen_to_arrive() {
    let confirmations: [(&str, Happening); 3] = [
        ("a command", |house| drop(house.request("grace'", 1, chat("I have it")))),
        ("an ack", |house| drop(house.ack("grace'", 2))),
        ("a use of the new one", |house| drop(house.resume("grace''", secret(3), Since::Seq(2)))),
    ];
    for (name, confirm) in confirmations {
        let mut house = House::of(["ada", "grace"]);
        assert!(opens(&mut house, "grace'", 2, 2));
        confirm(&mut house);
        assert!(!opens(&mut house, "grace'''", 2, 2), "{name}");
    }
}

#[test]
fn what_says_nothing_about_the_new_secret_leaves_the_previous_one_alone() {
    let mut house = House::of(["ada", "grace"]);
    assert!(opens(&mut house, "grace'", 2, 2));
    house.ping("grace'");
    house.request("grace", 1, chat("from the old connection"));
    house.ack("grace", 2);
    house.request("ada", 1, chat("from somebody else"));
    assert!(opens(&mut house, "grace''", 2, 2));
}

#[test]
fn the_previous_secret_may_be_used_again_and_again_while_answers_get_lost() {
    let mut house = House::of(["ada", "grace"]);
    for connection in ["grace'", "grace''", "grace'''"] {
        assert!(opens(&mut house, connection, 2, 2));
    }
    assert!(!opens(&mut house, "grace''''", 3, 2), "an answer that nobody got opens nothing");
    assert!(!opens(&mut house, "grace''''", 4, 2), "an answer that nobody got opens nothing");
    assert!(opens(&mut house, "grace''''", 5, 2));
    assert!(!opens(&mut house, "grace'", 2, 2), "only the previous one helps out");
}

#[test]
fn a_refused_resume_changes_no_secret() {
    let mut house = House::of(["ada", "grace"]);
    assert!(!opens(&mut house, "grace'", 99, 2));
    assert!(opens(&mut house, "grace'", 2, 2));
}

#[test]
fn what_was_given_up_on_its_way_does_not_take_the_session_from_the_newer_connection() {
    let mut house = House::of(["ada", "grace"]);
    house.open("stalled");
    assert!(opens(&mut house, "grace'", 2, 2));
    let (call, who) = (house.call("stalled", 1), house.who("grace"));
    assert_eq!(
        house.resume_over(call, who, secret(2), Since::Seq(2)),
        ["stalled: error 1 bad-secret"]
    );
    assert_eq!(
        house.request("grace'", 1, chat("still me")),
        ["ada grace': #3 chat from grace: still me", "grace': ok 1 #3"]
    );
}
