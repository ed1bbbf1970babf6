//! Answers: JSON with its version, nothing, or that the client knows it already.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::asking::knows;
use super::problem::{Code, Problem};

/// A whole answer, which can be given again.
pub type Written = Response<Full<Bytes>>;
pub type Answer = Result<Written, Problem>;

/// Of the digest: more than anybody makes versions.
const TAG_BYTES: usize = 12;
/// What stays as it is in a segment of a path (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is true now; nobody in between may remember it.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = written(value)?;
    Ok(with_body(status, body))
}

/// With its version, and without a body for who knows it already.
pub fn versioned(status: StatusCode, value: &impl Serialize, asked: &HeaderMap) -> Answer {
    let body = written(value)?;
    let tag = tag_of(&body);
    let is_known = status == StatusCode::OK && knows(asked, &tag)?;
    let mut response =
        if is_known { empty(StatusCode::NOT_MODIFIED) } else { with_body(status, body) };
    let tag = HeaderValue::try_from(tag).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// The version of what would be written.
pub fn tag(value: &impl Serialize) -> Result<String, Problem> {
    written(value).map(|body| tag_of(&body))
}

pub fn empty(status: StatusCode) -> Written {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub fn done() -> Answer {
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Where what was made can be found.
pub fn located(mut response: Written, room: &str) -> Answer {
    let place = format!("/api/v1/rooms/{}", utf8_percent_encode(room, SEGMENT));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(LOCATION, place);
    Ok(response)
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|_| Code::Internal.into())
}

fn tag_of(body: &[u8]) -> String {
    let digest = digest(&SHA256, body);
    let short = digest.as_ref().get(..TAG_BYTES).unwrap_or_default();
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(short))
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Written {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
