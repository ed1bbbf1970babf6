//! What members say of what they publish, and what those who moderate ask for: as types, and as what the rooms know.

use std::borrow::Cow;
use std::time::Duration;

use parlor_rooms::{
    Command, Moderation, PeerId, Permission, Permissions, Refusal, Role, RulesChange, Source, Whom,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::parts;
use crate::error::Problem;

/// Say that you publish something, or how it is now.
#[derive(Deserialize, JsonSchema)]
pub struct Publish<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    #[schemars(with = "parts::Source")]
    pub source: Cow<'a, str>,
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub muted: bool,
}

/// Say that you don't publish it any more.
#[derive(Deserialize, JsonSchema)]
pub struct Unpublish<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    #[schemars(with = "parts::Source")]
    pub source: Cow<'a, str>,
}

/// Raise your hand, or lower it.
#[derive(Deserialize, JsonSchema)]
pub struct RaiseHand {
    pub id: Option<u64>,
    pub raised: bool,
}

/// Do something to the room or to somebody in it; which fields an action takes is told in docs/protocol.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moderate<'a> {
    pub id: Option<u64>,
    pub action: Action,
    /// Whom it is done to.
    #[serde(borrow)]
    pub peer: Option<Cow<'a, str>>,
    /// With `remove`: for how long they stay out, whatever token they bring.
    pub ban_ms: Option<u64>,
    /// With `mute`; without `peer` it is that of everybody who does not moderate.
    #[serde(borrow)]
    #[schemars(with = "Option<parts::Source>")]
    pub source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    #[schemars(with = "Option<parts::Role>")]
    pub role: Option<Cow<'a, str>>,
    #[schemars(with = "Option<Vec<parts::Permission>>")]
    pub permissions: Option<Vec<Cow<'a, str>>>,
    pub locked: Option<bool>,
    pub waiting_room: Option<bool>,
    pub mute_on_entry: Option<bool>,
    /// `null`: the server's limit.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<u64>")]
    pub max_members: Option<Option<u64>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Remove,
    Mute,
    SetRole,
    SetPermissions,
    LowerHand,
    Admit,
    Deny,
    SetRules,
    End,
}

/// Absent is not the same as `null`.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

pub(crate) fn publish(message: &Publish<'_>) -> Result<Command, Problem> {
    Ok(Command::Publish { source: source(&message.source)?, muted: message.muted })
}

pub(crate) fn unpublish(message: &Unpublish<'_>) -> Result<Command, Problem> {
    source(&message.source).map(Command::Unpublish)
}

pub(crate) fn moderate(message: &Moderate<'_>) -> Result<Command, Problem> {
    let peer = || peer(message);
    let moderation = match message.action {
        Action::Remove => {
            Moderation::Remove { peer: peer()?, ban: message.ban_ms.map(Duration::from_millis) }
        }
        Action::Mute => {
            let whom = if message.peer.is_some() { Whom::Peer(peer()?) } else { Whom::Others };
            let source = message.source.as_ref().ok_or_else(|| missing("source"))?;
            Moderation::Mute { whom, source: self::source(source)? }
        }
        Action::SetRole => {
            let word = message.role.as_ref().ok_or_else(|| missing("role"))?;
            let role = Role::parse(word);
            let role =
                role.ok_or_else(|| not_one_of("role", Role::EVERY.map(Role::word).join(", ")))?;
            Moderation::SetRole { peer: peer()?, role }
        }
        Action::SetPermissions => {
            Moderation::SetPermissions { peer: peer()?, permissions: permissions(message)? }
        }
        Action::LowerHand => Moderation::LowerHand { peer: peer()? },
        Action::Admit => Moderation::Admit { peer: peer()? },
        Action::Deny => Moderation::Deny { peer: peer()? },
        Action::SetRules => Moderation::SetRules(rules(message)),
        Action::End => Moderation::End,
    };
    Ok(Command::Moderate(moderation))
}

/// What is no address at all is nobody's address.
fn peer(message: &Moderate<'_>) -> Result<PeerId, Problem> {
    let peer = message.peer.as_ref().ok_or_else(|| missing("peer"))?;
    PeerId::parse(peer).ok_or(Problem::Refused(Refusal::UnknownTarget))
}

fn source(word: &str) -> Result<Source, Problem> {
    let words = || not_one_of("source", Source::EVERY.map(Source::word).join(", "));
    Source::parse(word).ok_or_else(words)
}

fn permissions(message: &Moderate<'_>) -> Result<Permissions, Problem> {
    let words = message.permissions.as_ref().ok_or_else(|| missing("permissions"))?;
    let all = || not_one_of("permissions", Permission::EVERY.map(Permission::word).join(", "));
    words.iter().try_fold(Permissions::NONE, |set, word| {
        Permission::parse(word).map(|one| set.with(one)).ok_or_else(all)
    })
}

fn rules(message: &Moderate<'_>) -> RulesChange {
    let number = |max: u64| usize::try_from(max).unwrap_or(usize::MAX);
    RulesChange {
        locked: message.locked,
        waiting_room: message.waiting_room,
        mute_on_entry: message.mute_on_entry,
        max_members: message.max_members.map(|max| max.map(number)),
    }
}

fn missing(field: &str) -> Problem {
    Problem::BadMessage(format!("`{field}` is missing for this action"))
}

fn not_one_of(field: &str, words: String) -> Problem {
    Problem::BadMessage(format!("`{field}` must be of {words}"))
}
