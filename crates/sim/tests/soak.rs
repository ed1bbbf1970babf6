//! Random life for hours of virtual time: in the end nothing is kept, and the same seed was the same life.

use std::hash::{DefaultHasher, Hash, Hasher};

use parlor_sim::{ClientId, Cut, Order, Setup, Way, World, checks, for_each_seed};

const ROOMS: u64 = 4;
const PEOPLE: usize = 10;

/// One person does one thing, or one thing happens to them.
fn live(world: &mut World, people: &mut Vec<ClientId>, born: &mut Vec<ClientId>) {
    if people.len() < PEOPLE && world.rng.percent(30) {
        let (number, room) = (born.len(), format!("room {}", world.rng.below(ROOMS)));
        let name = format!("person {number}");
        let person = if world.rng.percent(75) {
            world.native(&name, &room)
        } else {
            world.json(&name, &room)
        };
        people.push(person);
        born.push(person);
    }
    let at = world.rng.index(people.len());
    let Some(person) = people.get(at).copied() else { return };
    let stall = world.rng.below(60_000);
    match world.rng.below(100) {
        0..40 => world.chat(person, format!("chat {}", world.now())),
        40..60 => {
            let data = format!("data {}", world.rng.draw());
            world.order(person, Order::Send { data, to: Vec::new() });
        }
        60..65 => {
            let data = format!("cursor {}", world.rng.draw());
            world.order(person, Order::Volatile(data));
        }
        65..70 => {
            let (key, value) = ("mic".into(), format!("{}", world.now()));
            world.order(person, Order::Attribute { key, value });
        }
        70..80 => world.cut_somehow(person),
        80..84 => world.stall(person, Way::Up, stall),
        84..88 => world.stall(person, Way::Down, stall),
        88..91 => world.reload(person),
        91..93 => world.read_at(person, Some(5_000)),
        93..95 => world.read_at(person, None),
        95..98 => {
            world.order(person, Order::Leave);
            people.swap_remove(at);
        }
        98 => {
            world.go_offline(person, Cut { server_is_told: stall < 30_000, ..Cut::CLEAN });
            people.swap_remove(at);
        }
        _ if world.rng.percent(10) => world.restart(1_000),
        _ => {}
    }
}

/// Whatever happened, nobody was put out or refused anything.
fn assert_civil(world: &World, born: &[ClientId]) {
    for person in born {
        let client = world.client(*person);
        let record = client.record();
        assert!(record.refusals.is_empty(), "{}: {:?}", client.name(), record.refusals);
        assert!(!record.closes.contains(&4001), "{} was put out", client.name());
        checks::messages_at_most_once(world, &[*person]);
    }
}

fn life(seed: u64, hours: u64) -> World {
    let mut world = World::new(seed, Setup::default());
    let (mut people, mut born) = (Vec::new(), Vec::new());
    while world.now() < hours * 3_600_000 {
        live(&mut world, &mut people, &mut born);
        let pause = world.rng.below(4_000);
        world.run_for(pause);
    }
    // Whoever wanted to leave may still be trying, over a bad network.
    for person in &born {
        world.go_offline(*person, Cut::CLEAN);
    }
    // The longest of: idle timeout and grace, then the grace of an empty room.
    world.run_for(300_000);
    assert_civil(&world, &born);
    world
}

#[test]
fn after_hours_of_random_life_nothing_is_kept() {
    for_each_seed(3, |seed| checks::nothing_is_kept(&life(seed, 2)));
}

#[test]
fn the_same_seed_is_the_same_life() {
    let print = |seed| {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", life(seed, 1)).hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(print(5), print(5));
    assert_ne!(print(5), print(6));
}
