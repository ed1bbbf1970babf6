//! A text frame of the native protocol, read into what it asks for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use parlor_rooms::{
    Attachments, Attributes, ChatKey, Command, Delivery, DisplayName, EventName, Identity, Join,
    Json, Limits, MemberRef, Nonce, OnDisconnect, PeerId, Refusal, RequestId, Resume, RoomName,
    Secret, Seq, Signal, Targets, Update,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PROTOCOL, messages, order};
use crate::error::Problem;
use crate::object::{explain, object};
use crate::token::JoinToken;

/// What a frame asks for, still without saying who asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Join(Join, Option<JoinToken>),
    Resume(Resume),
    Command(Command),
    Presence(RoomName, Option<JoinToken>),
    Refresh(JoinToken),
    Ping,
    Ack(Seq),
}

/// What can be told of a frame before its type is known.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

impl<'a> Head<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Problem> {
        parse(object(text)?)
    }

    pub(super) fn id(&self) -> Result<Option<RequestId>, Problem> {
        let Some(id) = self.id else { return Ok(None) };
        let number: Option<u64> = serde_json::from_str(id.get()).ok();
        let wrong = || Problem::BadMessage("`id` must be an integer from 1 to 2^53-1".into());
        number.and_then(RequestId::new).map(Some).ok_or_else(wrong)
    }

    fn kind(&self) -> Result<Cow<'a, str>, Problem> {
        let wrong = || Problem::BadMessage("`type` must be a string".into());
        let kind = self.kind.ok_or_else(wrong)?;
        serde_json::from_str::<String>(kind.get()).map(Cow::Owned).map_err(|_| wrong())
    }
}

/// A whole message at once, with its id.
pub(crate) fn read_text(text: &str) -> Result<(Option<RequestId>, Request), Problem> {
    let head = Head::read(text)?;
    Ok((head.id()?, read(&head, text)?))
}

pub(super) fn read(head: &Head<'_>, text: &str) -> Result<Request, Problem> {
    let kind = head.kind()?;
    match kind.as_ref() {
        "join" => {
            let join: messages::Join<'_> = parse(text)?;
            let token = join.token.as_deref().and_then(JoinToken::new);
            self::join(join).map(|join| Request::Join(join, token))
        }
        "resume" => resume(&parse(text)?).map(Request::Resume),
        "presence" => {
            let query: messages::PresenceQuery<'_> = parse(text)?;
            let token = query.token.as_deref().and_then(JoinToken::new);
            presence(&query).map(|room| Request::Presence(room, token))
        }
        "token" => refresh(&parse(text)?).map(Request::Refresh),
        "ping" => parse::<messages::Ping>(text).map(|_| Request::Ping),
        "ack" => parse::<messages::Ack>(text).map(|ack| Request::Ack(Seq(ack.seq))),
        other => command(other, text).map(Request::Command),
    }
}

fn command(kind: &str, text: &str) -> Result<Command, Problem> {
    match kind {
        "leave" => parse::<messages::Leave>(text).map(|_| Command::Leave),
        "chat" => chat(&parse(text)?),
        "send" => message(&parse(text)?),
        "emit" => emit(&parse(text)?),
        "offer" => description(&parse(text)?, Signal::Offer),
        "answer" => description(&parse(text)?, Signal::Answer),
        "candidate" => candidate(&parse(text)?),
        "update" => update(parse(text)?),
        "publish" => order::publish(&parse(text)?),
        "unpublish" => order::unpublish(&parse(text)?),
        "raise-hand" => parse::<order::RaiseHand>(text).map(|hand| Command::RaiseHand(hand.raised)),
        "moderate" => order::moderate(&parse(text)?),
        other => Err(Problem::UnknownType(other.into())),
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|why| explain(&why))
}

fn speaks(protocol: u64) -> Result<(), Problem> {
    if protocol == PROTOCOL {
        Ok(())
    } else {
        Err(Problem::UnsupportedProtocol { wanted: protocol })
    }
}

fn presence(query: &messages::PresenceQuery<'_>) -> Result<RoomName, Problem> {
    speaks(query.protocol)?;
    room_name(&query.room)
}

fn refresh(token: &messages::Token<'_>) -> Result<JoinToken, Problem> {
    let empty = || Problem::BadMessage("`token` must not be empty".into());
    JoinToken::new(&token.token).ok_or_else(empty)
}

fn room_name(name: &str) -> Result<RoomName, Problem> {
    RoomName::parse(name).map_err(Problem::field("room"))
}

fn join(join: messages::Join<'_>) -> Result<Join, Problem> {
    speaks(join.protocol)?;
    let name = join.name.map(|name| DisplayName::parse(&name)).transpose();
    let identity = join.identity.map(|identity| Identity::parse(&identity)).transpose();
    let nonce = join.nonce.map(|nonce| Nonce::parse(&nonce)).transpose();
    Ok(Join {
        room: room_name(&join.room)?,
        name: name.map_err(Problem::field("name"))?.unwrap_or_default(),
        attributes: attributes(join.attributes.unwrap_or_default())?,
        identity: identity.map_err(Problem::field("identity"))?,
        nonce: nonce.map_err(Problem::field("nonce"))?,
        alias: None,
        capacity: None,
        on_disconnect: OnDisconnect::Keep,
    })
}

fn attributes(given: BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> Result<Attributes, Problem> {
    let mut attributes = Attributes::default();
    for (key, value) in given {
        attributes.set(&key, Some(&value)).map_err(Problem::field("attributes"))?;
    }
    Ok(attributes)
}

fn resume(resume: &messages::Resume<'_>) -> Result<Resume, Problem> {
    speaks(resume.protocol)?;
    let peer = PeerId::parse(&resume.peer).ok_or(Refusal::SessionUnknown)?;
    let secret = Secret::parse(&resume.secret).ok_or(Refusal::BadSecret)?;
    let member = MemberRef { room: room_name(&resume.room)?, peer };
    Ok(Resume { member, secret, since: resume.seq.map(Seq) })
}

fn chat(chat: &messages::Chat<'_>) -> Result<Command, Problem> {
    if chat.text.is_empty() {
        return Err(Problem::BadMessage("`text` must not be empty".into()));
    }
    let key = chat.key.as_ref().map(|key| ChatKey::parse(key)).transpose();
    let key = key.map_err(Problem::field("key"))?;
    Ok(Command::Chat { text: chat.text.as_ref().into(), key })
}

fn message(send: &messages::Send<'_>) -> Result<Command, Problem> {
    let data = Json::from_checked(send.data.get());
    Ok(Command::Message { to: targets(send.to.as_ref())?, data, delivery: delivery(send.volatile) })
}

fn emit(emit: &messages::Emit<'_>) -> Result<Command, Problem> {
    if !emit.args.get().starts_with('[') {
        return Err(Problem::BadMessage("`args` must be a list".into()));
    }
    Ok(Command::Emit {
        to: targets(emit.to.as_ref())?,
        name: EventName::parse(&emit.name).map_err(Problem::field("name"))?,
        args: Json::from_checked(emit.args.get()),
        attachments: Attachments::default(),
        delivery: delivery(emit.volatile),
    })
}

fn delivery(volatile: bool) -> Delivery {
    if volatile { Delivery::Volatile } else { Delivery::Reliable }
}

fn targets(to: Option<&Vec<Cow<'_, str>>>) -> Result<Targets, Problem> {
    Ok(match to {
        None => Targets::Others,
        Some(to) if to.is_empty() => {
            return Err(Problem::BadMessage("`to` must name somebody, or be left out".into()));
        }
        Some(to) if to.len() > Limits::MAX_TARGETS => {
            let max = Limits::MAX_TARGETS;
            return Err(Problem::BadMessage(format!("`to` has more than {max} peers")));
        }
        Some(to) => Targets::Peers(to.iter().map(|to| target(to)).collect::<Result<_, _>>()?),
    })
}

/// What is no address at all is nobody's address.
fn target(peer: &str) -> Result<PeerId, Problem> {
    PeerId::parse(peer).ok_or(Problem::Refused(Refusal::UnknownTarget))
}

fn description(
    description: &messages::Description<'_>,
    kind: fn(Arc<str>) -> Signal,
) -> Result<Command, Problem> {
    let to = Targets::Peers(vec![target(&description.to)?]);
    Ok(Command::Signal { to, signal: kind(description.sdp.as_ref().into()) })
}

fn candidate(candidate: &messages::Candidate<'_>) -> Result<Command, Problem> {
    let to = Targets::Peers(vec![target(&candidate.to)?]);
    let signal = Signal::Candidate(candidate_init(candidate.candidate)?);
    Ok(Command::Signal { to, signal })
}

/// An `RTCIceCandidateInit` or `null`; what is in it is the browser's business.
pub(crate) fn candidate_init(raw: &RawValue) -> Result<Json, Problem> {
    let text = raw.get();
    if text.starts_with('{') || text == "null" {
        return Ok(Json::from_checked(text));
    }
    Err(Problem::BadMessage("`candidate` must be an object or null".into()))
}

fn update(update: messages::Update<'_>) -> Result<Command, Problem> {
    let name = update.name.map(|name| DisplayName::parse(&name)).transpose();
    let given = update.attributes.unwrap_or_default();
    let mut check = Attributes::default();
    for (key, value) in &given {
        check.set(key, value.as_deref()).map_err(Problem::field("attributes"))?;
    }
    Ok(Command::Update(Update {
        name: name.map_err(Problem::field("name"))?,
        attributes: given
            .into_iter()
            .map(|(key, value)| (key.as_ref().into(), value.map(|value| value.as_ref().into())))
            .collect(),
    }))
}
