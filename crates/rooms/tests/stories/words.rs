//! Short words for the values that stories are told in.

use std::time::Duration;

use parlor_rooms::{
    Admission, ChatKey, Command, Delivery, DisplayName, Identity, Json, Moderation, Nonce, PeerId,
    Role, RoomName, Rules, Signal, Source, Targets, Update,
};

pub fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

pub fn nonce(text: &str) -> Option<Nonce> {
    Some(Nonce::parse(text).unwrap())
}

pub fn identity(text: &str) -> Option<Identity> {
    Some(Identity::parse(text).unwrap())
}

/// A token of nobody in particular that gives a role.
pub fn as_role(role: Role) -> Admission {
    Admission { role: Some(role), ..Admission::default() }
}

/// What makes a room in which newcomers wait.
pub fn guarded() -> Admission {
    let rules = Rules { waiting_room: true, ..Rules::default() };
    Admission { rules: rules.into(), ..Admission::default() }
}

pub fn remove(peer: PeerId) -> Moderation {
    Moderation::Remove { peer, ban: None }
}

pub fn ban(peer: PeerId, time: Duration) -> Moderation {
    Moderation::Remove { peer, ban: Some(time) }
}

pub fn set_role(peer: PeerId, role: Role) -> Moderation {
    Moderation::SetRole { peer, role }
}

pub fn publish(source: Source) -> Command {
    Command::Publish { source, muted: false }
}

pub fn chat(text: &str) -> Command {
    Command::Chat { text: text.into(), key: None }
}

pub fn marked_chat(text: &str, key: &str) -> Command {
    Command::Chat { text: text.into(), key: Some(ChatKey::parse(key).unwrap()) }
}

pub fn send(to: Targets, data: &str) -> Command {
    Command::Message { to, data: Json::from_checked(data), delivery: Delivery::Reliable }
}

pub fn send_volatile(to: Targets, data: &str) -> Command {
    Command::Message { to, data: Json::from_checked(data), delivery: Delivery::Volatile }
}

pub fn offer(to: Targets, sdp: &str) -> Command {
    Command::Signal { to, signal: Signal::Offer(sdp.into()) }
}

pub fn answer(to: Targets, sdp: &str) -> Command {
    Command::Signal { to, signal: Signal::Answer(sdp.into()) }
}

pub fn candidate(to: Targets, init: &str) -> Command {
    Command::Signal { to, signal: Signal::Candidate(Json::from_checked(init)) }
}

pub fn rename(name: &str) -> Command {
    let name = Some(DisplayName::parse(name).unwrap());
    Command::Update(Update { name, attributes: Vec::new() })
}

/// `None` removes the key.
pub fn set(attributes: &[(&str, Option<&str>)]) -> Command {
    let attributes = attributes.iter().map(|(key, value)| ((*key).into(), value.map(Into::into)));
    Command::Update(Update { name: None, attributes: attributes.collect() })
}
