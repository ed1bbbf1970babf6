//! What the protocol promises, as assertions over what the clients have seen.

use std::collections::BTreeMap;

use crate::client::{Chat, Record};
use crate::world::{ClientId, World};

/// Everybody has each of these chats once; more may be there only if `expected` says so.
///
/// # Panics
/// When somebody lacks a chat, has one twice, or has one that nobody sent.
pub fn everyone_has_each_chat_once(world: &World, members: &[ClientId], expected: &[Chat]) {
    let mut expected = expected.to_vec();
    expected.sort();
    for member in members {
        let client = world.client(*member);
        let mut seen = client.record().chats.clone();
        seen.sort();
        assert_same(client.name(), "chats", &seen, &expected);
    }
}

/// The chats of all these members are the same list: one order for the room.
///
/// # Panics
/// When two members have seen different orders.
pub fn everyone_has_the_same_order(world: &World, members: &[ClientId]) {
    let mut by_seq: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
    let mut chats: Option<&[Chat]> = None;
    for member in members {
        let client = world.client(*member);
        let record = client.record();
        assert_increasing(client.name(), record);
        for (seq, text) in &record.log {
            let (by, first) = by_seq.entry(*seq).or_insert((client.name(), text));
            assert!(first == text, "event {seq}: {by} saw {first}, {} saw {text}", client.name());
        }
        let first = *chats.get_or_insert(&record.chats);
        assert!(first == record.chats, "{} saw another order of chats", client.name());
    }
}

/// What each sender sent, by name, reached this member whole, once and in order; its own does not come back.
///
/// # Panics
/// When something was lost, doubled or reordered.
pub fn has_all_messages(world: &World, member: ClientId, sent: &BTreeMap<String, Vec<String>>) {
    let client = world.client(member);
    let own = client.record().messages.iter().find(|message| message.name == client.name());
    assert!(own.is_none(), "its own came back to {}: {own:?}", client.name());
    for (name, expected) in sent.iter().filter(|(name, _)| *name != client.name()) {
        let from = client.record().messages.iter().filter(|message| message.name == *name);
        let seen: Vec<String> = from.map(|message| message.data.clone()).collect();
        assert_same(client.name(), &format!("messages of {name}"), &seen, expected);
    }
}

/// Nobody saw one of these twice.
///
/// # Panics
/// When a volatile message came twice.
pub fn volatile_at_most_once(world: &World, members: &[ClientId]) {
    for member in members {
        let client = world.client(*member);
        let mut seen = client.record().volatiles.clone();
        seen.sort();
        let doubled = seen.windows(2).find(|pair| pair.first() == pair.last());
        assert!(doubled.is_none(), "{} saw {doubled:?} twice", client.name());
    }
}

/// Nobody needed a key to tell that a chat came again: the server recognised every repeated request.
/// Not after a restart.
///
/// # Panics
/// When a repeated chat was carried out again.
pub fn nothing_was_carried_out_twice(world: &World, members: &[ClientId]) {
    for member in members {
        let client = world.client(*member);
        let repeated = client.record().repeated_keys;
        assert!(repeated == 0, "{} saw {repeated} chats again under a known key", client.name());
    }
}

/// Nobody saw a reliable message twice.
///
/// # Panics
/// When one came twice.
pub fn messages_at_most_once(world: &World, members: &[ClientId]) {
    for member in members {
        let client = world.client(*member);
        let mut seen = client.record().messages.clone();
        seen.sort();
        let doubled = seen.windows(2).find(|pair| pair.first() == pair.last());
        assert!(doubled.is_none(), "{} saw {doubled:?} twice", client.name());
    }
}

/// Each is a member, waits for no answer and was refused nothing.
///
/// # Panics
/// When somebody is not.
pub fn everyone_is_well(world: &World, members: &[ClientId]) {
    for member in members {
        let client = world.client(*member);
        let (name, record) = (client.name(), client.record());
        assert!(client.is_member(), "{name} is no member: {record:?}");
        assert!(record.refusals.is_empty(), "{name} was refused: {:?}", record.refusals);
        assert!(client.unanswered() == 0, "{name} waits for {} answers", client.unanswered());
    }
}

/// All these members see the same people.
///
/// # Panics
/// When two rosters differ.
pub fn everyone_sees_the_same_people(world: &World, members: &[ClientId]) {
    let rosters = members.iter().map(|member| world.client(*member).roster());
    let mut rosters = rosters.collect::<Vec<_>>();
    rosters.dedup();
    assert!(rosters.len() <= 1, "rosters differ: {rosters:#?}");
}

/// After everybody has left and every grace is over, nothing is kept.
///
/// # Panics
/// When something leaks.
pub fn nothing_is_kept(world: &World) {
    let counters = world.counters();
    assert!(counters == parlor_rooms::Counters::default(), "leaked: {counters:?}");
    assert!(world.connections() == 0, "{} connections leaked", world.connections());
    assert!(world.links() == 0, "{} links leaked", world.links());
}

fn assert_increasing(name: &str, record: &Record) {
    let mut pairs = record.log.windows(2);
    let bad = pairs.find(|pair| matches!(pair, [a, b] if a.0 >= b.0));
    assert!(bad.is_none(), "{name} handled {bad:?} out of order");
}

fn assert_same<T: PartialEq + std::fmt::Debug>(name: &str, what: &str, seen: &[T], wanted: &[T]) {
    let lacks: Vec<&T> = wanted.iter().filter(|item| !seen.contains(item)).collect();
    assert!(lacks.is_empty(), "{name} lacks {what}: {lacks:?}");
    let strange: Vec<&T> = seen.iter().filter(|item| !wanted.contains(item)).collect();
    assert!(strange.is_empty(), "{name} has {what} that nobody sent: {strange:?}");
    let (has, sent) = (seen.len(), wanted.len());
    assert!(has == sent, "{name} has {what} twice: {has} instead of {sent}");
    assert!(seen == wanted, "{name} has {what} in another order: {seen:?}");
}
