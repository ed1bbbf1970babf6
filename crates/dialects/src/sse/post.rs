//! The body of a POST: one message of the native protocol, a list of them, or a text that is a chat message.

use parlor_rooms::{Aside, RequestId};
use serde_json::json;
use serde_json::value::RawValue;

use crate::depth::is_too_deep;
use crate::error::Problem;
use crate::native::{self, Request};
use crate::token::JoinToken;

/// Messages in one body; far more would hold up the other members.
pub const MAX_MESSAGES: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    Json,
    Text,
}

impl BodyKind {
    /// By the `Content-Type`; `None` for one that is not read here.
    #[must_use]
    pub fn of(content_type: Option<&str>) -> Option<Self> {
        let Some(content_type) = content_type else { return Some(Self::Json) };
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/plain" => Some(Self::Text),
            // The last is what `curl --data` says of everything.
            "application/json" | "application/x-www-form-urlencoded" => Some(Self::Json),
            _ => None,
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Comes back in the answer and means nothing else.
    pub id: Option<RequestId>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Aside(Aside),
    Refresh(JoinToken),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    One(Post),
    Many(Vec<Post>),
}

impl Posted {
    #[must_use]
    pub fn posts(&self) -> &[Post] {
        match self {
            Self::One(post) => std::slice::from_ref(post),
            Self::Many(posts) => posts,
        }
    }
}

/// Reads the whole body, so that a mistake in it is told before anything is carried out.
pub fn read_post(kind: BodyKind, body: &[u8]) -> Result<Posted, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::BadJson)?;
    if kind == BodyKind::Text {
        return chat(text).map(Posted::One);
    }
    if !text.trim_ascii_start().starts_with('[') {
        return read_one(text).map(Posted::One);
    }
    if is_too_deep(text) {
        return Err(Problem::TooDeep);
    }
    let messages: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Problem::BadJson)?;
    if messages.is_empty() || messages.len() > MAX_MESSAGES {
        let why = format!("a list must have from 1 to {MAX_MESSAGES} messages");
        return Err(Problem::BadMessage(why));
    }
    messages.iter().map(|one| read_one(one.get())).collect::<Result<_, _>>().map(Posted::Many)
}

/// `echo` and editors end a text with a line break that nobody means to say.
fn chat(text: &str) -> Result<Post, Problem> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    read_one(&json!({ "type": "chat", "text": text }).to_string())
}

fn read_one(text: &str) -> Result<Post, Problem> {
    let (id, request) = native::read_text(text)?;
    let elsewhere = |what: &str, place: &str| {
        Err(Problem::BadMessage(format!("`{what}` is not posted: it is a GET of {place}")))
    };
    let aside = match request {
        Request::Command(command) => Aside::Command(command),
        Request::Ack(seq) => Aside::Ack(seq),
        Request::Ping => Aside::Ping,
        Request::Join(..) => return elsewhere("join", "…/events"),
        Request::Resume(_) => return elsewhere("resume", "…/events with `Last-Event-ID`"),
        Request::Refresh(token) => return Ok(Post { id, what: What::Refresh(token) }),
        Request::Presence(..) => return elsewhere("presence", "the room"),
    };
    Ok(Post { id, what: What::Aside(aside) })
}
