//! Who was removed does not come back: not by resume, not by the same join, not by the token; a ban holds longer.

use parlor_rooms::{AddressKey, Admission, Command, Pass, PassId, Timestamp};

use crate::harness::*;

fn token(id: &str, person: &str, issued_at: Timestamp) -> Admission {
    let pass = Pass { id: Some(PassId::parse(id).unwrap()), issued_at, ends_at: None };
    Admission { identity: identity(person), pass: Some(pass), ..Admission::default() }
}

fn from(address: u8) -> Admission {
    Admission { address: Some(AddressKey([address; 16])), ..Admission::default() }
}

#[test]
fn a_removed_member_is_told_and_closed_and_the_others_hear_why_it_is_gone() {
    let mut house = House::of(["ada", "grace", "alan"]);
    assert_eq!(
        house.moderate("ada", remove(house.peer("grace"))),
        ["ada alan: #4 left: grace, removed", "grace: out, removed"]
    );
    assert_eq!(house.shout("grace", chat("still here?")), ["grace: error 0 not-joined"]);
}

#[test]
fn neither_its_secret_nor_its_nonce_opens_the_room_again() {
    let mut house = House::of(["ada"]);
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.join_as("grace", once);
    house.cut("grace");
    assert_eq!(
        house.moderate("ada", remove(house.peer("grace"))),
        ["ada: #4 left: grace, removed"]
    );
    assert_eq!(house.resume("grace'", secret(2), Since::Seq(2)), ["grace': error 1 removed"]);
    assert_eq!(house.join_as("grace'", once), ["grace': error 1 removed"]);
    assert!(
        house.join("grace''")[1].starts_with("grace'': joined"),
        "without a ban as somebody new"
    );
}

#[test]
fn neither_its_token_nor_an_older_one_opens_the_room_again_but_a_newer_one_does() {
    let mut house = House::of(["ada"]);
    let now = house.now;
    house.join_with("grace", token("t1", "g", now));
    house.pass(seconds(10));
    house.moderate("ada", remove(house.peer("grace")));
    assert_eq!(house.join_with("grace'", token("t1", "g", now)), ["grace': error 1 removed"]);
    let older = token("t0", "g", house.now);
    assert_eq!(house.join_with("grace'", older), ["grace': error 1 removed"]);
    let other = house.join_with("alan", token("t2", "a", now));
    assert!(other[1].starts_with("alan: joined"), "{other:?}");
    let newer = token("t3", "g", house.now.after(seconds(1)));
    let lines = house.join_with("grace'", newer);
    assert!(lines[1].starts_with("grace': joined"), "{lines:?}");
}

#[test]
fn a_ban_holds_against_newer_tokens_of_the_identity_until_it_ends() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", token("t1", "g", epoch()));
    house.moderate("ada", ban(house.peer("grace"), seconds(600)));
    house.pass(seconds(599));
    let newer = token("t2", "g", house.now);
    assert_eq!(house.join_with("grace'", newer.clone()), ["grace': error 1 banned"]);
    house.pass(seconds(1));
    let lines = house.join_with("grace'", newer);
    assert!(lines[1].starts_with("grace': joined"), "{lines:?}");
}

#[test]
fn without_an_identity_a_ban_holds_against_the_address() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", from(7));
    house.moderate("ada", ban(house.peer("grace"), seconds(600)));
    assert_eq!(house.join_with("grace'", from(7)), ["grace': error 1 banned"]);
    let lines = house.join_with("alan", from(8));
    assert!(lines[1].starts_with("alan: joined"), "{lines:?}");
}

#[test]
fn a_ban_outlives_the_room_and_reaches_no_other() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", from(7));
    house.moderate("ada", ban(house.peer("grace"), seconds(600)));
    house.moderate("ada", parlor_rooms::Moderation::End);
    assert_eq!(house.counters().rooms, 0);
    assert_eq!(house.join_with("grace'", from(7)), ["grace': error 1 banned"]);
    house.go_to("kitchen");
    let lines = house.join_with("grace'", from(7));
    assert!(lines[0].starts_with("grace': joined"), "{lines:?}");
}

#[test]
fn who_waits_can_be_banned_too() {
    let mut house = House::new();
    house.join_with("ada", guarded());
    house.join_with("eve", from(7));
    assert_eq!(
        house.moderate("ada", ban(house.peer("eve"), seconds(60))),
        ["ada: #3 knock ended: eve, denied", "eve: error 1 banned"]
    );
    assert_eq!(house.join_with("eve'", from(7)), ["eve': error 1 banned"]);
}

#[test]
fn who_is_in_another_room_over_the_same_connection_stays_there() {
    let mut house = House::of(["ada", "grace"]);
    house.go_to("kitchen");
    house.enter(["grace"]);
    house.go_to("standup");
    assert_eq!(
        house.moderate("ada", remove(house.peer("grace"))),
        ["ada: #3 left: grace, removed", "grace: out, removed, stays connected"]
    );
    house.go_to("kitchen");
    assert_eq!(house.request("grace", 1, chat("still here")).len(), 2);
}

#[test]
fn an_ended_room_is_over_for_everybody_at_once() {
    let mut house = House::of(["ada", "grace", "alan"]);
    house.cut("alan");
    assert_eq!(
        house.request("ada", 1, Command::Moderate(parlor_rooms::Moderation::End)),
        ["ada: ok 1", "ada: out, ended", "grace: out, ended"]
    );
    assert_eq!(house.resume("alan'", secret(3), Since::Seq(3)), ["alan': error 1 room-ended"]);
    assert_eq!(
        house.observed[house.observed.len() - 4..],
        [
            ": #5 left: ada, ended",
            ": #6 left: grace, ended",
            ": #7 left: alan, ended",
            "standup ended"
        ]
    );
    assert_eq!(house.join("mary"), ["mary: joined as mary, secret 5, seq 1 [mary]"]);
}
