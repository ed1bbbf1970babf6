//! Rooms that are there for good, rules of a room, and what observers hear.

use parlor_rooms::{Admission, Command, Moderation, Role, Rules, RulesChange};

use crate::harness::*;

#[test]
fn a_permanent_room_outlives_everybody() {
    let mut house = House::new();
    house.open_for_good(Rules::default());
    house.enter(["ada"]);
    house.request("ada", 1, chat("see you"));
    house.shout("ada", Command::Leave);
    assert_eq!(house.poll_timeout(), None);
    house.pass(seconds(3_600));
    let lines = house.join("grace");
    assert_eq!(
        lines,
        ["grace: joined as grace, secret 2, seq 4 [grace] [#2 chat from ada: see you] permanent"]
    );
}

#[test]
fn what_was_changed_in_a_permanent_room_goes_with_the_last_member() {
    let mut house = House::new();
    house.open_for_good(Rules::default());
    house.enter(["ada"]);
    let lock = RulesChange { locked: Some(true), ..RulesChange::default() };
    assert_eq!(
        house.moderate("ada", Moderation::SetRules(lock)),
        ["ada: #2 room: locked permanent"]
    );
    house.request("ada", 1, chat("between us"));
    assert_eq!(house.join("grace"), ["grace: error 1 room-locked"]);
    house.shout("ada", Command::Leave);
    assert_eq!(house.join("alan"), ["alan: joined as alan, secret 3, seq 5 [alan] permanent"]);
}

#[test]
fn what_the_house_changed_stays() {
    let mut house = House::new();
    house.open_for_good(Rules::default());
    let lock = RulesChange { locked: Some(true), ..RulesChange::default() };
    house.order(Moderation::SetRules(lock));
    assert_eq!(house.join("ada"), ["ada: error 1 room-locked"]);
    house.join_with("mary", as_role(Role::Moderator));
    house.shout("mary", Command::Leave);
    assert_eq!(house.join("ada"), ["ada: error 1 room-locked"]);
}

#[test]
fn an_ended_permanent_room_begins_anew() {
    let mut house = House::new();
    house.open_for_good(Rules::default());
    house.enter(["ada"]);
    house.request("ada", 1, chat("old"));
    assert_eq!(house.order(Moderation::End), ["ada: out, ended"]);
    assert_eq!(house.join("grace"), ["grace: joined as grace, secret 2, seq 1 [grace] permanent"]);
    assert_eq!(
        house.observed,
        [
            "standup started",
            ": #1 joined: ada",
            ": #3 left: ada, ended",
            "standup ended",
            "standup started",
            ": #1 joined: grace"
        ]
    );
}

#[test]
fn who_may_not_make_rooms_joins_only_those_that_are_there() {
    let mut house = House::new();
    let guest = Admission { may_create: false, ..Admission::default() };
    assert_eq!(house.join_with("grace", guest.clone()), ["grace: error 1 room-unknown"]);
    assert_eq!(house.counters().rooms, 0);
    house.join("ada");
    assert_eq!(house.join_with("grace", guest).len(), 2);
}

#[test]
fn a_locked_room_lets_only_those_in_who_moderate() {
    let mut house = House::of(["ada", "grace"]);
    let lock = RulesChange { locked: Some(true), ..RulesChange::default() };
    assert_eq!(house.moderate("ada", Moderation::SetRules(lock)), ["ada grace: #3 room: locked"]);
    assert_eq!(house.join("alan"), ["alan: error 1 room-locked"]);
    house.cut("grace");
    let back = house.resume("grace'", secret(2), Since::Seq(3));
    assert!(back.iter().any(|line| line.starts_with("grace': resumed")), "who is in stays in");
    house.join_with("mary", as_role(Role::Moderator));
    let open = RulesChange { locked: Some(false), ..RulesChange::default() };
    house.moderate("mary", Moderation::SetRules(open));
    assert!(house.join("alan")[1].starts_with("alan: joined"));
}

#[test]
fn rules_only_lower_the_limit_of_the_server() {
    let mut house = House::with(|limits| limits.max_members = 3);
    house.enter(["ada", "grace"]);
    let limit = |max| {
        let change = RulesChange { max_members: Some(max), ..RulesChange::default() };
        Moderation::SetRules(change)
    };
    house.moderate("ada", limit(Some(1)));
    assert_eq!(house.counters().memberships, 2, "nobody is put out");
    assert_eq!(house.join("alan"), ["alan: error 1 room-full"]);
    house.moderate("ada", limit(Some(100)));
    house.join("alan");
    assert_eq!(house.join("eve"), ["eve: error 1 room-full"]);
}

#[test]
fn what_is_recorded_is_put_out_for_observers_also_when_nobody_hears_it() {
    let mut house = House::of(["ada"]);
    house.shout("ada", Command::Leave);
    house.pass(seconds(30));
    assert_eq!(
        house.observed,
        ["standup started", ": #1 joined: ada", ": #2 left: ada, left", "standup ended"]
    );
}

#[test]
fn a_room_is_seen_from_outside_as_it_is() {
    let mut house = House::of(["ada", "grace"]);
    let room = house.engine().room(&room("standup")).unwrap();
    assert_eq!((room.members, room.hidden, room.waiting, room.seq.0), (2, 0, 0, 2));
    assert_eq!((room.started_at, &room.rules), (epoch(), &Rules::default()));
    assert_eq!(house.engine().rooms().count(), 1);
    house.order(Moderation::End);
    let totals = house.engine().totals();
    assert_eq!((totals.rooms_started, totals.rooms_ended, totals.joined), (1, 1, 2));
    assert_eq!(house.order(Moderation::End), ["house: room-unknown"]);
}
