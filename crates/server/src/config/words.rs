//! Settings that are written as one word: origins, servers, folders, choices.

use super::value::{Word, Wrong, quoted};
use crate::origin::{Origin, is_host, parse_port};
use parlor_rooms::RoomName;
use std::fmt;
use std::path::PathBuf;

/// An entry of `allow_origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    Any,
    Exactly(Origin),
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exactly(origin) => write!(f, "{origin}"),
        }
    }
}

impl Word for AllowedOrigin {
    const PLACEHOLDER: &'static str = "ORIGIN";

    fn expected() -> String {
        "an origin without a path, such as https://meet.example.org, or \"*\"".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text == "*" {
            return Ok(Self::Any);
        }
        Origin::parse(text).map(Self::Exactly).ok_or(Wrong::Kind)
    }
}

/// A STUN server that clients are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServer(String);

impl fmt::Display for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Word for IceServer {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        "a STUN server such as stun:stun.example.org:3478".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.starts_with("turn:") || text.starts_with("turns:") {
            let why = "needs credentials, which cannot be configured yet; only stun: can be given";
            return Err(Wrong::Because(format!("{} {why}", quoted(text))));
        }
        let address = text
            .strip_prefix("stun:")
            .or_else(|| text.strip_prefix("stuns:"))
            .ok_or(Wrong::Kind)?;
        // A browser refuses the whole configuration for one URL that it cannot read.
        let host_end = match address.strip_prefix('[') {
            Some(v6) => v6.find(']').ok_or(Wrong::Kind)? + 2,
            None => address.find(':').unwrap_or(address.len()),
        };
        let (host, port) = address.split_at_checked(host_end).ok_or(Wrong::Kind)?;
        let port_fits = port.is_empty() || port.strip_prefix(':').and_then(parse_port).is_some();
        (is_host(host) && port_fits).then(|| Self(text.into())).ok_or(Wrong::Kind)
    }
}

/// A folder, or none when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder(pub Option<PathBuf>);

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display()))
    }
}

impl Word for Folder {
    const PLACEHOLDER: &'static str = "DIR";

    fn expected() -> String {
        "a folder".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

/// Which log lines are written: a level, or levels by part of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFilter {
    text: String,
    pub targets: tracing_subscriber::filter::Targets,
}

impl LogFilter {
    pub fn info() -> Self {
        let targets = tracing_subscriber::filter::Targets::new().with_default(tracing::Level::INFO);
        Self { text: "info".into(), targets }
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Word for LogFilter {
    const PLACEHOLDER: &'static str = "LEVEL";

    fn expected() -> String {
        "off, error, warn, info, debug or trace".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        // A lone word that is no level would be taken for the name of a part, and silence the rest.
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let levels_only =
            text.split(',').all(|part| LEVELS.contains(&part.rsplit('=').next().unwrap_or(part)));
        let targets = text.parse().map_err(|_| Wrong::Kind)?;
        levels_only.then(|| Self { text: text.into(), targets }).ok_or(Wrong::Kind)
    }
}

/// Choices, each with the word for it.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)+ })
            }
        }

        impl Word for $name {
            const PLACEHOLDER: &'static str = "CHOICE";

            fn expected() -> String {
                format!("one of {}", [$($word),+].join(", "))
            }

            fn read(text: &str) -> Result<Self, Wrong> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Wrong::Kind),
                }
            }
        }
    };
}

choice! {
    LogFormat {
        Text = "text",
        Json = "json",
    }
}

choice! {
    /// How much of a client's address is written.
    AddressDetail {
        Full = "full",
        /// The network that it is in.
        Short = "short",
        None = "none",
    }
}

choice! {
    /// What happens when somebody joins under the identity of a member.
    DuplicateIdentity {
        Allow = "allow",
        Replace = "replace",
        Reject = "reject",
    }
}

choice! {
    /// Who makes a room by joining it.
    AdHocRooms {
        All = "all",
        /// Those whose token grants it.
        Tokens = "tokens",
        None = "none",
    }
}

choice! {
    /// Whom a client may reach over the relay.
    RelayPeers {
        /// Other clients of this relay, and its own media.
        Own = "own",
        /// Also whoever has an address on the internet.
        Public = "public",
        Any = "any",
    }
}

/// Whether a dialect is spoken, whose clients carry no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialectPolicy {
    /// On where only this machine can connect, else off.
    Auto,
    On,
    Off,
    Rooms(Vec<RoomPattern>),
}

/// The name of a room, or the beginning of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomPattern {
    Exactly(String),
    StartsWith(String),
}

impl RoomPattern {
    pub fn fits(&self, room: &RoomName) -> bool {
        match self {
            Self::Exactly(name) => room.as_str() == name,
            Self::StartsWith(beginning) => room.as_str().starts_with(beginning),
        }
    }
}

impl fmt::Display for DialectPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::On => f.write_str("on"),
            Self::Off => f.write_str("off"),
            Self::Rooms(rooms) => {
                let shown = rooms.iter().map(|room| match room {
                    RoomPattern::Exactly(name) => name.clone(),
                    RoomPattern::StartsWith(beginning) => format!("{beginning}*"),
                });
                write!(f, "rooms:{}", shown.collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl Word for DialectPolicy {
    const PLACEHOLDER: &'static str = "POLICY";

    fn expected() -> String {
        "auto (on where only this machine can connect), on, off, or rooms such as \"rooms:lobby,club-*\""
            .into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let pattern = |text: &str| {
            let (name, pattern) = match text.strip_suffix('*') {
                Some(name) => (name, RoomPattern::StartsWith(name.into())),
                None => (text, RoomPattern::Exactly(text.into())),
            };
            RoomName::parse(name).map(|_| pattern).map_err(|_| Wrong::Kind)
        };
        match text {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => {
                let rooms = text.strip_prefix("rooms:").ok_or(Wrong::Kind)?;
                rooms.split(',').map(pattern).collect::<Result<_, _>>().map(Self::Rooms)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ice_servers_are_stun_only_and_turn_says_why() {
        for text in ["stun:stun.example.org", "stun:1.2.3.4:3478", "stuns:[::1]:5349"] {
            assert_eq!(IceServer::read(text), Ok(IceServer(text.into())));
        }
        for text in ["", "stun:", "stun:a:x", "stun://a", "http://a", "stun:[::1", "stun:a:1:2"] {
            assert_eq!(IceServer::read(text), Err(Wrong::Kind), "{text}");
        }
        assert!(
            matches!(IceServer::read("turn:a:3478"), Err(Wrong::Because(why)) if why.contains("credentials"))
        );
    }

    #[test]
    fn a_misspelt_level_does_not_silence_the_log() {
        for text in ["info", "off", "warn,parlor::web=debug"] {
            assert!(LogFilter::read(text).is_ok(), "{text}");
        }
        for text in ["", "infoo", "verbose", "parlor=loud"] {
            assert!(LogFilter::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_dialect_is_on_off_or_in_some_rooms() {
        for text in ["auto", "on", "off", "rooms:lobby", "rooms:lobby,club-*"] {
            assert_eq!(DialectPolicy::read(text).unwrap().to_string(), text);
        }
        for text in ["", "yes", "rooms:", "rooms:*", "rooms:a,,b", "lobby"] {
            assert_eq!(DialectPolicy::read(text), Err(Wrong::Kind), "{text}");
        }
        let Ok(DialectPolicy::Rooms(rooms)) = DialectPolicy::read("rooms:lobby,club-*") else {
            panic!("no rooms")
        };
        let fits = |name: &str| {
            let name = RoomName::parse(name).unwrap();
            rooms.iter().any(|pattern| pattern.fits(&name))
        };
        assert_eq!(["lobby", "club-7", "lobby2", "club"].map(fits), [true, true, false, false]);
    }

    #[test]
    fn choices_name_their_words() {
        assert_eq!(DuplicateIdentity::read("replace"), Ok(DuplicateIdentity::Replace));
        assert_eq!(DuplicateIdentity::read("Replace"), Err(Wrong::Kind));
        assert_eq!(DuplicateIdentity::expected(), "one of allow, replace, reject");
    }
}
