//! People who talk: gathers them in a room, lets one of them say something, and keeps the minutes for the checks.

use std::collections::BTreeMap;

use crate::client::Chat;
use crate::plan::Order;
use crate::world::{ClientId, World};

/// What everybody said, to compare with what everybody saw.
#[derive(Debug, Default)]
pub struct Minutes {
    pub chats: Vec<Chat>,
    /// Reliable messages to everybody else, by sender.
    pub messages: BTreeMap<String, Vec<String>>,
    said: usize,
}

/// So many native members enter a room and know each other.
pub fn gather(world: &mut World, count: usize) -> Vec<ClientId> {
    let members: Vec<ClientId> =
        (0..count).map(|n| world.native(&format!("member {n}"), "standup")).collect();
    world.run_for(2_000);
    members
}

impl Minutes {
    pub fn chat(&mut self, world: &mut World, member: ClientId) {
        let name = world.client(member).name().to_owned();
        self.said += 1;
        let text = format!("{name} says {}", self.said);
        world.chat(member, text.clone());
        self.chats.push(Chat { name, text });
    }

    pub fn message(&mut self, world: &mut World, member: ClientId) {
        let name = world.client(member).name().to_owned();
        self.said += 1;
        let data = format!("{name} sends {}", self.said);
        world.order(member, Order::Send { data: data.clone(), to: Vec::new() });
        self.messages.entry(name).or_default().push(data);
    }

    pub fn point(&mut self, world: &mut World, member: ClientId) {
        self.said += 1;
        world.order(member, Order::Volatile(format!("points {}", self.said)));
    }

    /// Somebody says something: mostly chat, some messages, some volatile ones.
    pub fn anything(&mut self, world: &mut World, members: &[ClientId]) {
        let Some(member) = members.get(world.rng.index(members.len())) else { return };
        match world.rng.below(10) {
            0..5 => self.chat(world, *member),
            5..8 => self.message(world, *member),
            _ => self.point(world, *member),
        }
    }
}
