//! Rule for the pure crates: they are driven by what is passed in, so that every test can replay a moment.

use super::{Complaint, Rule};

const PURE_CRATES: &[&str] = &["rooms", "dialects", "websocket", "turn", "media", "cluster"];

const OUTSIDE_WORLD: &[&str] = &[
    "std::net",
    "std::fs",
    "std::thread",
    "std::env",
    "tokio",
    "Instant::now",
    "SystemTime::now",
    "getrandom",
    "rand::",
];

/// Addresses are values; sockets are not.
const ADDRESSES: &[&str] = &[
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::net::{IpAddr",
];

pub const PURE_CRATE: Rule = Rule {
    name: "pure-crate",
    reason: "pure crates have no clock, sockets, files, threads or entropy: crates/server passes values inwards",
    applies: |path| {
        let mut parts = path.split('/');
        parts.next() == Some("crates")
            && parts.next().is_some_and(|name| PURE_CRATES.contains(&name))
            && (path.ends_with("/Cargo.toml") || (path.contains("/src/") && path.ends_with(".rs")))
    },
    check: |file, _| {
        let code = |line: &str| !line.trim_start().starts_with("//");
        let complaints = file.lines().filter(|(_, text)| code(text)).filter_map(|(line, text)| {
            let text = ADDRESSES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
            let found = OUTSIDE_WORLD.iter().find(|word| text.contains(**word))?;
            Some(Complaint { line, about: (*found).to_owned() })
        });
        complaints.collect()
    },
};

#[cfg(test)]
mod tests {
    use super::super::assert_rule;
    use super::*;

    #[test]
    fn pure_crate() {
        let path = "crates/rooms/src/log.rs";
        assert_rule(&PURE_CRATE, path, "now: Instant\n", "let now = Instant::now();\n");
        assert_rule(&PURE_CRATE, path, "use std::net::IpAddr;\n", "use std::net::UdpSocket;\n");
        assert_rule(&PURE_CRATE, path, "// not tokio's\n", "use tokio::sync::mpsc;\n");
        assert_rule(&PURE_CRATE, "crates/rooms/Cargo.toml", "serde = \"1\"\n", "tokio = \"1\"\n");
        assert!(!(PURE_CRATE.applies)("crates/server/src/main.rs"));
    }
}
