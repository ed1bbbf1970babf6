//! Somebody reads slowly: volatile messages are dropped, reliable ones never silently.

use parlor_sim::{ClientId, Minutes, Order, Picture, Setup, World, checks, for_each_seed, gather};

fn crowded() -> Setup {
    Setup { outbox_frames: 64, outbox_bytes: 64 * 1024, ..Setup::default() }
}

/// Two seconds of more than a slow member can read, then silence.
fn burst(world: &mut World, speaker: ClientId, minutes: &mut Minutes) {
    let padding = "x".repeat(600);
    for number in 0..100 {
        for part in 0..3 {
            let data = format!("{number}.{part} {padding}");
            world.order(speaker, Order::Send { data: data.clone(), to: Vec::new() });
            let name = world.client(speaker).name().to_owned();
            minutes.messages.entry(name).or_default().push(data);
        }
        world.order(speaker, Order::Volatile(format!("{number} {padding}")));
        world.run_for(20);
    }
}

#[test]
fn a_slow_reader_is_closed_and_resumes_without_losing_anything() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, crowded());
        let members = gather(&mut world, 3);
        let reading = 24_000 + world.rng.below(16_000);
        world.read_at(members[0], Some(reading));
        let mut minutes = Minutes::default();
        burst(&mut world, members[1], &mut minutes);
        world.run_for(60_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_the_same_order(&world, &members);
        checks::volatile_at_most_once(&world, &members);
        for member in &members {
            checks::has_all_messages(&world, *member, &minutes.messages);
        }
        let [slow, fast] = [members[0], members[2]].map(|id| world.client(id).record());
        assert!(slow.closes.contains(&4002), "never told to be slow: {:?}", slow.closes);
        assert!(fast.closes.is_empty(), "the fast one was closed as well: {:?}", fast.closes);
        let (slow, fast) = (slow.volatiles.len(), fast.volatiles.len());
        assert!(slow < fast && fast == 100, "dropped nothing: {slow} of {fast}");
    });
}

/// More is missed than an outbox holds: the replay alone must not make a slow consumer of somebody.
#[test]
fn a_replay_larger_than_an_outbox_arrives() {
    for_each_seed(10, |seed| {
        let mut world = World::new(seed, crowded());
        let members = gather(&mut world, 2);
        world.go_offline(members[0], parlor_sim::Cut::CLEAN);
        let mut minutes = Minutes::default();
        burst(&mut world, members[1], &mut minutes);
        world.come_online(members[0]);
        for _ in 0..100 {
            minutes.chat(&mut world, members[1]);
            world.run_for(100);
        }
        world.run_for(10_000);
        checks::everyone_is_well(&world, &members);
        checks::has_all_messages(&world, members[0], &minutes.messages);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        let record = world.client(members[0]).record();
        assert_eq!(record.pictures, [Picture { resumed: false, lost: false }]);
    });
}

#[test]
fn whoever_is_away_longer_than_the_log_reaches_is_told_so() {
    for_each_seed(20, |seed| {
        let mut setup = crowded();
        setup.limits.log_events = 100;
        let mut world = World::new(seed, setup);
        let members = gather(&mut world, 3);
        world.go_offline(members[0], parlor_sim::Cut::CLEAN);
        let mut minutes = Minutes::default();
        minutes.chat(&mut world, members[2]);
        burst(&mut world, members[1], &mut minutes);
        // Said while away, and not known to be carried out or not.
        minutes.chat(&mut world, members[0]);
        world.come_online(members[0]);
        world.run_for(20_000);
        checks::everyone_is_well(&world, &members);
        checks::has_all_messages(&world, members[2], &minutes.messages);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::messages_at_most_once(&world, &members);
        checks::everyone_sees_the_same_people(&world, &members);
        let record = world.client(members[0]).record();
        assert_eq!(record.pictures.last(), Some(&Picture { resumed: true, lost: true }));
        assert!(record.messages.len() < 300);
    });
}

#[test]
fn volatile_messages_alone_never_close_a_slow_reader() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, crowded());
        let members = gather(&mut world, 2);
        world.read_at(members[0], Some(40_000));
        let mut minutes = Minutes::default();
        for number in 0..400 {
            world.order(members[1], Order::Volatile(format!("{number} {}", "x".repeat(600))));
            if number % 100 == 50 {
                minutes.chat(&mut world, members[1]);
            }
            world.run_for(5);
        }
        world.run_for(10_000);
        checks::everyone_is_well(&world, &members);
        checks::everyone_has_each_chat_once(&world, &members, &minutes.chats);
        checks::volatile_at_most_once(&world, &members);
        let record = world.client(members[0]).record();
        assert!(record.closes.is_empty(), "closed for cursors: {:?}", record.closes);
        let seen = record.volatiles.len();
        assert!((100..400).contains(&seen), "dropped nothing, or too much: {seen}");
    });
}
