//! Every message of the native protocol as a type. The schema and `protocol.d.ts` are made from these.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::order::{Moderate, Publish, RaiseHand, Unpublish};
use super::parts::{KnockEnd, Knocker, LeaveReason, Member, Present, ProtocolRange, Rules};
use crate::ice::IceServer;

/// What a client may send.
#[derive(JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ClientMessage<'a> {
    Join(Join<'a>),
    Resume(Resume<'a>),
    Leave(Leave),
    Chat(Chat<'a>),
    Send(Send<'a>),
    Emit(Emit<'a>),
    Offer(Description<'a>),
    Answer(Description<'a>),
    Candidate(Candidate<'a>),
    Update(Update<'a>),
    Publish(Publish<'a>),
    Unpublish(Unpublish<'a>),
    RaiseHand(RaiseHand),
    Moderate(Moderate<'a>),
    Presence(PresenceQuery<'a>),
    Token(Token<'a>),
    Ack(Ack),
    Ping(Ping),
}

/// Become a member of a room.
#[derive(Deserialize, JsonSchema)]
pub struct Join<'a> {
    pub id: Option<u64>,
    pub protocol: u64,
    #[serde(borrow)]
    pub room: Cow<'a, str>,
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    pub attributes: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow)]
    pub identity: Option<Cow<'a, str>>,
    /// Made anew for each join by the client; a repeated join with it gets the same session.
    #[serde(borrow)]
    pub nonce: Option<Cow<'a, str>>,
    /// Where only the invited may come in.
    #[serde(borrow)]
    pub token: Option<Cow<'a, str>>,
}

/// Go on with a session over a new connection.
#[derive(Deserialize, JsonSchema)]
pub struct Resume<'a> {
    pub id: Option<u64>,
    pub protocol: u64,
    #[serde(borrow)]
    pub room: Cow<'a, str>,
    #[serde(borrow)]
    pub peer: Cow<'a, str>,
    #[serde(borrow)]
    pub secret: Cow<'a, str>,
    /// The largest number that the client has; without it the client starts anew as the same member.
    pub seq: Option<u64>,
}

/// End the membership now.
#[derive(Deserialize, JsonSchema)]
pub struct Leave {
    pub id: Option<u64>,
}

/// Say something to everybody; kept for late joiners.
#[derive(Deserialize, JsonSchema)]
pub struct Chat<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Delivered with the message, so that a client can recognise its own.
    #[serde(borrow)]
    pub key: Option<Cow<'a, str>>,
}

/// Give any JSON to some members or to everybody else.
#[derive(Deserialize, JsonSchema)]
pub struct Send<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    #[schemars(with = "serde_json::Value")]
    pub data: &'a RawValue,
    /// Everybody else when absent.
    #[serde(borrow)]
    pub to: Option<Vec<Cow<'a, str>>>,
    /// May be dropped under pressure; has no number and no second try.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub volatile: bool,
}

/// Give a named event with arguments, as clients of Socket.IO do, to some members or to everybody else.
#[derive(Deserialize, JsonSchema)]
pub struct Emit<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub args: &'a RawValue,
    /// Everybody else when absent.
    #[serde(borrow)]
    pub to: Option<Vec<Cow<'a, str>>>,
    /// May be dropped under pressure; has no number and no second try.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub volatile: bool,
}

/// A session description for one peer (RFC 8829).
#[derive(Deserialize, JsonSchema)]
pub struct Description<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub to: Cow<'a, str>,
    #[serde(borrow)]
    pub sdp: Cow<'a, str>,
}

/// An ICE candidate for one peer.
#[derive(Deserialize, JsonSchema)]
pub struct Candidate<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub to: Cow<'a, str>,
    /// `null`: there are no more.
    #[serde(borrow)]
    #[schemars(schema_with = "candidate_or_null")]
    pub candidate: &'a RawValue,
}

/// An `RTCIceCandidateInit` of the W3C.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is passed on unread")]
pub struct IceCandidate {
    pub candidate: String,
    pub sdp_mid: Option<String>,
    pub sdp_m_line_index: Option<u16>,
    pub username_fragment: Option<String>,
}

/// `Option` would make the field look optional; it is not.
fn candidate_or_null(generator: &mut SchemaGenerator) -> Schema {
    let candidate = generator.subschema_for::<IceCandidate>();
    json_schema!({ "anyOf": [candidate, { "type": "null" }] })
}

/// Change what the others see of you.
#[derive(Deserialize, JsonSchema)]
pub struct Update<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    /// Merged; `null` removes a key.
    pub attributes: Option<BTreeMap<Cow<'a, str>, Option<Cow<'a, str>>>>,
}

/// Ask who is in a room, without joining.
#[derive(Deserialize, JsonSchema)]
pub struct PresenceQuery<'a> {
    pub id: Option<u64>,
    pub protocol: u64,
    #[serde(borrow)]
    pub room: Cow<'a, str>,
    /// Where only the invited may look.
    #[serde(borrow)]
    pub token: Option<Cow<'a, str>>,
}

/// A newer token, before the one that the member came in by expires.
#[derive(Deserialize, JsonSchema)]
pub struct Token<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub token: Cow<'a, str>,
}

/// "I have everything up to here." Not answered.
#[derive(Deserialize, JsonSchema)]
pub struct Ack {
    pub seq: u64,
}

/// Answered with `pong` at once.
#[derive(Deserialize, JsonSchema)]
pub struct Ping {
    pub id: Option<u64>,
}

/// What the server sends.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ServerMessage<'a> {
    /// The first frame of every connection.
    Welcome {
        protocol: ProtocolRange,
        server: &'a str,
        ping_interval_ms: u64,
        idle_timeout_ms: u64,
        max_frame_bytes: u64,
        messages_per_second: u32,
        burst: u32,
    },
    /// The whole picture of the room, to a new member or to one who can't go on where it was.
    Joined {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        room: &'a str,
        /// Your own address.
        peer: String,
        /// Resumes your session; changes with each use.
        secret: String,
        seq: u64,
        members: Vec<Member<'a>>,
        /// How the room is run.
        rules: Rules,
        /// Those who wait to be let in; only for members who moderate.
        #[serde(skip_serializing_if = "Option::is_none")]
        waiting: Option<Vec<Knocker<'a>>>,
        #[schemars(with = "Vec<ChatEvent>")]
        history: Vec<ServerMessage<'a>>,
        grace_ms: u64,
        ice_servers: &'a [IceServer],
        /// You are the same member as before.
        resumed: bool,
        /// Events meant for you are gone.
        lost: bool,
    },
    /// The session goes on; what was missed follows.
    Resumed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        room: &'a str,
        peer: String,
        secret: String,
        seq: u64,
        /// How many of the next events were missed.
        replayed: u64,
    },
    /// The join goes on when somebody who moderates has let you in: `joined` or `error` follows, with the same `id`.
    Waiting {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        room: &'a str,
        /// The address that you will have, and by which those who moderate see you.
        peer: String,
    },
    /// A request was carried out.
    Ok {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// A request was refused; the connection goes on.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        code: &'a str,
        message: String,
        hint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// Who is in a room.
    Presence {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        room: &'a str,
        members: Vec<Present<'a>>,
    },
    /// In place of those of `joined`, whose credentials are about to expire.
    IceServers {
        ice_servers: &'a [IceServer],
        /// How long these hold.
        ttl_ms: u64,
    },
    /// The server ends in so long. Until then rooms go on, but no new ones begin.
    GoingAway {
        in_ms: u64,
        /// Where to join then, if not here again.
        #[serde(skip_serializing_if = "Option::is_none")]
        go_to: Option<&'a str>,
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// Every member has acknowledged everything up to here.
        stable: u64,
    },
    MemberJoined {
        seq: u64,
        member: Member<'a>,
        /// Milliseconds since 1970 UTC.
        at: u64,
    },
    MemberLeft {
        seq: u64,
        peer: String,
        reason: LeaveReason,
        at: u64,
    },
    /// Name, attributes, state or incarnation changed.
    MemberUpdated {
        seq: u64,
        member: Member<'a>,
        at: u64,
    },
    Chat {
        seq: u64,
        from: String,
        name: &'a str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
        at: u64,
    },
    /// Somebody's `send`; a volatile one has no `seq`.
    Message {
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        from: String,
        #[schemars(with = "serde_json::Value")]
        data: &'a RawValue,
    },
    /// Somebody's named event; a volatile one has no `seq`.
    Event {
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        from: String,
        name: &'a str,
        /// Binary arguments are `{"$binary": base64}`.
        #[schemars(with = "Vec<serde_json::Value>")]
        args: serde_json::Value,
    },
    Offer {
        seq: u64,
        from: String,
        sdp: &'a str,
    },
    Answer {
        seq: u64,
        from: String,
        sdp: &'a str,
    },
    Candidate {
        seq: u64,
        from: String,
        #[schemars(schema_with = "candidate_or_null")]
        candidate: &'a RawValue,
    },
    /// For members who moderate: somebody waits to be let in.
    Knock {
        seq: u64,
        who: Knocker<'a>,
    },
    /// For members who moderate: nobody waits under this address any more.
    KnockEnded {
        seq: u64,
        peer: String,
        how: KnockEnd,
    },
    RoomUpdated {
        seq: u64,
        rules: Rules,
        at: u64,
    },
    /// Your token ends then, and with it your membership, unless you send a newer one.
    TokenExpiring {
        /// Milliseconds since 1970 UTC.
        ends_at: u64,
    },
}

/// A kept chat message: the same object as the `chat` event.
#[derive(JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[expect(dead_code, reason = "narrows the schema of `history`")]
pub enum ChatEvent {
    Chat { seq: u64, from: String, name: String, text: String, key: Option<String>, at: u64 },
}
