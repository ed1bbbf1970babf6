//! A frame of matchbox, read into what it asks for.

use std::borrow::Cow;

use parlor_rooms::{Json, PeerId, Refusal, Signal};
use serde::Deserialize;

use super::uuid;
use crate::depth::is_too_deep;
use crate::error::Problem;
use crate::native::candidate_init;

pub(super) enum Request {
    KeepAlive,
    Signal(PeerId, Signal),
}

#[derive(Deserialize)]
enum Message<'a> {
    KeepAlive,
    Signal {
        #[serde(borrow)]
        receiver: Cow<'a, str>,
        #[serde(borrow)]
        data: Data<'a>,
    },
}

#[derive(Deserialize)]
enum Data<'a> {
    #[serde(borrow)]
    Offer(Cow<'a, str>),
    #[serde(borrow)]
    Answer(Cow<'a, str>),
    /// JSON in a string.
    #[serde(borrow)]
    IceCandidate(Cow<'a, str>),
}

pub(super) fn read(text: &str) -> Result<Request, Problem> {
    if is_too_deep(text) {
        return Err(Problem::TooDeep);
    }
    let message: Message<'_> =
        serde_json::from_str(text).map_err(|why| crate::object::explain(&why))?;
    let Message::Signal { receiver, data } = message else { return Ok(Request::KeepAlive) };
    let receiver = uuid::parse(&receiver).ok_or(Refusal::UnknownTarget)?;
    let signal = match data {
        Data::Offer(sdp) => Signal::Offer(sdp.as_ref().into()),
        Data::Answer(sdp) => Signal::Answer(sdp.as_ref().into()),
        Data::IceCandidate(text) => Signal::Candidate(candidate(&text)?),
    };
    Ok(Request::Signal(receiver, signal))
}

/// An `RTCIceCandidateInit` or `null`, in a string: whoever else is in the room understands nothing else.
fn candidate(text: &str) -> Result<Json, Problem> {
    if is_too_deep(text) {
        return Err(Problem::TooDeep);
    }
    candidate_init(serde_json::from_str(text).map_err(|_| Problem::BadJson)?)
}
