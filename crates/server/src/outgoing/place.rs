//! An address that requests are sent to: http or https, a host, a path. Opens no sockets.

use std::fmt;

use axum::http::Uri;

use crate::config::{Word, Wrong};

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    text: String,
    pub is_tls: bool,
    /// As it stands in `Host`.
    pub authority: String,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    pub path: String,
}

/// The path may have a token in it.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())
    }
}

impl Place {
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(if is_tls { HTTPS } else { HTTP });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        (!host.is_empty() && port != 0).then(|| Self {
            text: text.into(),
            is_tls,
            authority: authority.as_str().into(),
            host: host.into(),
            port,
            path: path.into(),
        })
    }

    /// Without the path, for logs and labels.
    pub fn name(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Word for Place {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        "an http or https address without a user, such as https://app.example.org/hook".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_http_or_https_and_nothing_else() {
        let place = Place::parse("https://app.example.org/hook?x=1").unwrap();
        assert_eq!((place.is_tls, place.host.as_str(), place.port), (true, "app.example.org", 443));
        assert_eq!((place.path.as_str(), place.name()), ("/hook?x=1", "app.example.org"));
        let place = Place::parse("http://[::1]:8000").unwrap();
        assert_eq!((place.host.as_str(), place.port, place.path.as_str()), ("::1", 8000, "/"));
        assert_eq!(place.name(), "[::1]:8000");
        for wrong in
            ["", "app.example.org", "ftp://a/", "http://", "https://u:p@a/", "/hook", "http://a/#b"]
        {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
