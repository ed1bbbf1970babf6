//! Somebody floods a room: the others are not delayed beyond a bound, and the flooder is closed.

use parlor_sim::{Minutes, Setup, World, checks, for_each_seed, gather};

/// What a member of a calm room waits for an answer, and what a flood may add: a burst of 400 messages at
/// the speed at which these members read.
const BOUND: u64 = 1_500;

/// Ten seconds of 2,000 messages per second from one, while the others talk. Gives their slowest answer.
fn flood(seed: u64, setup: Setup) -> (u64, Vec<u16>) {
    let mut world = World::new(seed, setup);
    let members = gather(&mut world, 4);
    let [flooder, others @ ..] = members.as_slice() else { unreachable!("four were gathered") };
    others.iter().for_each(|member| world.read_at(*member, Some(100_000)));
    let mut minutes = Minutes::default();
    for (tenth, speaker) in others.iter().cycle().take(100).enumerate() {
        for number in 0..200 {
            world.inject(*flooder, format!(r#"{{"type":"send","data":"{tenth} {number}"}}"#));
        }
        minutes.chat(&mut world, *speaker);
        world.run_for(100);
    }
    world.run_for(20_000);
    checks::everyone_is_well(&world, others);
    checks::everyone_has_the_same_order(&world, others);
    checks::everyone_has_each_chat_once(&world, others, &minutes.chats);
    let slowest = others.iter().map(|id| world.client(*id).record().slowest_answer).max();
    let closes = world.client(*flooder).record().closes.clone();
    (slowest.unwrap_or_default(), closes)
}

#[test]
fn a_flood_does_not_delay_the_others_beyond_a_bound() {
    for_each_seed(3, |seed| {
        let (slowest, closes) = flood(seed, Setup::default());
        assert!(slowest < BOUND, "somebody waited {slowest} ms");
        assert!(closes.contains(&4003), "the flooder was never closed: {closes:?}");
    });
}

#[test]
fn it_is_the_rate_limit_that_keeps_the_bound() {
    let open = Setup { messages_per_second: 1_000_000, burst: 1_000_000, ..Setup::default() };
    let (slowest, closes) = flood(1, open);
    assert!(slowest > BOUND, "{slowest} ms without a limit: the bound proves nothing");
    assert!(!closes.contains(&4003));
}
