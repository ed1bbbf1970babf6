//! What a check is, and what it found. Nothing is decided here.

use serde_json::{Map, Value};
use std::time::Duration;

macro_rules! checks {
    ($($variant:ident = $name:literal, $title:literal;)+) => {
        /// What is looked at, in the order of the report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Area { $($variant,)+ }

        impl Area {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// For machines; never changes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

checks! {
    Configuration = "configuration", "Configuration";
    Listening = "listening", "Listening";
    OpenFiles = "open-files", "Open files";
    UdpBuffers = "udp-buffers", "UDP buffers";
    Name = "name", "Name";
    Tcp = "tcp", "TCP connection";
    Protocol = "protocol", "HTTP or TLS";
    Parlor = "parlor", "Parlor answers";
    Certificate = "certificate", "Certificate";
    Clock = "clock", "Clock";
    WebSocket = "websocket", "WebSocket";
    IceServers = "ice-servers", "ICE servers";
    Stun = "stun", "STUN over UDP";
    RelayUdp = "relay-udp", "Relay over UDP";
    RelayTcp = "relay-tcp", "Relay over TCP";
    RelayTls = "relay-tls", "Relay over TLS";
    RelayAddress = "relay-address", "Relayed address";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Result {
    Ok,
    /// There was nothing to check.
    Skipped,
    Warning,
    Failed,
}

impl Result {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// What observations mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub result: Result,
    /// Begins small and ends without a full stop, so that it can stand after "Nobody can connect: ".
    pub sentence: String,
    /// The one thing to do about it.
    pub change: Option<String>,
    pub facts: Map<String, Value>,
}

impl Finding {
    pub fn ok(sentence: impl Into<String>) -> Self {
        Self::new(Result::Ok, sentence, None)
    }

    pub fn skipped(sentence: impl Into<String>) -> Self {
        Self::new(Result::Skipped, sentence, None)
    }

    pub fn warning(sentence: impl Into<String>, change: impl Into<String>) -> Self {
        Self::new(Result::Warning, sentence, Some(change.into()))
    }

    pub fn failed(sentence: impl Into<String>, change: impl Into<String>) -> Self {
        Self::new(Result::Failed, sentence, Some(change.into()))
    }

    fn new(result: Result, sentence: impl Into<String>, change: Option<String>) -> Self {
        Self { result, sentence: sentence.into(), change, facts: Map::new() }
    }

    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub area: Area,
    pub took: Duration,
    pub finding: Finding,
}

/// Milliseconds with a tenth, for people and machines.
pub fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_manual_explains_every_check() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
        let manual = std::fs::read_to_string(path).unwrap();
        for area in Area::ALL {
            let row = format!("| `{}` | {} |", area.name(), area.title());
            assert!(manual.contains(&row), "{row}");
        }
    }

    #[test]
    fn times_have_a_tenth_of_a_millisecond() {
        assert_eq!(millis(Duration::from_micros(1_250)), 1.3);
        assert_eq!(millis(Duration::from_secs(2)), 2_000.0);
    }
}
