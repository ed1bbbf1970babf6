//! How a client comes into a room, and what everybody there sees of it.

use std::sync::Arc;

use parlor_rooms::{
    Alias, AliasClaim, Attributes, DisplayName, Join, MemberView, Nonce, OnDisconnect, PeerId,
    RoomName, Update,
};
use serde::Deserialize;
use std::borrow::Cow;

use super::{Client, KIND};
use crate::directory::mark;
use crate::error::Problem;

/// Only the socket that has an address may have it again, by coming back to its place.
const TOKEN_PREFIX: &str = "socket of RTCMultiConnection ";

const EXTRA: &str = "extra";
const ONE_WAY: &str = "rtcmulticonnection.oneway";
const CLOSES: &str = "rtcmulticonnection.closes";
const YES: &str = "true";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socketio) enum Way {
    /// Nobody is to be there yet.
    Open,
    /// Somebody is.
    Join,
}

/// What a client says when it wants to come in.
#[derive(Debug)]
pub(in crate::socketio) struct Entry {
    pub(in crate::socketio) room: RoomName,
    /// As the client writes it.
    pub(in crate::socketio) said: String,
    pub(super) one_way: bool,
    pub(super) extra: Option<Arc<str>>,
}

impl Client {
    pub(in crate::socketio) fn join(
        &self,
        way: Way,
        entry: &Entry,
        peer: PeerId,
    ) -> Result<Join, Problem> {
        let alias = Alias::parse(&self.userid).map_err(Problem::field("userid"))?;
        let token = Nonce::parse(&format!("{TOKEN_PREFIX}{peer}"));
        let token = token.map_err(Problem::field("userid"))?;
        let extra = entry.extra.as_deref().or(self.handshake.extra.as_deref());
        let mut attributes = Attributes::default();
        mark(&mut attributes, KIND);
        let mut set = |key, value| attributes.set(key, value).map_err(Problem::field("extra"));
        set(EXTRA, extra.filter(|extra| *extra != "{}"))?;
        set(ONE_WAY, entry.one_way.then_some(YES))?;
        set(CLOSES, (self.handshake.closes || entry.one_way).then_some(YES))?;
        Ok(Join {
            room: entry.room.clone(),
            name: name(extra, &self.userid),
            attributes,
            identity: None,
            nonce: None,
            alias: Some(AliasClaim { alias, token }),
            capacity: Some(match way {
                Way::Open => 1,
                Way::Join => self.handshake.capacity,
            }),
            on_disconnect: OnDisconnect::Keep,
        })
    }
}

/// What changes when a client says something else of itself.
pub(super) fn update(extra: &str, userid: &str) -> Result<Update, Problem> {
    Attributes::default().set(EXTRA, Some(extra)).map_err(Problem::field("extra"))?;
    let extra = Some(extra).filter(|extra| *extra != "{}");
    let attributes = vec![(EXTRA.into(), extra.map(Into::into))];
    Ok(Update { name: Some(name(extra, userid)), attributes })
}

/// JSON: what a member says of itself. Of others it is the name, where these clients' pages look for one.
pub(super) fn extra_of(member: &MemberView) -> String {
    if !crate::directory::speaks(member, KIND) {
        return serde_json::json!({ "fullName": member.name.as_str() }).to_string();
    }
    // Written by the client's own session, which has read it.
    attribute(member, EXTRA).unwrap_or("{}").into()
}

pub(super) fn is_one_way(member: &MemberView) -> bool {
    attribute(member, ONE_WAY).is_some()
}

pub(super) fn closes(member: &MemberView) -> bool {
    attribute(member, CLOSES).is_some()
}

fn attribute<'a>(member: &'a MemberView, key: &str) -> Option<&'a str> {
    member.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// What their documentation and examples call a person; else the address has to do.
fn name(extra: Option<&str>, userid: &str) -> DisplayName {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Names<'a> {
        #[serde(borrow)]
        full_name: Option<Cow<'a, str>>,
        #[serde(borrow)]
        user_full_name: Option<Cow<'a, str>>,
        #[serde(borrow)]
        username: Option<Cow<'a, str>>,
        #[serde(borrow)]
        name: Option<Cow<'a, str>>,
    }
    let names = extra.and_then(|extra| serde_json::from_str::<Names<'_>>(extra).ok());
    let said = names.and_then(|names| {
        names.full_name.or(names.user_full_name).or(names.username).or(names.name)
    });
    let name = |text: &str| {
        let start: String = text.chars().take(DisplayName::MAX_CHARS).collect();
        DisplayName::parse(&start).ok()
    };
    said.and_then(|said| name(&said)).or_else(|| name(userid)).unwrap_or_default()
}
