//! Connections that both ends believe in while nothing arrives: later everything comes late, or never.

use parlor_sim::{Cut, Minutes, Setup, Way, Weather, World, checks, for_each_seed, gather};

#[test]
fn twenty_seconds_of_silence_cost_time_and_nothing_else() {
    for_each_seed(40, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 4);
        let mut minutes = Minutes::default();
        for second in 0..60 {
            if second % 5 == 0 {
                let member = members[world.rng.index(members.len())];
                let ways: &[Way] = match world.rng.below(3) {
                    0 => &[Way::Up],
                    1 => &[Way::Down],
                    _ => &[Way::Up, Way::Down],
                };
                ways.iter().for_each(|way| world.stall(member, *way, 20_000));
            }
            if world.rng.percent(10) {
                world.cut_somehow(members[0]);
            }
            for _ in 0..4 {
                minutes.anything(&mut world, &members);
                world.run_for(250);
            }
        }
        world.run_for(60_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::everyone_has_the_same_order(&world, &members);
        checks::nothing_was_carried_out_twice(&world, &members);
        checks::volatile_at_most_once(&world, &members);
        for member in &members {
            checks::has_all_messages(&world, *member, &minutes.messages);
        }
    });
}

/// The client gives up a connection whose way up is stalled, resumes over another, and then the first
/// `resume` arrives after all: at any moment around the second.
#[test]
fn a_resume_that_comes_late_does_not_put_out_the_one_that_came_first() {
    for offset in (0..400).step_by(3).chain((400..8_000).step_by(190)) {
        let weather = Weather { latency: 20, jitter: 0 };
        let mut world = World::new(1, Setup { weather, ..Setup::default() });
        let members = gather(&mut world, 2);
        world.cut(members[0], Cut::CLEAN);
        world.run_for(45); // Its new connection is welcomed; its `resume` has left.
        world.stall(members[0], Way::Up, 4_900 + offset);
        world.run_for(20_000);
        let mut minutes = Minutes::default();
        minutes.chat(&mut world, members[0]);
        minutes.chat(&mut world, members[1]);
        world.run_for(2_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        let roster = world.client(members[1]).roster();
        assert_eq!(roster, ["member 0 connected 1", "member 1 connected 1"], "offset {offset}");
    }
}

/// The same for a `join` that is repeated with its nonce.
#[test]
fn a_join_that_comes_late_does_not_put_out_the_one_that_came_first() {
    for offset in (0..400).step_by(3).chain((400..8_000).step_by(190)) {
        let weather = Weather { latency: 20, jitter: 0 };
        let mut world = World::new(1, Setup { weather, ..Setup::default() });
        let members = [world.native("Ada", "standup"), world.native("Grace", "standup")];
        world.run_for(30);
        world.stall(members[0], Way::Up, 4_900 + offset);
        world.run_for(20_000);
        let mut minutes = Minutes::default();
        minutes.chat(&mut world, members[0]);
        world.run_for(2_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        assert_eq!(world.client(members[1]).roster().len(), 2, "offset {offset}");
    }
}
