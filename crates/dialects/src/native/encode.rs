//! What rooms put out, as frames of the native protocol. Remembers nothing.

use bytes::Bytes;
use parlor_rooms::{
    Body, Call, Event, Joined, Json, MemberView, PeerId, Picture, Refusal, Reply, Resumed, Seq,
};
use serde_json::value::RawValue;

use super::PROTOCOL;
use super::messages::ServerMessage;
use super::parts::{
    KnockEnd, Knocker, LeaveReason, Member, Present, ProtocolRange, Rules, Source, State, Track,
};
use crate::error::Problem;
use crate::ice::Ice;
use crate::payload::args_with_binary;
use crate::terms::Terms;

#[must_use]
pub fn encode_event(event: &Event) -> Bytes {
    match &event.body {
        Body::Message { from, data } => encode_message(event.seq, *from, data),
        Body::MemberJoined(_)
        | Body::MemberUpdated(_)
        | Body::MemberLeft { .. }
        | Body::Chat { .. }
        | Body::Emitted { .. }
        | Body::Offer { .. }
        | Body::Answer { .. }
        | Body::Candidate { .. }
        | Body::Knock(_)
        | Body::KnockEnded { .. }
        | Body::RoomUpdated(_)
        | Body::TokenExpiring { .. } => write(&event_message(event)),
    }
}

/// What is relayed most: put together from parts that are JSON already, in a buffer that is neither too large nor too small.
fn encode_message(seq: Option<Seq>, from: PeerId, data: &Json) -> Bytes {
    let mut digits = itoa::Buffer::new();
    let (field, seq) = match seq {
        Some(seq) => (r#","seq":"#, digits.format(seq.0)),
        None => ("", ""),
    };
    let from = from.letters();
    let parts: [&[u8]; 8] = [
        br#"{"type":"message""#,
        field.as_bytes(),
        seq.as_bytes(),
        br#","from":""#,
        &from,
        br#"","data":"#,
        data.as_str().as_bytes(),
        b"}",
    ];
    parts.concat().into()
}

#[must_use]
pub fn encode_reply(call: Call, reply: &Result<Reply, Refusal>, ice: &Ice) -> Bytes {
    let id = call.request.map(parlor_rooms::RequestId::get);
    match reply {
        Ok(Reply::Joined(joined)) => write(&joined_message(id, joined, ice)),
        Ok(Reply::Resumed(resumed)) => write(&resumed_message(id, resumed)),
        Ok(Reply::Waiting(waiting)) => {
            let (room, peer) = (waiting.room.as_str(), waiting.peer.to_string());
            write(&ServerMessage::Waiting { id, room, peer })
        }
        Ok(Reply::Done { seq }) => write(&ServerMessage::Ok { id, seq: seq.map(|seq| seq.0) }),
        Ok(Reply::Left) => write(&ServerMessage::Ok { id, seq: None }),
        Ok(Reply::Presence(presence)) => {
            let members = presence.names.iter().map(|name| Present { name: name.as_str() });
            let room = presence.room.as_str();
            write(&ServerMessage::Presence { id, room, members: members.collect() })
        }
        Ok(Reply::Pong { stable }) => encode_pong(id, *stable),
        Err(refusal) => encode_problem(id, &Problem::Refused(*refusal)),
    }
}

/// New credentials, in good time before the old ones expire.
#[must_use]
pub fn encode_ice_servers(ice: &Ice) -> Bytes {
    write(&ServerMessage::IceServers { ice_servers: &ice.servers, ttl_ms: millis(ice.ttl) })
}

/// The end is near.
#[must_use]
pub fn encode_going_away(rest: std::time::Duration, go_to: Option<&str>) -> Bytes {
    write(&ServerMessage::GoingAway { in_ms: millis(rest), go_to })
}

pub(super) fn encode_pong(id: Option<u64>, stable: Seq) -> Bytes {
    write(&ServerMessage::Pong { id, stable: stable.0 })
}

pub(crate) fn encode_problem(id: Option<u64>, problem: &Problem) -> Bytes {
    write(&ServerMessage::Error {
        id,
        code: problem.code(),
        message: problem.to_string(),
        hint: problem.hint(),
        retry_after_ms: problem.retry_after().map(|wait| millis(wait).saturating_add(1)),
    })
}

pub(super) fn encode_welcome(terms: &Terms) -> Bytes {
    write(&ServerMessage::Welcome {
        protocol: ProtocolRange { min: PROTOCOL, max: PROTOCOL },
        server: &terms.server,
        ping_interval_ms: millis(terms.ping_interval),
        idle_timeout_ms: millis(terms.idle_timeout),
        max_frame_bytes: terms.max_frame_bytes as u64,
        messages_per_second: terms.messages_per_second,
        burst: terms.burst,
    })
}

fn joined_message<'a>(id: Option<u64>, joined: &'a Joined, ice: &'a Ice) -> ServerMessage<'a> {
    ServerMessage::Joined {
        id,
        room: joined.room.as_str(),
        peer: joined.peer.to_string(),
        secret: joined.secret.reveal(),
        seq: joined.seq.0,
        members: joined.members.iter().map(|view| member(view)).collect(),
        rules: (&joined.rules).into(),
        waiting: (!joined.waiting.is_empty())
            .then(|| joined.waiting.iter().map(|view| knocker(view)).collect()),
        history: joined.history.iter().map(|event| event_message(event)).collect(),
        grace_ms: millis(joined.grace),
        ice_servers: &ice.servers,
        resumed: joined.picture != Picture::New,
        lost: joined.picture == Picture::Lost,
    }
}

fn resumed_message(id: Option<u64>, resumed: &Resumed) -> ServerMessage<'_> {
    ServerMessage::Resumed {
        id,
        room: resumed.room.as_str(),
        peer: resumed.peer.to_string(),
        secret: resumed.secret.reveal(),
        seq: resumed.seq.0,
        replayed: resumed.replayed as u64,
    }
}

fn event_message(event: &Event) -> ServerMessage<'_> {
    let (at, seq) = (event.at.0, event.seq.map_or(0, |seq| seq.0));
    match &event.body {
        Body::MemberJoined(view) => ServerMessage::MemberJoined { seq, member: member(view), at },
        Body::MemberUpdated(view) => ServerMessage::MemberUpdated { seq, member: member(view), at },
        Body::MemberLeft { peer, reason } => {
            ServerMessage::MemberLeft { seq, peer: peer.to_string(), reason: reason.into(), at }
        }
        Body::Chat { from, name, text, key } => ServerMessage::Chat {
            seq,
            from: from.to_string(),
            name: name.as_str(),
            text,
            key: key.as_ref().map(parlor_rooms::ChatKey::as_str),
            at,
        },
        Body::Message { from, data } => ServerMessage::Message {
            seq: event.seq.map(|seq| seq.0),
            from: from.to_string(),
            data: raw(data),
        },
        Body::Emitted { from, name, args, attachments } => ServerMessage::Event {
            seq: event.seq.map(|seq| seq.0),
            from: from.to_string(),
            name: name.as_str(),
            args: args_with_binary(args, attachments),
        },
        Body::Offer { from, sdp } => ServerMessage::Offer { seq, from: from.to_string(), sdp },
        Body::Answer { from, sdp } => ServerMessage::Answer { seq, from: from.to_string(), sdp },
        Body::Candidate { from, candidate } => {
            ServerMessage::Candidate { seq, from: from.to_string(), candidate: raw(candidate) }
        }
        Body::Knock(view) => ServerMessage::Knock { seq, who: knocker(view) },
        Body::KnockEnded { peer, how } => {
            ServerMessage::KnockEnded { seq, peer: peer.to_string(), how: how.into() }
        }
        Body::RoomUpdated(rules) => ServerMessage::RoomUpdated { seq, rules: rules.into(), at },
        Body::TokenExpiring { ends_at } => ServerMessage::TokenExpiring { ends_at: ends_at.0 },
    }
}

/// A list with the member in it, as the arguments of an event.
pub(crate) fn member_json(view: &MemberView) -> String {
    serde_json::to_string(&[member(view)]).unwrap_or_default()
}

/// A list with the rules in it.
pub(crate) fn rules_json(rules: &parlor_rooms::Rules) -> String {
    serde_json::to_string(&[Rules::from(rules)]).unwrap_or_default()
}

fn member(view: &MemberView) -> Member<'_> {
    Member {
        peer: view.peer.to_string(),
        name: view.name.as_str(),
        identity: view.identity.as_ref().map(parlor_rooms::Identity::as_str),
        alias: view.alias.as_ref().map(parlor_rooms::Alias::as_str),
        attributes: view.attributes.iter().collect(),
        role: view.role.word(),
        permissions: view.permissions.iter().map(parlor_rooms::Permission::word).collect(),
        tracks: view.tracks.iter().map(track).collect(),
        hand: view.hand.map(|since| since.0),
        state: match view.state {
            parlor_rooms::State::Connected => State::Connected,
            parlor_rooms::State::Reconnecting => State::Reconnecting,
        },
        incarnation: view.incarnation,
        order: view.order,
    }
}

fn track(track: parlor_rooms::Track) -> Track {
    let source = match track.source {
        parlor_rooms::Source::Microphone => Source::Microphone,
        parlor_rooms::Source::Camera => Source::Camera,
        parlor_rooms::Source::Screen => Source::Screen,
    };
    Track { source, muted: track.muted }
}

fn knocker(view: &parlor_rooms::Knocker) -> Knocker<'_> {
    Knocker {
        peer: view.peer.to_string(),
        name: view.name.as_str(),
        identity: view.identity.as_ref().map(parlor_rooms::Identity::as_str),
        since: view.since.0,
    }
}

impl From<&parlor_rooms::Rules> for Rules {
    fn from(rules: &parlor_rooms::Rules) -> Self {
        Self {
            locked: rules.locked,
            waiting_room: rules.waiting_room,
            mute_on_entry: rules.mute_on_entry,
            max_members: rules.max_members.map(|max| max as u64),
            permanent: rules.permanent,
        }
    }
}

impl From<&parlor_rooms::KnockEnd> for KnockEnd {
    fn from(how: &parlor_rooms::KnockEnd) -> Self {
        match how {
            parlor_rooms::KnockEnd::Admitted => Self::Admitted,
            parlor_rooms::KnockEnd::Denied => Self::Denied,
            parlor_rooms::KnockEnd::Left => Self::Left,
        }
    }
}

impl From<&parlor_rooms::LeaveReason> for LeaveReason {
    fn from(reason: &parlor_rooms::LeaveReason) -> Self {
        match reason {
            parlor_rooms::LeaveReason::Left => Self::Left,
            parlor_rooms::LeaveReason::Timeout => Self::Timeout,
            parlor_rooms::LeaveReason::Replaced => Self::Replaced,
            parlor_rooms::LeaveReason::Removed => Self::Removed,
            parlor_rooms::LeaveReason::Ended => Self::Ended,
            parlor_rooms::LeaveReason::Expired => Self::Expired,
        }
    }
}

/// The text as it came from its sender, not read again beyond a check.
pub(crate) fn raw(json: &Json) -> &RawValue {
    serde_json::from_str(json.as_str()).unwrap_or(RawValue::NULL)
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Our own messages have string keys and no failing `Serialize`, so there is always a text.
pub(crate) fn write(message: &ServerMessage<'_>) -> Bytes {
    serde_json::to_vec(message).unwrap_or_default().into()
}
