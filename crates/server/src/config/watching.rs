//! Words and defaults of the settings by which a server is watched.

use super::address::LOOPBACK;
use super::relay::Network;
use super::value::{Word, Wrong};
use crate::outgoing::Place;
use crate::webhooks::EventKind;
use std::fmt;

/// Who may watch a server without having been named: whoever is on its machine.
pub fn loopback() -> Vec<Network> {
    LOOPBACK.iter().filter_map(|address| Network::read(&address.to_string()).ok()).collect()
}

/// Where a collector is, or nowhere when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint(pub Option<Place>);

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |place| write!(f, "{place}"))
    }
}

impl Word for Endpoint {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        <Place as Word>::expected()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            Ok(Self(None))
        } else {
            Place::read(text).map(|place| Self(Some(place)))
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Word for EventKind {
    const PLACEHOLDER: &'static str = "EVENT";

    fn expected() -> String {
        format!("one of {}", Self::EVERY.map(Self::word).join(", "))
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_read_by_its_name() {
        for kind in EventKind::EVERY {
            assert_eq!(EventKind::read(kind.word()), Ok(kind));
        }
        assert_eq!(EventKind::read("room.finished"), Err(Wrong::Kind));
        assert!(!EventKind::usual().contains(&EventKind::ChatMessage));
    }

    #[test]
    fn this_machine_has_an_address_in_each_family() {
        let shown: Vec<String> = loopback().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["127.0.0.1", "::1"]);
    }
}
