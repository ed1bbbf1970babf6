//! Answers as HTTP: JSON, streams, and troubles with the headers that belong to their status.

use axum::body::{Body, Bytes};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Response, StatusCode};
use parlor_dialects::Problem;
use parlor_dialects::sse::Trouble;

use crate::metrics;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// What nginx and its relatives understand: pass on what comes, at once.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

pub fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    with_body(status, JSON, body.into())
}

pub fn of(body: Result<Bytes, Trouble>) -> Result<Response<Body>, Trouble> {
    body.map(|body| json(StatusCode::OK, body))
}

pub fn stream(body: Body) -> Response<Body> {
    let mut response = with_body(StatusCode::OK, EVENT_STREAM, body);
    let (name, value) = UNBUFFERED;
    response.headers_mut().insert(name, value);
    response
}

pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub fn trouble(trouble: &Trouble) -> Response<Body> {
    // What the rooms refuse is counted where they say it.
    if !matches!(trouble, Trouble::Problem(Problem::Refused(_))) {
        metrics::refused(trouble.code());
    }
    let status = StatusCode::from_u16(trouble.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json(status, trouble.encode());
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = retry_after(trouble) {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Trouble::Method { allowed } = trouble {
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

/// In whole seconds, which is all that the header can say.
fn retry_after(trouble: &Trouble) -> Option<u64> {
    if let Trouble::Problem(Problem::RateLimited { retry_after }) = trouble {
        return Some(retry_after.as_secs() + 1);
    }
    (trouble.status() == 503).then_some(10)
}

fn with_body(status: StatusCode, kind: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
