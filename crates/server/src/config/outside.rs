//! Words for those outside: who may frame the pages, whom to write to, where clients are sent.

use super::tls_words::is_email;
use super::value::{Word, Wrong};
use crate::origin::Origin;
use std::fmt;

/// Longer than any address that somebody reads.
const MAX_CONTACT: usize = 500;
const MAX_GO_TO: usize = 1_000;

/// Whose pages may show ours in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ancestor {
    /// This server.
    Own,
    Any,
    Exactly(Origin),
}

impl fmt::Display for Ancestor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("self"),
            Self::Any => f.write_str("*"),
            Self::Exactly(origin) => write!(f, "{origin}"),
        }
    }
}

impl Word for Ancestor {
    const PLACEHOLDER: &'static str = "ORIGIN";

    fn expected() -> String {
        "self, \"*\", or an origin without a path, such as https://example.org".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        match text {
            "self" => Ok(Self::Own),
            "*" => Ok(Self::Any),
            _ => Origin::parse(text).map(Self::Exactly).ok_or(Wrong::Kind),
        }
    }
}

/// Whom to tell of a weakness (RFC 9116, section 2.5.3), or nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactAddress(pub Option<String>);

impl fmt::Display for ContactAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl Word for ContactAddress {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        "mailto:security@example.org, or an https address".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let mail = text.strip_prefix("mailto:").is_some_and(is_email);
        let page = text.starts_with("https://") && text.bytes().all(|b| b.is_ascii_graphic());
        let fits = (mail || page) && text.len() <= MAX_CONTACT;
        fits.then(|| Self(Some(text.into()))).ok_or(Wrong::Kind)
    }
}

/// The native address of another server, or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoTo(pub Option<String>);

impl GoTo {
    /// As a page's Content-Security-Policy names it.
    pub fn origin(&self) -> Option<Origin> {
        origin_of(self.0.as_deref()?)
    }
}

/// `wss://host:port` of an address.
fn origin_of(address: &str) -> Option<Origin> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split('/').next().unwrap_or(rest);
    Origin::parse(&format!("{scheme}://{host}"))
}

impl fmt::Display for GoTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl Word for GoTo {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        "the address of another server's WebSocket, such as wss://other.example.org/ws".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let scheme = text.starts_with("wss://") || text.starts_with("ws://");
        let clean = text.len() <= MAX_GO_TO
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>;,#?".contains(&b));
        let fits = scheme && clean && origin_of(text).is_some();
        fits.then(|| Self(Some(text.into()))).ok_or(Wrong::Kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_framed_by_this_server_by_origins_or_by_all() {
        for text in ["self", "*", "https://example.org", "http://localhost:3000"] {
            assert_eq!(Ancestor::read(text).unwrap().to_string(), text);
        }
        for text in ["", "'self'", "none", "example.org", "https://example.org/a", "https://a; x"] {
            assert_eq!(Ancestor::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn a_contact_is_a_mailbox_or_a_page() {
        for text in ["mailto:security@example.org", "https://example.org/security", ""] {
            assert_eq!(ContactAddress::read(text).unwrap().to_string(), text);
        }
        for text in ["security@example.org", "mailto:x", "http://a", "https://a\nExpires: x"] {
            assert_eq!(ContactAddress::read(text), Err(Wrong::Kind), "{text:?}");
        }
    }

    #[test]
    fn clients_are_sent_to_a_websocket() {
        let go_to = GoTo::read("wss://b.example.org:8443/ws").unwrap();
        assert_eq!(go_to.origin().unwrap().to_string(), "wss://b.example.org:8443");
        for text in ["https://a/ws", "wss://", "wss://a b/ws", "wss://a/ws?x", "wss://a;b/ws", "x"]
        {
            assert_eq!(GoTo::read(text), Err(Wrong::Kind), "{text}");
        }
    }
}
