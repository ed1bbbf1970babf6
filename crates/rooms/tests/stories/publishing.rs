//! What members say that they publish, what mutes it, and whose hand is up.

use parlor_rooms::{Command, Moderation, Permission, Role, Rules, Source, Whom};

use crate::harness::*;

fn mute(whom: Whom) -> Moderation {
    Moderation::Mute { whom, source: Source::Microphone }
}

#[test]
fn everybody_hears_what_a_member_publishes_and_whether_it_is_muted() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(
        house.request("grace", 1, publish(Source::Screen)),
        ["ada grace: #3 updated: grace screen:on", "grace: ok 1 #3"]
    );
    let muted = Command::Publish { source: Source::Microphone, muted: true };
    assert_eq!(
        house.shout("grace", muted.clone()),
        ["ada grace: #4 updated: grace microphone:muted screen:on"]
    );
    assert_eq!(house.request("grace", 2, muted), ["grace: ok 2"], "nothing is new");
    assert_eq!(
        house.shout("grace", Command::Unpublish(Source::Screen)),
        ["ada grace: #5 updated: grace microphone:muted"]
    );
}

#[test]
fn who_may_not_publish_a_source_does_not() {
    let mut house = House::of(["ada"]);
    house.join_with("alan", as_role(Role::Listener));
    for source in Source::EVERY {
        assert_eq!(house.shout("alan", publish(source)), ["alan: error 0 not-permitted"]);
    }
}

#[test]
fn who_loses_a_permission_publishes_it_no_more() {
    let mut house = House::of(["ada", "grace"]);
    house.shout("grace", publish(Source::Microphone));
    house.shout("grace", publish(Source::Camera));
    let permissions = Role::Speaker.permissions().without(Permission::Camera);
    let peer = house.peer("grace");
    assert_eq!(
        house.moderate("ada", Moderation::SetPermissions { peer, permissions }),
        ["ada grace: #5 updated: grace microphone:on"]
    );
    assert_eq!(
        house.moderate("ada", set_role(peer, Role::Listener)),
        ["ada grace: #6 updated: grace"]
    );
}

#[test]
fn one_or_all_can_be_muted_and_unmute_themselves() {
    let mut house = House::of(["ada", "grace", "alan"]);
    for name in ["ada", "grace", "alan"] {
        house.shout(name, publish(Source::Microphone));
    }
    assert_eq!(
        house.moderate("ada", mute(Whom::Peer(house.peer("grace")))),
        ["ada grace alan: #7 updated: grace microphone:muted"]
    );
    assert_eq!(
        house.moderate("ada", mute(Whom::Others)),
        ["ada grace alan: #8 updated: alan microphone:muted"]
    );
    assert_eq!(
        house.shout("grace", publish(Source::Microphone)),
        ["ada grace alan: #9 updated: grace microphone:on"]
    );
    assert_eq!(house.moderate("grace", mute(Whom::Others)), ["grace: error 0 not-permitted"]);
    assert_eq!(
        house.request("ada", 1, Command::Moderate(mute(Whom::Peer(house.peer("alan"))))),
        ["ada: ok 1"]
    );
}

#[test]
fn a_room_may_mute_whoever_comes() {
    let mut house = House::new();
    house.admission.rules = Rules { mute_on_entry: true, ..Rules::default() }.into();
    house.enter(["ada", "grace"]);
    house.shout("ada", publish(Source::Microphone));
    assert_eq!(
        house.view("ada").tracks.get(Source::Microphone).map(|track| track.muted),
        Some(false)
    );
    let first = house.shout("grace", publish(Source::Microphone));
    assert_eq!(first, ["ada grace: #4 updated: grace microphone:muted"]);
    let second = house.shout("grace", publish(Source::Microphone));
    assert_eq!(second, ["ada grace: #5 updated: grace microphone:on"]);
}

#[test]
fn hands_are_raised_in_order_and_lowered_by_their_owners_or_who_moderates() {
    let mut house = House::of(["ada", "grace", "alan"]);
    let up = Command::RaiseHand(true);
    assert_eq!(house.shout("grace", up.clone()), ["ada grace alan: #4 updated: grace hand"]);
    house.shout("alan", up.clone());
    house.pass(seconds(1));
    assert_eq!(house.request("grace", 1, up), ["grace: ok 1"], "it keeps its place");
    assert!(house.view("grace").hand < house.view("alan").hand);
    assert_eq!(
        house.shout("grace", Command::RaiseHand(false)),
        ["ada grace alan: #6 updated: grace"]
    );
    let peer = house.peer("alan");
    assert_eq!(
        house.moderate("ada", Moderation::LowerHand { peer }),
        ["ada grace alan: #7 updated: alan"]
    );
}
