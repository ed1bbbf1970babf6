//! Every limit exactly at its value and one over it.

use parlor_rooms::{
    Attributes, ChatKey, DisplayName, Identity, Limits, Nonce, Output, RequestId, RoomName, Targets,
};

use crate::harness::*;

#[test]
fn a_room_has_so_many_members_those_who_reconnect_included() {
    let mut house = House::with(|limits| limits.max_members = 2);
    house.enter(["ada", "grace"]);
    house.cut("grace");
    assert_eq!(house.join("alan"), ["alan: error 1 room-full"]);
    house.resume("grace'", secret(2), Since::Seq(2));
    house.request("grace'", 1, parlor_rooms::Command::Leave);
    let outputs = house.join_seen("joan", |_| {});
    assert_eq!(outputs.len(), 2, "{outputs:?}");
}

#[test]
fn there_are_so_many_rooms_and_an_empty_one_gives_way() {
    let mut house = House::with(|limits| limits.max_rooms = 2);
    for name in ["standup", "kitchen"] {
        house.go_to(name);
        house.enter(["ada"]);
    }
    house.go_to("attic");
    assert_eq!(house.join("grace"), ["grace: error 1 too-many-rooms"]);
    house.go_to("standup");
    assert_eq!(house.join("alan").len(), 2, "a room that exists may be joined");
    house.go_to("kitchen");
    house.request("ada", 1, parlor_rooms::Command::Leave);
    house.go_to("attic");
    assert_eq!(house.join("joan"), ["joan: joined as joan, secret 5, seq 1 [joan]"]);
    assert_eq!(house.counters().rooms, 2);
}

/// Ada's answer to a command of so many bytes and of one more.
fn at_and_over(
    max: usize,
    command: impl Fn(Targets, String) -> parlor_rooms::Command,
) -> [String; 2] {
    let mut house = House::with(|limits| {
        (limits.chat_bytes, limits.message_bytes, limits.sdp_bytes) = (100, 200, 300);
    });
    house.enter(["ada", "grace"]);
    [max, max + 1].map(|bytes| {
        let command = command(house.to(["grace"]), "1".repeat(bytes));
        house.request("ada", bytes as u64, command).pop().unwrap()
    })
}

#[test]
fn texts_have_their_largest_size() {
    let chat = at_and_over(100, |_, text| chat(&text));
    assert_eq!(chat, ["ada: ok 100 #3", "ada: error 101 too-large"]);
    let sent = at_and_over(200, |to, data| send(to, &data));
    assert_eq!(sent, ["ada: ok 200 #3", "ada: error 201 too-large"]);
    let volatile = at_and_over(200, |to, data| send_volatile(to, &data));
    assert_eq!(volatile, ["ada: ok 200", "ada: error 201 too-large"]);
    for sdp in [offer, answer] {
        let sdp = at_and_over(300, |to, text| sdp(to, &text));
        assert_eq!(sdp, ["ada: ok 300 #3", "ada: error 301 too-large"]);
    }
    let ice = at_and_over(Limits::CANDIDATE_BYTES, |to, init| candidate(to, &init));
    assert_eq!(ice, ["ada: ok 4096 #3", "ada: error 4097 too-large"]);
}

#[test]
fn a_refusal_for_size_says_what_and_how_much_is_allowed() {
    let mut house = House::with(|limits| limits.chat_bytes = 3);
    house.enter(["ada"]);
    let outputs = house.command_seen("ada", 1, chat("four"));
    let Some(Output::Reply { reply: Err(refusal), .. }) = outputs.first() else {
        panic!("{outputs:?}");
    };
    assert_eq!(refusal.to_string(), "text is too large");
    assert_eq!(refusal.hint(), "The limit is 3 bytes.");
}

#[test]
fn sizes_are_bytes_and_not_characters() {
    let mut house = House::with(|limits| limits.chat_bytes = 4);
    house.enter(["ada"]);
    assert_eq!(house.request("ada", 1, chat("éé")).len(), 2);
    assert_eq!(house.request("ada", 2, chat("ééé")), ["ada: error 2 too-large"]);
}

#[test]
fn a_member_has_at_most_32_attributes_and_a_refused_update_changes_none() {
    let keys: Vec<String> = (0..Attributes::MAX_ENTRIES).map(|n| format!("key {n:02}")).collect();
    let all: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (&**key, Some("x"))).collect();
    let mut house = House::of(["ada"]);
    assert_eq!(house.request("ada", 1, set(&all)).len(), 2);
    assert_eq!(
        house.request("ada", 2, set(&[("key 00", Some("changed")), ("one more", Some("x"))])),
        ["ada: error 2 too-large"]
    );
    let unchanged = house.request("ada", 3, set(&[]));
    assert!(unchanged[0].contains("key 00=x"), "{unchanged:?}");
}

#[test]
fn an_attribute_may_take_the_place_of_one_that_the_same_update_removes() {
    let keys: Vec<String> = (0..Attributes::MAX_ENTRIES).map(|n| format!("key {n:02}")).collect();
    let all: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (&**key, Some("x"))).collect();
    for exchange in
        [[("another", Some("x")), ("key 00", None)], [("key 00", None), ("zebra", Some("x"))]]
    {
        let mut house = House::of(["ada"]);
        house.request("ada", 1, set(&all));
        let lines = house.request("ada", 2, set(&exchange));
        assert_eq!(lines.last().unwrap(), "ada: ok 2 #3");
    }
}

#[test]
fn names_have_their_longest_length_in_characters() {
    let fits = |max: usize, takes: fn(&str) -> bool| {
        ["é".repeat(max), "é".repeat(max + 1)].map(|text| takes(&text))
    };
    let all: [[bool; 2]; 5] = [
        fits(64, |text| RoomName::parse(text).is_ok()),
        fits(64, |text| DisplayName::parse(text).is_ok()),
        fits(128, |text| Identity::parse(text).is_ok()),
        fits(64, |text| ChatKey::parse(text).is_ok()),
        fits(128, |text| Nonce::parse(text).is_ok()),
    ];
    assert_eq!(all, [[true, false]; 5]);
    assert_eq!(fits(15, |text| Nonce::parse(text).is_ok()), [false, true]);
    assert_eq!(fits(64, |text| Attributes::default().set(text, Some("")).is_ok()), [true, false]);
    let value = fits(1_024, |text| Attributes::default().set("key", Some(text)).is_ok());
    assert_eq!(value, [true, false]);
}

#[test]
fn names_are_not_empty_and_have_no_control_characters() {
    for bad in ["", " ", "\u{a0}", "a\0b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
        assert!(RoomName::parse(bad).is_err(), "{bad:?}");
        assert!(DisplayName::parse(bad).is_err(), "{bad:?}");
        assert!(Identity::parse(bad).is_err(), "{bad:?}");
        assert!(ChatKey::parse(bad).is_err(), "{bad:?}");
        assert!(Attributes::default().set(bad, None).is_err(), "{bad:?}");
    }
}

#[test]
fn request_ids_are_what_every_json_reader_keeps_exact() {
    let ids = [0, 1, (1 << 53) - 1, 1 << 53, u64::MAX];
    assert_eq!(ids.map(|id| RequestId::new(id).is_some()), [false, true, true, false, false]);
}

#[test]
fn the_log_of_a_room_never_grows_over_its_bytes() {
    let mut house = House::with(|limits| {
        (limits.log_bytes, limits.history_bytes) = (5_000, 3_000);
    });
    house.enter(["ada", "grace"]);
    house.cut("grace");
    for id in 1..200 {
        house.request("ada", id, chat(&"x".repeat((id as usize * 37) % 1_000)));
        assert!(house.counters().log_bytes <= 8_000);
    }
}

#[test]
fn all_logs_and_histories_together_never_grow_over_the_total() {
    let mut house = House::with(|limits| limits.total_bytes = 20_000);
    for round in 0..40u64 {
        house.go_to(&format!("room {round}"));
        house.enter(["ada"]);
        for id in 1..10 {
            house.request("ada", id, chat(&"x".repeat(1_000)));
            let held = house.counters().log_bytes;
            assert!(held <= 20_000, "{held} bytes in {} rooms", round + 1);
        }
    }
}

#[test]
fn a_room_that_hoards_costs_the_others_nothing() {
    let mut house = House::with(|limits| limits.total_bytes = 20_000);
    house.go_to("hoard");
    house.enter(["eve"]);
    let hoard = |house: &mut House| {
        house.go_to("hoard");
        for _ in 0..30 {
            house.shout("eve", chat(&"x".repeat(1_000)));
        }
        house.go_to("standup");
    };
    hoard(&mut house);
    house.enter(["ada", "grace"]);
    house.cut("grace");
    house.request("ada", 1, chat("not to be lost"));
    house.request("ada", 2, send(Targets::Others, &"1".repeat(4_000)));
    hoard(&mut house);
    let lines = house.resume("grace'", secret(3), Since::Seq(2));
    assert_eq!(
        lines[..3],
        [
            "ada: #6 updated: grace",
            "grace': resumed as grace, secret 4, seq 6, replayed 2",
            "grace': #4 chat from ada: not to be lost",
        ]
    );
}

fn first(count: u8) -> Targets {
    Targets::Peers((1..=count).map(peer).collect())
}

#[test]
fn what_an_event_costs_includes_its_targets_and_its_attributes() {
    let cost = |command: fn() -> parlor_rooms::Command| {
        let mut house = House::new();
        for number in 0..64 {
            house.join(&format!("member {number}"));
        }
        let before = house.counters().log_bytes;
        house.request("member 0", 1, command());
        house.counters().log_bytes - before
    };

    let to_all = cost(|| send(first(64), "1")) - cost(|| send(first(1), "1"));
    assert!(to_all >= 63 * size_of::<parlor_rooms::PeerId>(), "{to_all} bytes for 63 targets");
    let attributes = cost(|| set(&[("a", Some("")), ("b", Some(""))])) - cost(|| set(&[]));
    assert!(attributes >= 2 * 64, "{attributes} bytes for 2 attributes");
}
