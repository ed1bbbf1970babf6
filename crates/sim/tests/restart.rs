//! The server dies and another one starts with nothing: chat is brought back by those who said it.

use parlor_sim::{Cut, Minutes, Setup, World, checks, for_each_seed, gather};

/// What the protocol promises for chat: its author keeps it until it is stable, and for a grace time at least
/// (a new server counts as "all" only who has come back to it), and says it again under the same key; whoever
/// has the key drops it. What nobody promises: reliable `send`s, one order for all across a restart, chats whose
/// authors are gone as well, and all of this for somebody who was away for longer than the grace time.
#[test]
fn every_survivor_has_every_chat_once_after_restarts() {
    for_each_seed(40, |seed| {
        let mut world = World::new(seed, Setup::default());
        let count = 2 + world.rng.index(5);
        let members = gather(&mut world, count);
        let mut minutes = Minutes::default();
        for second in 0..40 {
            if second % 10 == 5 {
                let down = world.rng.below(5_000);
                world.restart(down);
            }
            let member = members[world.rng.index(count)];
            if world.rng.percent(40) {
                world.cut_somehow(member);
            }
            for _ in 0..4 {
                minutes.anything(&mut world, &members);
                let pause = world.rng.below(500);
                world.run_for(pause);
            }
        }
        world.run_for(60_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::messages_at_most_once(&world, &members);
        checks::everyone_sees_the_same_people(&world, &members);
    });
}

/// Without a loss of the server a newcomer finds each chat once too, however often it was repeated.
#[test]
fn a_newcomer_after_a_restart_finds_each_chat_that_was_brought_back_once() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 3);
        let mut minutes = Minutes::default();
        for member in &members {
            minutes.chat(&mut world, *member);
        }
        let pause = world.rng.below(300);
        world.run_for(pause);
        world.restart(1_000);
        world.run_for(20_000);
        let newcomer = world.native("Newcomer", "standup");
        world.run_for(2_000);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::everyone_has_each_chat_once(&world, &[newcomer], &minutes.chats);
    });
}

/// The server believes for up to 45 s in a connection that is dead; until then nothing is stable.
#[test]
fn a_chat_is_kept_for_whoever_has_not_acknowledged_it_however_long_that_takes() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 3);
        world.go_offline(members[0], Cut { server_is_told: false, ..Cut::CLEAN });
        world.run_for(1_000);
        let mut minutes = Minutes::default();
        minutes.chat(&mut world, members[1]);
        world.run_for(38_000);
        world.restart(500);
        world.come_online(members[0]);
        world.run_for(25_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
    });
}
