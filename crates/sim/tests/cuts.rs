//! One conversation of two, cut at every frame: whatever suffix is lost, whoever is told, it ends the same.

use parlor_sim::{ClientId, Cut, Minutes, Order, Setup, Weather, World, checks};

/// Long enough for every deadline of a client, short of the server's grace.
const RECOVERY: u64 = 25_000;

struct Conversation {
    world: World,
    members: [ClientId; 2],
    minutes: Minutes,
}

/// Every kind of request, close together, so that much is in flight.
fn talk(cuts: &[(usize, Cut)]) -> Conversation {
    let weather = Weather { latency: 20, jitter: 3 };
    let mut world = World::new(7, Setup { weather, ..Setup::default() });
    for (after, cut) in cuts {
        world.plan_cut(*after, *cut);
    }
    let members = [world.native("Ada", "standup"), world.native("Grace", "standup")];
    let mut minutes = Minutes::default();
    let met = world.run_until(25_000, |world| {
        members.iter().all(|member| world.client(*member).roster().len() == 2)
    });
    assert!(met, "they never met");
    for _ in 0..3 {
        for member in members {
            minutes.chat(&mut world, member);
            minutes.message(&mut world, member);
            world.run_for(15);
        }
        let order = Order::Attribute { key: "mic".into(), value: "on".into() };
        world.order(members[0], order);
    }
    world.run_for(1_500);
    Conversation { world, members, minutes }
}

fn assert_whole(conversation: Conversation) {
    let Conversation { mut world, members, minutes } = conversation;
    world.run_for(RECOVERY);
    checks::everyone_is_well(&world, &members);
    checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
    checks::everyone_has_the_same_order(&world, &members);
    checks::everyone_sees_the_same_people(&world, &members);
    checks::nothing_was_carried_out_twice(&world, &members);
    for member in members {
        checks::has_all_messages(&world, member, &minutes.messages);
        let others: Vec<_> = world.client(member).roster();
        assert_eq!(others.len(), 2, "a ghost stayed: {others:?}");
    }
}

fn every_cut() -> impl Iterator<Item = Cut> {
    let told = [(true, true), (true, false), (false, true), (false, false)];
    (0..=3).flat_map(|keep_up| (0..=3).map(move |keep_down| (keep_up, keep_down))).flat_map(
        move |(keep_up, keep_down)| {
            told.map(|(client_is_told, server_is_told)| Cut {
                keep_up,
                keep_down,
                client_is_told,
                server_is_told,
            })
        },
    )
}

fn length() -> usize {
    let whole = talk(&[]);
    let length = whole.world.delivered();
    assert!(length > 60, "too short a conversation: {length}");
    assert_whole(whole);
    length
}

#[test]
fn one_cut_at_every_frame_loses_any_suffix_and_changes_nothing() {
    for after in 0..length() {
        for cut in every_cut() {
            assert_whole(talk(&[(after, cut)]));
        }
    }
}

#[test]
fn two_cuts_at_every_pair_of_frames_change_nothing() {
    let length = length();
    for first in 0..length {
        for second in first..(first + 16).min(length) {
            let kept = Cut { keep_up: 1, keep_down: 1, ..Cut::CLEAN };
            assert_whole(talk(&[(first, Cut::CLEAN), (second, kept)]));
        }
    }
}
