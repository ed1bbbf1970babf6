//! Subprotocols (RFC 6455, section 1.9), which are all that a browser lets a page say in the handshake: the place for its token.

use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::http::{HeaderMap, HeaderValue};

/// Before a token.
const PREFIX: &str = "parlor.token.";

pub fn token(headers: &HeaderMap) -> Option<&str> {
    offered(headers).find_map(|protocol| protocol.strip_prefix(PREFIX))
}

/// The subprotocol to agree on: browsers hang up if they offered some and none is taken. Never the one with the token in it.
pub fn agreed(headers: &HeaderMap) -> Option<HeaderValue> {
    offered(headers).find(|protocol| protocol.starts_with(PREFIX))?;
    let other = offered(headers).find(|protocol| !protocol.starts_with(PREFIX))?;
    HeaderValue::from_str(other).ok()
}

fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let offers = offers.filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).map(str::trim).filter(|protocol| !protocol.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_never_agreed_on() {
        let agreed = |offer: &'static str| {
            agreed(
                &[(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offer))].into_iter().collect(),
            )
        };
        assert_eq!(agreed("parlor.token.a.b.c, parlor"), Some(HeaderValue::from_static("parlor")));
        assert_eq!(agreed("parlor.token.a.b.c"), None);
        assert_eq!(agreed("parlor.token.a, parlor.token.b"), None);
        // Who shows no token gets what was always answered.
        assert_eq!(agreed("chat"), None);
    }
}
