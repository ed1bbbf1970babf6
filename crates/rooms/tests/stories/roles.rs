//! What each role may do to which, and who owns a room when its owner is gone.

use parlor_rooms::{Admission, Command, Moderation, Permission, Permissions, Role, RulesChange};

use crate::harness::*;

/// Ada owns, Mary moderates, Grace speaks, Alan listens.
fn staff() -> House {
    let mut house = House::of(["ada"]);
    house.join_with("mary", as_role(Role::Moderator));
    house.join_with("grace", as_role(Role::Speaker));
    house.join_with("alan", as_role(Role::Listener));
    house
}

const NAMES: [&str; 4] = ["ada", "mary", "grace", "alan"];

/// The code of the refusal, or `ok`.
fn outcome(lines: &[String]) -> &str {
    let error = lines.iter().find_map(|line| line.split(" error ").nth(1));
    error.map_or("ok", |error| error.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '))
}

/// What each of the four hears who tries something, each in a room of its own.
fn each(attempt: impl Fn(&mut House, &str) -> Vec<String>) -> [String; 4] {
    NAMES.map(|name| outcome(&attempt(&mut staff(), name)).to_owned())
}

#[test]
fn whoever_makes_the_room_owns_it_and_the_next_ones_are_what_its_rules_say() {
    let house = House::of(["ada", "grace"]);
    assert_eq!(house.view("ada").role, Role::Owner);
    assert_eq!(house.view("grace").role, Role::Speaker);
    assert_eq!(house.view("grace").permissions, Role::Speaker.permissions());
}

#[test]
fn what_everybody_may_say() {
    assert_eq!(each(|house, name| house.shout(name, chat("hi"))), ["ok"; 4]);
    assert_eq!(
        each(|house, name| house.shout(name, send(house.to(["ada"]), "1"))),
        ["ok", "ok", "ok", "not-permitted"]
    );
    assert_eq!(each(|house, name| house.shout(name, rename("Me"))), ["ok"; 4]);
    assert_eq!(each(|house, name| house.shout(name, Command::RaiseHand(true))), ["ok"; 4]);
}

#[test]
fn only_those_who_moderate_moderate_and_only_those_below() {
    let (not, out) = ("not-permitted", "outranked");
    let on = |target: &'static str, act: fn(parlor_rooms::PeerId) -> Moderation| {
        each(move |house, name| house.moderate(name, act(house.peer(target))))
    };
    assert_eq!(on("grace", remove), ["ok", "ok", not, not]);
    assert_eq!(on("mary", remove), ["ok", out, not, not]);
    assert_eq!(on("ada", remove), [out, out, not, not]);
    assert_eq!(on("alan", |peer| set_role(peer, Role::Speaker)), ["ok", "ok", not, not]);
    assert_eq!(on("alan", |peer| set_role(peer, Role::Moderator)), ["ok", out, not, not]);
    assert_eq!(on("mary", |peer| set_role(peer, Role::Listener)), ["ok", "ok", not, not]);
    assert_eq!(on("ada", |peer| set_role(peer, Role::Listener)), ["ok", out, not, not]);
    assert_eq!(on("alan", |peer| Moderation::LowerHand { peer }), ["ok", "ok", not, not]);
    let lock = RulesChange { locked: Some(true), ..RulesChange::default() };
    let locks = each(|house, name| house.moderate(name, Moderation::SetRules(lock)));
    assert_eq!(locks, ["ok", "ok", not, not]);
    assert_eq!(each(|house, name| house.moderate(name, Moderation::End)), ["ok", out, not, not]);
}

#[test]
fn nobody_gives_what_they_do_not_have_and_only_owners_give_the_right_to_moderate() {
    let mut house = staff();
    let poor = Role::Moderator.permissions().without(Permission::Record);
    let admission = Admission { permissions: Some(poor), ..as_role(Role::Moderator) };
    house.join_with("emmy", admission);
    let give = |house: &mut House, name: &str, permissions| {
        let peer = house.peer("alan");
        let lines = house.moderate(name, Moderation::SetPermissions { peer, permissions });
        outcome(&lines).to_owned()
    };
    let speaking = Role::Speaker.permissions();
    assert_eq!(give(&mut house, "emmy", speaking.with(Permission::Record)), "not-permitted");
    assert_eq!(give(&mut house, "mary", speaking.with(Permission::Moderate)), "outranked");
    assert_eq!(give(&mut house, "mary", speaking.with(Permission::Record)), "ok");
    assert_eq!(house.view("alan").permissions, speaking.with(Permission::Record));
    assert_eq!(give(&mut house, "ada", Permissions::ALL), "ok");
    assert_eq!(give(&mut house, "mary", Permissions::NONE), "outranked");
}

#[test]
fn a_new_role_is_told_to_everybody_and_the_house_may_give_any() {
    let mut house = House::of(["ada", "grace"]);
    let peer = house.peer("grace");
    let lines = house.moderate("ada", set_role(peer, Role::Listener));
    assert_eq!(lines, ["ada grace: #3 updated: grace"]);
    assert_eq!(house.view("grace").role, Role::Listener);
    house.order(set_role(peer, Role::Owner));
    assert_eq!(house.view("grace").role, Role::Owner);
    assert_eq!(house.moderate("grace", remove(house.peer("ada"))), ["grace: error 0 outranked"]);
    house.order(set_role(house.peer("ada"), Role::Speaker));
    assert_eq!(house.view("ada").role, Role::Speaker);
    assert_eq!(
        house.order(remove(peer)),
        ["ada: #6 left: grace, removed", "ada: #7 updated: ada", "grace: out, removed"]
    );
}

#[test]
fn who_has_been_here_longest_owns_a_room_that_nobody_moderates() {
    let mut house = House::of(["ada", "grace", "alan"]);
    house.moderate("ada", set_role(house.peer("grace"), Role::Listener));
    assert_eq!(
        house.shout("ada", Command::Leave),
        ["grace alan: #5 left: ada, left", "grace alan: #6 updated: alan", "ada: left 0"]
    );
    assert_eq!(house.view("alan").role, Role::Owner);
    assert_eq!(house.view("grace").role, Role::Listener);
}

#[test]
fn an_owner_who_is_away_for_a_moment_still_owns() {
    let mut house = House::of(["ada", "grace"]);
    house.cut("ada");
    assert_eq!(house.view("grace").role, Role::Speaker);
    house.pass(seconds(30));
    assert_eq!(house.view("grace").role, Role::Owner);
}

#[test]
fn nobody_inherits_more_than_a_token_gave() {
    let mut house = House::of(["ada"]);
    house.join_with("grace", as_role(Role::Speaker));
    house.shout("ada", Command::Leave);
    assert_eq!(house.view("grace").role, Role::Speaker);
    house.join("alan");
    assert_eq!(house.view("alan").role, Role::Owner, "to whom no token gave anything");
}

#[test]
fn an_owner_may_hand_the_room_over_and_step_down() {
    let mut house = House::of(["ada", "grace"]);
    house.moderate("ada", set_role(house.peer("grace"), Role::Owner));
    house.moderate("ada", set_role(house.peer("ada"), Role::Speaker));
    assert_eq!((house.view("ada").role, house.view("grace").role), (Role::Speaker, Role::Owner));
    let back = house.moderate("ada", set_role(house.peer("ada"), Role::Owner));
    assert_eq!(back, ["ada: error 0 not-permitted"]);
}

#[test]
fn a_token_may_give_less_than_its_role() {
    let mut house = House::of(["ada"]);
    let quiet = Role::Speaker.permissions().without(Permission::Chat);
    house.join_with("grace", Admission { permissions: Some(quiet), ..Admission::default() });
    assert_eq!(house.shout("grace", chat("hi")), ["grace: error 0 not-permitted"]);
}
