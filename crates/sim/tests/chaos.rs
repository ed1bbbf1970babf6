//! Connections die all the time while people talk: nothing is lost, nothing comes twice, one order for all.

use parlor_sim::{ClientId, Minutes, Setup, World, checks, for_each_seed, gather};

fn kill_a_third(world: &mut World, members: &[ClientId]) {
    for member in members {
        if world.rng.percent(30) {
            world.cut_somehow(*member);
        }
    }
}

#[test]
fn a_third_of_all_connections_die_every_second_and_nothing_is_lost() {
    for_each_seed(30, |seed| {
        let mut world = World::new(seed, Setup::default());
        let count = 3 + world.rng.index(6);
        let members = gather(&mut world, count);
        let mut minutes = Minutes::default();
        for _ in 0..60 {
            // A burst, so that much is in flight when the connections break.
            for _ in 0..5 {
                minutes.anything(&mut world, &members);
            }
            let moment = world.rng.below(120);
            world.run_for(moment);
            kill_a_third(&mut world, &members);
            for _ in 0..5 {
                minutes.anything(&mut world, &members);
                world.run_for((1_000 - moment) / 5);
            }
        }
        world.run_for(30_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::everyone_has_the_same_order(&world, &members);
        checks::nothing_was_carried_out_twice(&world, &members);
        checks::volatile_at_most_once(&world, &members);
        checks::everyone_sees_the_same_people(&world, &members);
        for member in &members {
            checks::has_all_messages(&world, *member, &minutes.messages);
        }
        let resumes = members.iter().map(|id| world.client(*id).record().resumes.len());
        let resumes: usize = resumes.sum();
        assert!(resumes > 5 * count, "only {resumes} resumes: this run proves little");
    });
}
