//! How a client comes in: the address of its stream, and the id of the last event that it has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use parlor_rooms::{Join, RoomName};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::ids::EventId;
use crate::error::Problem;
use crate::native::{self, PROTOCOL, Request};
use crate::token::JoinToken;

/// Proxies that wait for the end of an answer give up soon after this.
pub const MAX_WAIT: Duration = Duration::from_secs(60);

/// What a request for a stream asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    pub join: Join,
    pub token: Option<JoinToken>,
    /// The client has said as whom it joins, so it can be let in anew when it can't go on.
    pub has_name: bool,
    /// What it comes back with, if it was here before.
    pub last_event: Option<Result<EventId, Problem>>,
    /// The answer ends as soon as there is something in it, and after this in any case.
    pub wait: Option<Duration>,
}

impl Entrance {
    /// `last_event_id` is the header's; it is newer than the one of the query, which stays the same at each try.
    pub fn read(room: &str, query: &str, last_event_id: Option<&str>) -> Result<Self, Problem> {
        let fields = fields(query)?;
        let field = |name: &str| fields.get(name).map(Cow::as_ref);
        let attributes: BTreeMap<&str, &str> = fields
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix("a.")?, value.as_ref())))
            .collect();
        let join = json!({
            "type": "join",
            "protocol": PROTOCOL,
            "room": room,
            "name": field("name"),
            "identity": field("identity"),
            "nonce": field("nonce"),
            "attributes": attributes,
        });
        let token = field("token").and_then(JoinToken::new);
        let given = last_event_id.or_else(|| field("last_event_id")).filter(|id| !id.is_empty());
        Ok(Self {
            join: read_join(&join.to_string())?,
            token,
            has_name: field("name").is_some(),
            last_event: given.map(|id| EventId::parse(id).ok_or_else(not_an_id)),
            wait: field("wait").map(wait).transpose()?,
        })
    }

    /// What to ask of the rooms to go on with the session.
    #[must_use]
    pub fn resume(&self, id: EventId) -> parlor_rooms::Resume {
        id.resume(self.room().clone())
    }

    #[must_use]
    pub fn room(&self) -> &RoomName {
        &self.join.room
    }
}

fn read_join(text: &str) -> Result<Join, Problem> {
    match native::read_text(text)?.1 {
        Request::Join(join, _) => Ok(join),
        Request::Resume(_)
        | Request::Command(_)
        | Request::Presence(..)
        | Request::Refresh(_)
        | Request::Ping
        | Request::Ack(_) => Err(Problem::BadJson),
    }
}

fn not_an_id() -> Problem {
    Problem::BadMessage("`Last-Event-ID` is not an id of this server".into())
}

fn wait(text: &str) -> Result<Duration, Problem> {
    let max = MAX_WAIT.as_secs();
    let seconds = text.parse().ok().filter(|seconds| *seconds <= max);
    let wrong =
        || Problem::BadMessage(format!("`wait` must be a number of seconds from 0 to {max}"));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// As HTML forms and `URLSearchParams` write them. Of a field given twice the last one counts.
fn fields(query: &str) -> Result<BTreeMap<Cow<'_, str>, Cow<'_, str>>, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(key)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<Cow<'_, str>, Problem> {
    let wrong = || Problem::BadMessage("the query is not in UTF-8".into());
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8().map_err(|_| wrong());
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| wrong())?;
    Ok(Cow::Owned(decoded.into_owned()))
}
