//! The query of a request to an Engine.IO address, read into what it asks for.

use super::{Refused, Transport};

/// Which session a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    pub transport: Transport,
    /// Without one a new session is opened.
    pub sid: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// `query` is what follows the `?`. The order of the checks is the one that clients are used to.
    pub fn read(query: &'a str) -> Result<Self, Refused> {
        let transport = match find(query, "transport") {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            Some(_) | None => return Err(Refused::UnknownTransport),
        };
        if find(query, "EIO") != Some("4") {
            return Err(Refused::UnsupportedVersion);
        }
        Ok(Self { transport, sid: find(query, "sid") })
    }
}

/// The first value of a key, as it stands there.
#[must_use]
pub fn find<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_transport_version_and_session() {
        let read = Query::read;
        let new = Query { transport: Transport::Polling, sid: None };
        assert_eq!(read("EIO=4&transport=polling&t=abc"), Ok(new));
        let known = Query { transport: Transport::WebSocket, sid: Some("abc") };
        assert_eq!(read("transport=websocket&sid=abc&EIO=4"), Ok(known));
    }

    #[test]
    fn what_a_query_lacks_is_named() {
        for (query, why) in [
            ("", Refused::UnknownTransport),
            ("EIO=4", Refused::UnknownTransport),
            ("EIO=4&transport=flashsocket", Refused::UnknownTransport),
            ("transport=polling", Refused::UnsupportedVersion),
            ("EIO=3&transport=polling", Refused::UnsupportedVersion),
            ("EIO=abc&transport=websocket", Refused::UnsupportedVersion),
        ] {
            assert_eq!(Query::read(query), Err(why), "{query}");
        }
    }
}
