//! What messages of the native protocol are made of, as types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub struct ProtocolRange {
    pub min: u64,
    pub max: u64,
}

/// Somebody in a room.
#[derive(Serialize, JsonSchema)]
pub struct Member<'a> {
    pub peer: String,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'a str>,
    /// An address that the member chose itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<&'a str>,
    pub attributes: BTreeMap<&'a str, &'a str>,
    #[schemars(with = "Role")]
    pub role: &'static str,
    #[schemars(with = "Vec<Permission>")]
    pub permissions: Vec<&'static str>,
    /// What the member publishes.
    pub tracks: Vec<Track>,
    /// Since when the hand is raised; milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand: Option<u64>,
    pub state: State,
    /// Grows when the client started anew while the membership went on.
    pub incarnation: u64,
    /// Grows with each join of the room.
    pub order: u64,
}

/// The words of `parlor_rooms::Permission`.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "names the words in the schema")]
pub enum Permission {
    Chat,
    Message,
    Signal,
    Update,
    Microphone,
    Camera,
    Screen,
    Subscribe,
    Moderate,
    Record,
}

/// The words of `parlor_rooms::Role`.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "names the words in the schema")]
pub enum Role {
    Listener,
    Speaker,
    Moderator,
    Owner,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Connected,
    Reconnecting,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveReason {
    Left,
    Timeout,
    Replaced,
    /// By somebody who moderates.
    Removed,
    /// The room was ended for everybody.
    Ended,
    /// The token's time was over.
    Expired,
}

/// Somebody in a room, as seen from outside.
#[derive(Serialize, JsonSchema)]
pub struct Present<'a> {
    pub name: &'a str,
}

/// What a member publishes.
#[derive(Serialize, JsonSchema)]
pub struct Track {
    pub source: Source,
    pub muted: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Microphone,
    Camera,
    Screen,
}

/// How a room is run.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one room")]
pub struct Rules {
    pub locked: bool,
    pub waiting_room: bool,
    pub mute_on_entry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_members: Option<u64>,
    /// It is kept while nobody is in it.
    pub permanent: bool,
}

/// Somebody who waits to be let in.
#[derive(Serialize, JsonSchema)]
pub struct Knocker<'a> {
    pub peer: String,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'a str>,
    /// Milliseconds since 1970 UTC.
    pub since: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnockEnd {
    Admitted,
    Denied,
    Left,
}
