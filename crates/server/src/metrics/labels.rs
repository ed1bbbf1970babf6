//! The words that labels may have. None comes from a client, so the number of series is bounded by this file.

use parlor_dialects::Dialect;

/// Every dialect, in the order of its cells.
pub const DIALECTS: [Dialect; 9] = [
    Dialect::Native,
    Dialect::Sse,
    Dialect::Json,
    Dialect::Channels,
    Dialect::Echo,
    Dialect::YWebrtc,
    Dialect::Matchbox,
    Dialect::PeerJs,
    Dialect::SocketIo,
];

pub fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Native => "native",
        Dialect::Sse => "sse",
        Dialect::Json => "json",
        Dialect::Channels => "channels",
        Dialect::Echo => "echo",
        Dialect::YWebrtc => "ywebrtc",
        Dialect::Matchbox => "matchbox",
        Dialect::PeerJs => "peerjs",
        Dialect::SocketIo => "socketio",
    }
}

/// The cell of a dialect.
pub fn index(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Native => 0,
        Dialect::Sse => 1,
        Dialect::Json => 2,
        Dialect::Channels => 3,
        Dialect::Echo => 4,
        Dialect::YWebrtc => 5,
        Dialect::Matchbox => 6,
        Dialect::PeerJs => 7,
        Dialect::SocketIo => 8,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From clients.
    In,
    /// To clients.
    Out,
}

impl Direction {
    pub const ALL: [Self; 2] = [Self::In, Self::Out];

    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// What carries the sessions of a dialect.
pub fn transport(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Native
        | Dialect::Json
        | Dialect::Channels
        | Dialect::Echo
        | Dialect::YWebrtc
        | Dialect::Matchbox
        | Dialect::PeerJs => "websocket",
        Dialect::Sse => "sse",
        // Either of two: its carrier counts them.
        Dialect::SocketIo => "engineio",
    }
}

/// The kind of address that a request was for.
pub fn route(path: &str) -> &'static str {
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "" => "root",
        "ws" => "native",
        "signaling" => "ywebrtc",
        "socket.io" => "socketio",
        "peerjs" => "peerjs",
        "room" | "check" | "app" => "app",
        "sdk" => "sdk",
        "livez" | "readyz" => "health",
        "metrics" => "metrics",
        "api" => api(path),
        _ => "other",
    }
}

fn api(path: &str) -> &'static str {
    let mut parts = path.split('/').skip(3);
    match (parts.next(), parts.nth(1)) {
        (Some("rooms"), Some("events")) => "events",
        (Some("rooms"), Some("messages")) => "messages",
        (Some("ice-servers" | "ice-selected"), _) => "ice",
        (Some(_) | None, _) => "api",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_its_own_cell() {
        let cells: Vec<usize> = DIALECTS.map(index).into();
        assert_eq!(cells, (0..DIALECTS.len()).collect::<Vec<_>>());
    }

    #[test]
    fn no_path_of_a_client_becomes_a_label() {
        let routes = [
            ("/", "root"),
            ("", "root"),
            ("/room/secret", "app"),
            ("/sdk/parlor.js", "sdk"),
            ("/socket.io/?EIO=4", "socketio"),
            ("/peerjs/key/id", "peerjs"),
            ("/api/v1/rooms/secret/events", "events"),
            ("/api/v1/rooms/secret/messages", "messages"),
            ("/api/v1/rooms/secret", "api"),
            ("/api/v1/ice-servers", "ice"),
            ("/api", "api"),
            ("/secret", "other"),
            ("//ws", "root"),
        ];
        for (path, expected) in routes {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
