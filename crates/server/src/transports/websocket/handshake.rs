//! The opening handshake, RFC 6455 section 4.2: what a request must have, and the answer to it.

use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    NotAnUpgrade,
    WrongVersion,
    BadKey,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NotAnUpgrade => (
                StatusCode::UPGRADE_REQUIRED,
                [(UPGRADE, "websocket"), (CONNECTION, "upgrade")],
                "This address speaks WebSocket.\n",
            )
                .into_response(),
            Self::WrongVersion => (
                StatusCode::UPGRADE_REQUIRED,
                [(UPGRADE, "websocket"), (CONNECTION, "upgrade"), (SEC_WEBSOCKET_VERSION, "13")],
                "Only version 13 of WebSocket is spoken here.\n",
            )
                .into_response(),
            Self::BadKey => (
                StatusCode::BAD_REQUEST,
                "Sec-WebSocket-Key must be one header of 16 bytes in base64.\n",
            )
                .into_response(),
        }
    }
}

pub fn wants_websocket(headers: &HeaderMap) -> bool {
    has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket")
}

/// The value of `Sec-WebSocket-Accept`.
pub fn accept(request: &Request) -> Result<String, Refused> {
    let headers = request.headers();
    let fit = request.method() == Method::GET && request.version() == Version::HTTP_11;
    if !fit || !wants_websocket(headers) {
        return Err(Refused::NotAnUpgrade);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refused::WrongVersion);
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let key = keys.next().filter(|_| keys.next().is_none()).ok_or(Refused::BadKey)?;
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(Refused::BadKey);
    }
    let mut digest = sha1_smol::Sha1::from(key.as_bytes());
    digest.update(GUID);
    Ok(STANDARD.encode(digest.digest().bytes()))
}

pub fn switching_protocols(accept: &str) -> Response {
    (
        StatusCode::SWITCHING_PROTOCOLS,
        [(UPGRADE, "websocket"), (CONNECTION, "upgrade"), (SEC_WEBSOCKET_ACCEPT, accept)],
    )
        .into_response()
}

/// Whether a header that lists tokens has this one.
pub fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(change: impl FnOnce(&mut Request)) -> Request {
        let mut request = Request::builder()
            .uri("/ws")
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "WebSocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(Body::empty())
            .unwrap();
        change(&mut request);
        request
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        assert_eq!(accept(&request(|_| {})), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".into()));
    }

    #[test]
    fn what_is_no_handshake_is_refused_for_its_reason() {
        let set = |name: &'static str, value: &'static str| {
            request(|request| {
                request.headers_mut().insert(name, value.parse().unwrap());
            })
        };
        assert_eq!(accept(&set("upgrade", "h2c")), Err(Refused::NotAnUpgrade));
        assert_eq!(accept(&set("connection", "close")), Err(Refused::NotAnUpgrade));
        assert_eq!(accept(&set("sec-websocket-version", "8")), Err(Refused::WrongVersion));
        assert_eq!(accept(&set("sec-websocket-key", "c2hvcnQ=")), Err(Refused::BadKey));
        assert_eq!(accept(&set("sec-websocket-key", "!")), Err(Refused::BadKey));
        let twice = request(|request| {
            let key = "dGhlIHNhbXBsZSBub25jZQ==".parse().unwrap();
            request.headers_mut().append("sec-websocket-key", key);
        });
        assert_eq!(accept(&twice), Err(Refused::BadKey));
        let post = request(|request| *request.method_mut() = Method::POST);
        assert_eq!(accept(&post), Err(Refused::NotAnUpgrade));
    }
}
