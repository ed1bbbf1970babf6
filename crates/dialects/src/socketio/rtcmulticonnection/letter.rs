//! What these clients say to each other: an object with an address and a message of many kinds.

use std::borrow::Cow;

use parlor_rooms::{Attachments, Command, Delivery, EventName, Json, PeerId, Signal, Targets};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::KIND;
use crate::native::candidate_init;

/// The kinds that mean something to others, too.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// "Who is there may call me."
    Participation,
    /// "I would call you: have your camera ready." Wants [`super::tell::ready`].
    Enable {
        preferences: &'a RawValue,
    },
    Signal(Signal),
    Farewell,
    Drop,
    Other,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Content<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sdp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    candidate: Option<&'a RawValue>,
    #[serde(borrow)]
    new_participation_request: Option<&'a RawValue>,
    #[serde(borrow)]
    enable_media: Option<&'a RawValue>,
    #[serde(borrow)]
    user_preferences: Option<&'a RawValue>,
    #[serde(borrow)]
    user_left: Option<&'a RawValue>,
}

pub(super) fn kind(message: &RawValue) -> Kind<'_> {
    if message.get() == "\"dropPeerConnection\"" {
        return Kind::Drop;
    }
    if !message.get().starts_with('{') {
        return Kind::Other;
    }
    let content: Content<'_> = serde_json::from_str(message.get()).unwrap_or_default();
    if is_true(content.new_participation_request) {
        return Kind::Participation;
    }
    if is_true(content.user_left) {
        return Kind::Farewell;
    }
    if is_true(content.enable_media) {
        let preferences = content.user_preferences.unwrap_or(RawValue::NULL);
        return Kind::Enable { preferences };
    }
    if content.candidate.is_some() {
        return candidate_init(message)
            .map_or(Kind::Other, |init| Kind::Signal(Signal::Candidate(init)));
    }
    match (content.kind.as_deref(), content.sdp) {
        (Some("offer"), Some(sdp)) => Kind::Signal(Signal::Offer(sdp.as_ref().into())),
        (Some("answer"), Some(sdp)) => Kind::Signal(Signal::Answer(sdp.as_ref().into())),
        _ => Kind::Other,
    }
}

fn is_true(field: Option<&RawValue>) -> bool {
    field.is_some_and(|field| field.get() == "true")
}

/// What one session tells another, through the room.
#[derive(Debug)]
pub(super) enum Passed {
    Message(Json),
    /// The other has closed what it had with this client.
    Bye,
    /// The owner ends the session for all.
    Close,
}

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    message: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bye: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    close: bool,
}

pub(super) fn message(to: Vec<PeerId>, message: &RawValue) -> Option<Command> {
    emit(to, &Packed { message: Some(message), bye: false, close: false })
}

pub(super) fn bye(to: PeerId) -> Option<Command> {
    emit(vec![to], &Packed { message: None, bye: true, close: false })
}

pub(super) fn close(to: Vec<PeerId>) -> Option<Command> {
    emit(to, &Packed { message: None, bye: false, close: true })
}

fn emit(to: Vec<PeerId>, packed: &Packed<'_>) -> Option<Command> {
    Some(Command::Emit {
        to: Targets::Peers(to),
        name: EventName::parse(KIND).ok()?,
        args: Json::from_checked(&serde_json::to_string(&[packed]).ok()?),
        attachments: Attachments::default(),
        delivery: Delivery::Reliable,
    })
}

pub(super) fn is_passed(name: &EventName) -> bool {
    name.as_str() == KIND
}

/// Who sends such an event by itself says no more than what its own session would say for it.
pub(super) fn unpack(args: &Json) -> Option<Passed> {
    let [packed]: [Packed<'_>; 1] = serde_json::from_str(args.as_str()).ok()?;
    match packed.message {
        Some(message) => Some(Passed::Message(Json::from_checked(message.get()))),
        None if packed.bye => Some(Passed::Bye),
        None => packed.close.then_some(Passed::Close),
    }
}
