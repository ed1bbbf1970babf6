//! Who is here: reloads, graces that end, and ghosts that must not stay.

use parlor_sim::{Cut, Minutes, Picture, Setup, World, checks, for_each_seed, gather};

#[test]
fn a_reloaded_page_is_the_same_member_started_anew() {
    for_each_seed(50, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 3);
        let mut minutes = Minutes::default();
        minutes.chat(&mut world, members[0]);
        world.run_for(1_000);
        let peer = world.client(members[0]).peer().map(str::to_owned);
        for incarnation in 2..5 {
            if world.rng.percent(50) {
                world.cut_somehow(members[0]);
            }
            let pause = world.rng.below(200);
            world.run_for(pause);
            world.reload(members[0]);
            let chatting = world.rng.index(3);
            world.run_for(8_000);
            minutes.chat(&mut world, members[chatting]);
            world.run_for(1_000);
            let client = world.client(members[0]);
            assert_eq!(client.peer().map(str::to_owned), peer);
            let last = client.record().pictures.last();
            assert_eq!(last, Some(&Picture { resumed: true, lost: false }));
            let told = format!("member 0 incarnation {incarnation}");
            for other in &members[1..] {
                let changes = &world.client(*other).record().changes;
                assert!(changes.contains(&told), "nobody said {told}: {changes:?}");
            }
        }
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::everyone_sees_the_same_people(&world, &members);
        let leaves = &world.client(members[1]).record().changes;
        assert!(!leaves.iter().any(|change| change.contains("left")), "{leaves:?}");
    });
}

#[test]
fn whoever_does_not_come_back_is_reconnecting_then_gone() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 3);
        let before = world.client(members[0]).peer().map(str::to_owned);
        let server_is_told = world.rng.percent(50);
        world.go_offline(members[0], Cut { server_is_told, ..Cut::CLEAN });
        // Without a word from the network the server needs its idle timeout of 45 s first.
        let notice = if server_is_told { 200 } else { 47_000 };
        world.run_for(notice);
        let changes = |world: &World| world.client(members[1]).record().changes.clone();
        assert_eq!(changes(&world).last().unwrap(), "member 0 reconnecting");
        world.run_for(20_000);
        assert_eq!(changes(&world).last().unwrap(), "member 0 reconnecting");
        world.run_for(11_000);
        assert_eq!(changes(&world).last().unwrap(), "member 0 left: timeout");

        world.come_online(members[0]);
        world.run_for(12_000);
        assert_eq!(changes(&world).last().unwrap(), "member 0 joined");
        assert_ne!(world.client(members[0]).peer().map(str::to_owned), before);
        checks::everyone_is_well(&world, &members);
        checks::everyone_sees_the_same_people(&world, &members);
    });
}

#[test]
fn whoever_comes_back_within_the_grace_has_missed_nothing() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let members = gather(&mut world, 3);
        let mut minutes = Minutes::default();
        world.go_offline(members[0], Cut::CLEAN);
        for _ in 0..40 {
            minutes.anything(&mut world, &members);
            world.run_for(500);
        }
        world.come_online(members[0]);
        world.run_for(9_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::everyone_has_the_same_order(&world, &members);
        for member in &members {
            checks::has_all_messages(&world, *member, &minutes.messages);
        }
    });
}
