//! The token that a client shows when it connects, for those whose first message has no place for it.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use parlor_dialects::JoinToken;
use parlor_dialects::socketio::engine::find;
use percent_encoding::percent_decode_str;

use super::websocket::protocols;

/// From the header of RFC 6750, else from a subprotocol, else from the address, which others may get to see.
pub fn token(headers: &HeaderMap, query: &str) -> Option<JoinToken> {
    if let Some(text) = bearer(headers).or_else(|| protocols::token(headers)) {
        return JoinToken::new(text);
    }
    let text = percent_decode_str(find(query, "token")?).decode_utf8_lossy();
    JoinToken::new(&text)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let all = all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        all.collect()
    }

    fn shown(all: &[(&'static str, &'static str)], query: &str) -> Option<String> {
        token(&headers(all), query).map(|token| token.reveal().into())
    }

    #[test]
    fn a_token_has_three_places_and_the_header_is_the_first() {
        let bearer = ("authorization", "bearer a.b.c");
        let protocol = ("sec-websocket-protocol", "parlor, parlor.token.d.e.f");
        assert_eq!(shown(&[bearer, protocol], "token=g.h.i").as_deref(), Some("a.b.c"));
        assert_eq!(shown(&[protocol], "token=g.h.i").as_deref(), Some("d.e.f"));
        assert_eq!(shown(&[], "a=1&token=g.h%2Ei").as_deref(), Some("g.h.i"));
        for (other, query) in [
            (("authorization", "Basic a.b.c"), "token="),
            (("sec-websocket-protocol", "parlor"), ""),
        ] {
            assert_eq!(shown(&[other], query), None);
        }
    }
}
