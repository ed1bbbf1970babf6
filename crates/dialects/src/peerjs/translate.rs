//! Payloads of PeerJS in the words of the rooms and back, for members who speak another dialect.

use std::borrow::Cow;
use std::sync::Arc;

use parlor_rooms::{Json, PeerId, Signal};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::read::Kind;
use crate::native::{candidate_init, raw};

/// Clients make about 15 letters.
const MAX_CONNECTION_ID: usize = 128;

/// One of a client's connections to the same peer. Other dialects have no more than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    id: Arc<str>,
    medium: Medium,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Medium {
    Data,
    Media,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    sdp: Option<Description<'a>>,
    #[serde(borrow)]
    candidate: Option<&'a RawValue>,
    #[serde(rename = "connectionId", borrow)]
    connection_id: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    medium: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Description<'a> {
    #[serde(borrow)]
    sdp: Cow<'a, str>,
}

/// What a client says, and of which connection; `None` where it can't be said in another dialect.
pub(super) fn signal(kind: Kind, payload: Option<&Json>) -> Option<(Signal, Connection)> {
    let said: Said<'_> = serde_json::from_str(payload?.as_str()).ok()?;
    let sdp = |said: &Said<'_>| Some(said.sdp.as_ref()?.sdp.as_ref().into());
    let signal = match kind {
        Kind::Offer => Signal::Offer(sdp(&said)?),
        Kind::Answer => Signal::Answer(sdp(&said)?),
        Kind::Candidate => Signal::Candidate(candidate_init(said.candidate?).ok()?),
        Kind::Leave | Kind::Expire => return None,
    };
    if said.connection_id.len() > MAX_CONNECTION_ID {
        return None;
    }
    let medium = if said.medium.as_deref() == Some("data") { Medium::Data } else { Medium::Media };
    Some((signal, Connection { id: said.connection_id.as_ref().into(), medium }))
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<Described<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<&'a RawValue>,
    r#type: Medium,
    #[serde(rename = "connectionId")]
    connection_id: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    channel: Option<Channel<'a>>,
}

#[derive(Serialize)]
struct Described<'a> {
    r#type: &'a str,
    sdp: &'a str,
}

/// What a client must know of a data connection. Other dialects send text and bytes as they are.
#[derive(Serialize)]
struct Channel<'a> {
    label: &'a str,
    reliable: bool,
    serialization: &'static str,
}

impl Connection {
    /// The one that a member of another dialect offers: named after the member, and a call unless it has data only.
    pub(super) fn offered_by(peer: PeerId, sdp: &str) -> Self {
        let is_media = |line: &str| line.starts_with("m=audio") || line.starts_with("m=video");
        let (prefix, medium) = match sdp.lines().any(is_media) || !sdp.contains("m=application") {
            true => ("mc", Medium::Media),
            false => ("dc", Medium::Data),
        };
        Self { id: format!("{prefix}_{peer}").into(), medium }
    }

    pub(super) fn offer(&self, sdp: &str) -> Option<Json> {
        let channel = Channel { label: &self.id, reliable: true, serialization: "raw" };
        let channel = Some(channel).filter(|_| self.medium == Medium::Data);
        self.told(Some(Described { r#type: "offer", sdp }), None, channel)
    }

    pub(super) fn answer(&self, sdp: &str) -> Option<Json> {
        self.told(Some(Described { r#type: "answer", sdp }), None, None)
    }

    pub(super) fn candidate(&self, candidate: &Json) -> Option<Json> {
        self.told(None, Some(raw(candidate)), None)
    }

    fn told(
        &self,
        sdp: Option<Described<'_>>,
        candidate: Option<&RawValue>,
        channel: Option<Channel<'_>>,
    ) -> Option<Json> {
        let told = Told { sdp, candidate, r#type: self.medium, connection_id: &self.id, channel };
        Some(Json::from_checked(&serde_json::to_string(&told).ok()?))
    }
}
