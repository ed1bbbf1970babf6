//! The waiting room: who knocks is seen by those who moderate, and goes in when one of them says so.

use parlor_rooms::{Command, Moderation, Role, RulesChange};

use crate::harness::*;

fn guarded_house() -> House {
    let mut house = House::new();
    house.join_with("ada", guarded());
    house
}

fn admit(house: &House, name: &str) -> Moderation {
    Moderation::Admit { peer: house.peer(name) }
}

fn deny(house: &House, name: &str) -> Moderation {
    Moderation::Deny { peer: house.peer(name) }
}

#[test]
fn who_comes_waits_until_somebody_who_moderates_lets_them_in() {
    let mut house = guarded_house();
    assert_eq!(house.join("grace"), ["grace: waits as grace", "ada: #2 knock: grace"]);
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [ada]"]);
    assert_eq!(house.shout("grace", chat("let me in")), ["grace: error 0 not-joined"]);
    assert_eq!(
        house.moderate("ada", admit(&house, "grace")),
        [
            "ada: #3 knock ended: grace, admitted",
            "ada: #4 joined: grace",
            "grace: joined as grace, secret 2, seq 4 [ada, grace] guarded",
        ]
    );
}

#[test]
fn who_is_denied_is_told_and_those_inside_who_do_not_moderate_hear_nothing() {
    let mut house = guarded_house();
    house.join_with("mary", as_role(Role::Moderator));
    house.join("grace");
    house.moderate("ada", admit(&house, "grace"));
    assert_eq!(house.join("eve"), ["eve: waits as eve", "ada mary: #6 knock: eve"]);
    assert_eq!(house.moderate("grace", deny(&house, "eve")), ["grace: error 0 not-permitted"]);
    assert_eq!(
        house.moderate("mary", deny(&house, "eve")),
        ["ada mary: #7 knock ended: eve, denied", "eve: error 1 denied"]
    );
    assert_eq!(house.moderate("mary", deny(&house, "eve")), ["mary: error 0 unknown-target"]);
}

#[test]
fn who_moderates_by_token_does_not_wait() {
    let mut house = guarded_house();
    assert_eq!(
        house.join_with("mary", as_role(Role::Moderator)),
        ["ada: #2 joined: mary", "mary: joined as mary, secret 2, seq 2 [ada, mary] guarded"]
    );
}

#[test]
fn who_goes_away_while_waiting_is_forgotten() {
    let mut house = guarded_house();
    house.join("grace");
    assert_eq!(house.counters().waiting, 1);
    assert_eq!(house.cut("grace"), ["ada: #3 knock ended: grace, left"]);
    assert_eq!(house.counters().waiting, 0);
    assert_eq!(house.moderate("ada", admit(&house, "grace")), ["ada: error 0 unknown-target"]);
}

#[test]
fn whoever_begins_to_moderate_sees_who_waits() {
    let mut house = guarded_house();
    house.join("grace");
    house.moderate("ada", admit(&house, "grace"));
    house.join("eve");
    assert_eq!(
        house.moderate("ada", set_role(house.peer("grace"), Role::Moderator)),
        ["ada grace: #6 updated: grace", "grace: #7 knock: eve"]
    );
    let lines = house.join_with("mary", as_role(Role::Owner));
    assert!(lines[1].ends_with("guarded, eve waits"), "{lines:?}");
}

#[test]
fn a_repeated_join_waits_once() {
    let mut house = guarded_house();
    let once = |join: &mut parlor_rooms::Join| join.nonce = nonce("0123456789abcdef");
    house.open("stalled");
    house.join_as("grace", once);
    assert_eq!(house.join_as("stalled", once), ["stalled: error 1 already-joined"]);
    let lines = house.join_as("grace'", once);
    assert_eq!(lines[0], "ada: #3 knock ended: grace, left");
    assert_eq!(lines[1], "grace: replaced");
    assert_eq!(house.counters().waiting, 1);
    assert_eq!(house.join("grace'"), ["grace': error 1 already-joined"]);
}

#[test]
fn the_waiting_room_holds_so_many() {
    let mut house = House::with(|limits| limits.max_waiting = 2);
    house.join_with("ada", guarded());
    house.enter(["grace", "alan"]);
    assert_eq!(house.join("eve"), ["eve: error 1 waiting-room-full"]);
}

#[test]
fn a_full_room_lets_nobody_in_and_who_waits_waits_on() {
    let mut house = House::with(|limits| limits.max_members = 2);
    house.join_with("ada", guarded());
    house.enter(["grace", "alan"]);
    house.moderate("ada", admit(&house, "grace"));
    assert_eq!(house.moderate("ada", admit(&house, "alan")), ["ada: error 0 room-full"]);
    house.shout("grace", Command::Leave);
    let lines = house.moderate("ada", admit(&house, "alan"));
    assert!(lines[2].starts_with("alan: joined"), "{lines:?}");
}

#[test]
fn an_opened_door_lets_everybody_in() {
    let mut house = guarded_house();
    house.enter(["grace", "alan"]);
    let open = RulesChange { waiting_room: Some(false), ..RulesChange::default() };
    let lines = house.moderate("ada", Moderation::SetRules(open));
    assert_eq!(lines[0], "ada: #4 room:");
    assert_eq!(house.ask_presence("eve"), ["eve: presence of standup [ada grace alan]"]);
}

#[test]
fn a_closed_room_ends_with_its_last_member_and_those_who_wait_are_told() {
    let mut house = guarded_house();
    house.request("ada", 1, chat("between us"));
    house.join("grace");
    assert_eq!(house.shout("ada", Command::Leave), ["grace: error 1 room-ended", "ada: left 0"]);
    assert_eq!(house.counters().rooms, 0);
    let lines = house.join("alan");
    assert_eq!(lines, ["alan: joined as alan, secret 3, seq 1 [alan]"], "without what was said");
}

#[test]
fn a_room_without_host_waits_for_one() {
    let mut house = House::new();
    let rules = parlor_rooms::Rules {
        waiting_room: true,
        creator_owns: false,
        ..parlor_rooms::Rules::default()
    };
    house.admission.rules = rules.into();
    assert_eq!(house.join("grace"), ["grace: waits as grace"]);
    let lines = house.join_with("ada", as_role(Role::Owner));
    assert!(lines[0].ends_with("guarded, grace waits"), "{lines:?}");
    house.cut("grace");
    assert_eq!(house.counters().waiting, 0);
}

#[test]
fn a_room_in_which_nobody_is_and_nobody_waits_is_over() {
    let mut house = House::new();
    let rules = parlor_rooms::Rules {
        waiting_room: true,
        creator_owns: false,
        ..parlor_rooms::Rules::default()
    };
    house.admission.rules = rules.into();
    house.join("grace");
    assert_eq!(house.counters().rooms, 1);
    house.cut("grace");
    assert_eq!((house.counters().rooms, house.poll_timeout()), (0, None));
    assert_eq!(house.observed, ["standup started", "standup ended"]);
}
