//! Who is hidden hears everything, counts in the limit, and is seen and heard by nobody.

use parlor_rooms::{Admission, Command, Moderation, Role, Targets};

use crate::harness::*;

fn hidden() -> Admission {
    Admission { hidden: true, ..as_role(Role::Moderator) }
}

#[test]
fn nobody_hears_of_its_coming_its_absence_and_its_going() {
    let mut house = House::of(["ada"]);
    assert_eq!(
        house.join_with("eye", hidden()),
        ["eye: joined as eye, secret 2, seq 1 [ada, eye]"]
    );
    assert_eq!(house.ask_presence("x"), ["x: presence of standup [ada]"]);
    let lines = house.join("grace");
    assert_eq!(lines[1], "grace: joined as grace, secret 3, seq 2 [ada, grace]");
    assert_eq!(lines[0], "ada eye: #2 joined: grace");
    assert_eq!(house.shout("eye", rename("Eye")), ["eye: #3 updated: eye “Eye”"]);
    assert_eq!(house.cut("eye"), [""; 0]);
    assert_eq!(house.pass(seconds(30)), [""; 0]);
    assert!(house.observed.iter().all(|line| !line.contains("eye")), "{:?}", house.observed);
}

#[test]
fn it_is_no_target_and_is_not_heard() {
    let mut house = House::of(["ada"]);
    house.join_with("eye", hidden());
    assert_eq!(house.shout("ada", send(house.to(["eye"]), "1")), ["ada: error 0 unknown-target"]);
    assert_eq!(house.moderate("ada", remove(house.peer("eye"))), ["ada: error 0 unknown-target"]);
    for command in [
        chat("boo"),
        send(Targets::Others, "1"),
        offer(house.to(["ada"]), "v=0"),
        publish(parlor_rooms::Source::Camera),
        Command::RaiseHand(true),
    ] {
        assert_eq!(house.shout("eye", command), ["eye: error 0 hidden"]);
    }
    assert_eq!(house.shout("ada", chat("hi")), ["ada eye: #2 chat from ada: hi"]);
}

#[test]
fn it_may_moderate_and_the_house_may_put_it_out() {
    let mut house = House::of(["ada", "grace"]);
    house.join_with("eye", hidden());
    let lines = house.moderate("eye", remove(house.peer("grace")));
    assert_eq!(lines, ["ada eye: #3 left: grace, removed", "grace: out, removed"]);
    assert_eq!(house.order(remove(house.peer("eye"))), ["eye: out, removed"]);
    assert_eq!(house.order(Moderation::End), ["ada: out, ended"]);
}

#[test]
fn it_counts_in_the_limit_and_does_not_keep_the_others_from_owning() {
    let mut house = House::with(|limits| limits.max_members = 2);
    house.join_with("eye", hidden());
    house.join("ada");
    assert_eq!(house.view("ada").role, Role::Owner);
    assert_eq!(house.join("grace"), ["grace: error 1 room-full"]);
}
