//! What a request says, read strictly: names in the path, the query, the body, conditions. Every mistake is a problem.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use parlor_rooms::{MemberRef, PeerId, RoomName};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use super::problem::{Code, Problem};

/// More than any body that makes sense: a data message of the largest default size, escaped.
pub const MAX_BODY_BYTES: usize = 256 << 10;
/// The limit of a body on any network that still works.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The room that the path names.
pub struct InRoom(pub RoomName);

/// The room and the member that the path names.
pub struct OfMember(pub MemberRef);

/// The query, without fields that nobody knows.
pub struct Asked<T>(pub T);

/// A JSON object, without fields that nobody knows.
pub struct Told<T>(pub T);

/// Which versions a request is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Always,
    Any,
    OneOf(Vec<String>),
}

impl<S: Send + Sync> FromRequestParts<S> for InRoom {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(room) = path::<String, S>(parts, state).await?;
        room_name(&room).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OfMember {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((room, peer)) = path::<(String, String), S>(parts, state).await?;
        Ok(Self(MemberRef { room: room_name(&room)?, peer: peer_id(&peer)? }))
    }
}

async fn path<T: DeserializeOwned + Send, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<Path<T>, Problem> {
    let path = Path::from_request_parts(parts, state).await;
    path.map_err(|_| Problem::new(Code::BadParameter, "the path is not in UTF-8"))
}

pub fn room_name(text: &str) -> Result<RoomName, Problem> {
    let wrong = |why| Problem::new(Code::BadParameter, format!("the room's name {why}"));
    RoomName::parse(text).map_err(wrong)
}

pub fn peer_id(text: &str) -> Result<PeerId, Problem> {
    let wrong = "a `peer` has 22 letters of base64url";
    PeerId::parse(text).ok_or_else(|| Problem::new(Code::BadParameter, wrong))
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |why: String| Problem::new(Code::BadParameter, format!("the query: {why}"));
        let Query(query) = Query::try_from_uri(&parts.uri).map_err(|why| {
            // The innermost cause names the field.
            let mut cause: &dyn std::error::Error = &why;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            wrong(cause.to_string())
        })?;
        Ok(Self(query))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        is_json(&head.headers)?;
        object(&read(body).await?).map(Self)
    }
}

/// For requests whose body has to be compared as well.
pub async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<(T, Vec<u8>), Problem> {
    is_json(headers)?;
    let bytes = read(body).await?;
    object(&bytes).map(|told| (told, bytes))
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Code::MediaType.into())
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    match timeout(READ_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        // Or the client is gone, and reads no answer.
        Ok(Err(_)) => Err(Problem::new(
            Code::BodyTooLarge,
            format!("at most {MAX_BODY_BYTES} bytes are read"),
        )),
        Err(_) => Err(Code::BodyTooSlow.into()),
    }
}

fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    use serde_json::error::Category;
    // All of it, so that a mistake in its form is told before one in its meaning.
    serde_json::from_slice::<IgnoredAny>(bytes)
        .map_err(|why| Problem::new(Code::BadJson, why.to_string()))?;
    serde_json::from_slice(bytes).map_err(|why| match why.classify() {
        Category::Data => Problem::new(Code::BadBody, why.to_string()),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::new(Code::BadJson, why.to_string())
        }
    })
}

impl Condition {
    /// What `If-Match` says (RFC 9110, section 13.1.1).
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        tags(headers, &IF_MATCH)
    }

    /// For what must not be changed by mistake.
    pub fn required(headers: &HeaderMap) -> Result<Self, Problem> {
        match Self::of(headers)? {
            Self::Always => Err(Code::ConditionRequired.into()),
            condition @ (Self::Any | Self::OneOf(_)) => Ok(condition),
        }
    }

    pub fn check(&self, current: &str) -> Result<(), Problem> {
        let fits = match self {
            Self::Always | Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag == current),
        };
        if fits { Ok(()) } else { Err(Code::Changed.into()) }
    }
}

/// Whether the client has this version already. Compares weakly (RFC 9110, section 13.1.2).
pub fn knows(headers: &HeaderMap, current: &str) -> Result<bool, Problem> {
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        Condition::Always => false,
        Condition::Any => true,
        Condition::OneOf(tags) => {
            tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == current)
        }
    })
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Condition, Problem> {
    let wrong = || {
        let why = format!("`{name}` must be `*` or ETags with their quotation marks");
        Problem::new(Code::BadParameter, why)
    };
    if !headers.contains_key(name) {
        return Ok(Condition::Always);
    }
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let value = value.to_str().map_err(|_| wrong())?.trim();
        if value == "*" {
            return Ok(Condition::Any);
        }
        tags.append(&mut list(value).ok_or_else(wrong)?);
    }
    Ok(Condition::OneOf(tags))
}

/// Elements may be empty (RFC 9110, section 5.6.1.2), and have commas inside of their quotation marks.
fn list(text: &str) -> Option<Vec<String>> {
    let (mut tags, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Some(tags);
        }
        let (tag, behind) = first_tag(rest)?;
        tags.push(tag.to_owned());
        rest = behind.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

fn first_tag(text: &str) -> Option<(&str, &str)> {
    let before = if text.starts_with("W/") { "W/\"" } else { "\"" };
    let opaque = text.strip_prefix(before)?;
    let length = opaque.find('"')?;
    let fits = opaque.get(..length)?.bytes().all(|byte| byte.is_ascii_graphic());
    text.split_at_checked(before.len() + length + 1).filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_change_is_made_to_what_was_seen_or_not_at_all() {
        let condition = |value: &str| Condition::of(&headers(IF_MATCH, value)).unwrap();
        assert_eq!(condition("\"a\", \"b\"").check("\"b\""), Ok(()));
        assert_eq!(condition("*").check("\"b\""), Ok(()));
        for other in ["\"a\"", "W/\"b\"", "\"\""] {
            assert_eq!(condition(other).check("\"b\""), Err(Code::Changed.into()), "{other}");
        }
        let none = Condition::required(&HeaderMap::new());
        assert_eq!(none, Err(Code::ConditionRequired.into()));
        assert_eq!(condition(", \"a,b\" ,,W/\"c\"").check("\"a,b\""), Ok(()));
        assert_eq!(
            condition("").check("\"a\""),
            Err(Code::Changed.into()),
            "nothing fits an empty list"
        );
        for wrong in ["b", "\"a", "\"a\" \"b\"", "w/\"a\"", "\"a\"b\"", "\"a b\"", "*, \"a\""] {
            assert!(Condition::of(&headers(IF_MATCH, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_has_the_version_already_gets_no_body() {
        let knows = |value: &str| knows(&headers(IF_NONE_MATCH, value), "\"b\"").unwrap();
        assert!(knows("W/\"b\"") && knows("\"a\",\"b\"") && knows("*") && !knows("\"a\""));
    }

    #[test]
    fn a_body_says_what_is_asked_and_nothing_else() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            _a: u8,
        }
        let code = |text: &str| object::<Body>(text.as_bytes()).err().map(|problem| problem.code);
        assert_eq!(code(r#"{"_a":1}"#), None);
        for wrong in [r#"{"_a":1,"b":2}"#, r#"{"_a":1,"_a":1}"#, r#"{"_a":300}"#, "[]", "null"] {
            assert_eq!(code(wrong), Some(Code::BadBody), "{wrong}");
        }
        for wrong in ["", "{", r#"{"_a":1}x"#, "\u{feff}{}", "{\"\\ud800\":1}"] {
            assert_eq!(code(wrong), Some(Code::BadJson), "{wrong}");
        }
    }
}
