//! What becomes of a second member who claims to be the same person.

use parlor_rooms::{DuplicateIdentity, Join};

use crate::harness::*;

fn house(policy: DuplicateIdentity) -> House {
    let mut house = House::with(|limits| limits.duplicate_identity = policy);
    house.enter(["ada"]);
    house.join_as("laptop", grace);
    house
}

fn grace(join: &mut Join) {
    join.identity = identity("grace@example.org");
}

#[test]
fn allowed_both_stay() {
    let mut house = house(DuplicateIdentity::Allow);
    assert_eq!(
        house.join_as("phone", grace),
        [
            "ada laptop: #3 joined: phone",
            "phone: joined as phone, secret 3, seq 3 [ada, laptop, phone]"
        ]
    );
}

#[test]
fn replaced_the_older_one_is_closed_and_its_session_is_over() {
    let mut house = house(DuplicateIdentity::Replace);
    assert_eq!(
        house.join_as("phone", grace),
        [
            "ada: #3 left: laptop, replaced",
            "laptop: replaced",
            "ada: #4 joined: phone",
            "phone: joined as phone, secret 3, seq 4 [ada, phone]",
        ]
    );
    assert_eq!(house.cut("laptop"), [""; 0]);
    assert_eq!(
        house.resume("laptop'", secret(2), Since::Seq(2)),
        ["laptop': error 1 session-unknown"]
    );
}

#[test]
fn replaced_also_while_it_was_reconnecting() {
    let mut house = house(DuplicateIdentity::Replace);
    house.cut("laptop");
    assert_eq!(
        house.join_as("phone", grace),
        [
            "ada: #4 left: laptop, replaced",
            "ada: #5 joined: phone",
            "phone: joined as phone, secret 3, seq 5 [ada, phone]",
        ]
    );
    assert_eq!(house.poll_timeout(), None);
}

#[test]
fn replaced_alone_in_a_room_the_room_goes_on() {
    let mut house = House::with(|limits| limits.duplicate_identity = DuplicateIdentity::Replace);
    house.join_as("laptop", grace);
    house.request("laptop", 1, chat("from the laptop"));
    assert_eq!(
        house.join_as("phone", grace),
        [
            "laptop: replaced",
            "phone: joined as phone, secret 2, seq 4 [phone] [#2 chat from laptop: from the laptop]",
        ]
    );
    assert_eq!(house.poll_timeout(), None);
}

#[test]
fn replaced_is_possible_in_a_full_room() {
    let mut house = House::with(|limits| {
        limits.duplicate_identity = DuplicateIdentity::Replace;
        limits.max_members = 1;
    });
    house.join_as("laptop", grace);
    assert_eq!(house.join("ada"), ["ada: error 1 room-full"]);
    let lines = house.join_as("phone", grace);
    assert_eq!(lines.last().unwrap(), "phone: joined as phone, secret 3, seq 3 [phone]");
}

#[test]
fn rejected_the_newcomer_is_refused_until_the_older_one_is_gone() {
    let mut house = house(DuplicateIdentity::Reject);
    assert_eq!(house.join_as("phone", grace), ["phone: error 1 identity-taken"]);
    house.cut("laptop");
    assert_eq!(house.join_as("phone", grace), ["phone: error 1 identity-taken"]);
    house.pass(seconds(30));
    let outputs = house.join_seen("phone", grace);
    assert!(outputs.iter().any(|output| matches!(
        output,
        parlor_rooms::Output::Reply { reply: Ok(parlor_rooms::Reply::Joined(_)), .. }
    )));
}

#[test]
fn rejected_a_repeated_join_is_not_its_own_rival() {
    let mut house = House::with(|limits| limits.duplicate_identity = DuplicateIdentity::Reject);
    let once = |join: &mut Join| {
        grace(join);
        join.nonce = nonce("0123456789abcdef");
    };
    house.join_as("grace", once);
    house.cut("grace");
    assert_eq!(
        house.join_as("grace'", once),
        ["grace': restarted as grace, secret 2, seq 3 [grace incarnation 2]"]
    );
}

#[test]
fn the_same_identity_in_another_room_and_no_identity_at_all_are_nobodys_business() {
    for policy in [DuplicateIdentity::Replace, DuplicateIdentity::Reject] {
        let mut house = house(policy);
        house.join("alan");
        house.join("joan");
        assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [ada laptop alan joan]"]);
        house.go_to("kitchen");
        let lines = house.join_as("phone", grace);
        assert_eq!(lines, ["phone: joined as phone, secret 5, seq 1 [phone]"]);
    }
}
