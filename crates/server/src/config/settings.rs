//! Every setting, once: its key, type, default, range and sentence. Files, variables, flags, help and
//! the documentation are made from this table.

use super::address::ListenAddress;
use super::quantity::Bytes;
use super::relay::{ExternalAddress, Hidden, Network, Ports, Realm, RelayUser};
use super::tls_words::{Directory, Domain, EmailAddress, PemFile};
use super::value::{Raw, Shape, Value, Wrong, expected_within, parse_within};
use super::words::{
    AllowedOrigin, DialectPolicy, DuplicateIdentity, Folder, IceServer, LogFilter, LogFormat,
    RelayPeers,
};
use std::time::Duration;

/// One row of the table.
pub struct Setting {
    /// As in the file: `limits.max_rooms`.
    pub key: &'static str,
    pub group: &'static str,
    pub doc: &'static str,
    pub shape: Shape,
    pub placeholder: &'static str,
    /// Completes "must be …".
    pub expected: fn() -> String,
    pub read: fn(&Raw, &mut Config) -> Result<(), Wrong>,
    pub show: fn(&Config) -> String,
}

macro_rules! settings {
    (@read $type:ty, $raw:expr) => { <$type as Value>::parse($raw) };
    (@read $type:ty, $raw:expr, $range:expr) => { parse_within::<$type>($raw, &$range) };
    (@expected $type:ty) => { <$type as Value>::expected() };
    (@expected $type:ty, $range:expr) => { expected_within::<$type>(&$range) };
    ($(
        $title:literal, $prefix:literal => $field:ident: $section:ident {
            $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr $(, $range:expr)?;)+
        }
    )+) => {
        /// Everything that can be configured.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Config {
            $(pub $field: $section,)+
        }

        $(
            #[derive(Debug, Clone, PartialEq)]
            pub struct $section {
                $($(#[doc = $doc])+ pub $key: $type,)+
            }

            impl Default for $section {
                fn default() -> Self {
                    Self { $($key: $default,)+ }
                }
            }
        )+

        pub const SETTINGS: &[Setting] = &[$($(Setting {
            key: concat!($prefix, stringify!($key)),
            group: $title,
            doc: concat!($($doc),+),
            shape: <$type as Value>::SHAPE,
            placeholder: <$type as Value>::PLACEHOLDER,
            expected: || settings!(@expected $type $(, $range)?),
            read: |raw, config| {
                config.$field.$key = settings!(@read $type, raw $(, $range)?)?;
                Ok(())
            },
            show: |config| config.$field.$key.show(),
        },)+)+];
    };
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

settings! {
    "Server", "" => server: Server {
        /// Where to listen. `localhost` is 127.0.0.1 and ::1; port 0 takes any free port.
        listen: Vec<ListenAddress> = vec![ListenAddress::Localhost(8080)];
        /// Rooms are open to anybody who can reach the port. Without this only loopback addresses can be listened on.
        open_rooms: bool = false;
        /// Origins whose pages may connect, such as https://meet.example.org; "*" lets every page in. Pages from this machine are always let in.
        allow_origins: Vec<AllowedOrigin> = Vec::new();
        /// The name that people open, such as meet.example.org. With it the server gets a certificate for that name by itself (ACME) and, without `listen`, listens on port 443 of every address.
        domain: Domain = Domain::default();
        /// Folder for certificates and keys that the server makes or is given. Empty: $STATE_DIRECTORY, $XDG_STATE_HOME/parlor or ~/.local/state/parlor.
        state_dir: Folder = Folder::default();
        /// Addresses that clients on other networks reach this server by, such as 203.0.113.7. Empty: those that this machine has where it listens.
        external_addresses: Vec<ExternalAddress> = Vec::new();
        /// Folder with `app` and `sdk` to serve instead of the web files inside the program, for development. Empty: the ones inside.
        web_dir: Folder = Folder::default();
        /// Whether WebSocket messages are compressed for clients that offer it (permessage-deflate). It takes bytes off slow lines and costs processor time for every receiver.
        compression: bool = false;
        /// Which log lines are written to standard error: off, error, warn, info, debug or trace; by part: "info,parlor::web=debug".
        log: LogFilter = LogFilter::info();
        /// How log lines are written: text, or json for machines.
        log_format: LogFormat = LogFormat::Text;
    }
    "TLS", "tls." => tls: Tls {
        /// PEM file with the certificate of this server, followed by those between it and the root. Read again when it changes.
        certificate: PemFile = PemFile::default();
        /// PEM file with the private key of that certificate.
        key: PemFile = PemFile::default();
        /// Speak HTTPS with a certificate that the server makes itself, for the local network: browsers warn of it once, and give camera and microphone.
        self_signed: bool = false;
        /// Print the QR code of the address also where standard output is no terminal.
        show_qr: bool = false;
        /// How long a TLS handshake may take.
        handshake_timeout: Duration = Duration::from_secs(10), Duration::from_millis(100)..=10 * MINUTE;
    }
    "ACME", "acme." => acme: Acme {
        /// Address of the certificate authority's directory. Empty: Let's Encrypt.
        directory: Directory = Directory::default();
        /// Ask Let's Encrypt's staging environment, whose certificates no browser trusts, but which may be asked often.
        staging: bool = false;
        /// Mail address that the authority may write to.
        contact: EmailAddress = EmailAddress::default();
        /// PEM file with the root of a private certificate authority, which is trusted besides those of the system.
        ca_file: PemFile = PemFile::default();
    }
    "ICE", "ice." => ice: Ice {
        /// STUN servers that clients are told of, such as stun:stun.example.org:3478. None are needed within one network.
        servers: Vec<IceServer> = Vec::new();
    }
    "TURN", "turn." => turn: Turn {
        /// STUN and TURN on the same port, over UDP and TCP: for clients that reach each other in no other way.
        enabled: bool = true;
        /// The realm of TURN's authentication.
        realm: Realm = Realm("parlor".into());
        /// Shared secret for time-limited credentials, as other servers' REST interface has it. Empty: a new one at each start.
        secret: Hidden = Hidden::default();
        /// Users whose passwords never expire, for clients that get no credentials from this server.
        users: Vec<RelayUser> = Vec::new();
        /// Whom clients may reach over the relay: own (other clients of it), public (also addresses on the internet), any. Other than own makes it an open relay for everybody who has credentials.
        peers: RelayPeers = RelayPeers::Own;
        /// Networks that may be reached besides those, such as 10.1.0.0/16.
        allow_peers: Vec<Network> = Vec::new();
        /// Networks that may never be reached, whatever else is allowed.
        deny_peers: Vec<Network> = Vec::new();
        /// Ports that relay to peers which are not clients of this server; opened only where such peers are allowed.
        relay_ports: Ports = Ports(49_152..=65_535);
        /// Relay over TCP to peers as well (RFC 6062), where peers that are not clients of this server are allowed.
        tcp_allocations: bool = false;
        /// Channel numbers up to 0x7FFF, as RFC 5766 had them, for old clients.
        wide_channels: bool = false;
        /// How long the credentials hold that clients are given; they get new ones in time.
        credential_lifetime: Duration = HOUR, MINUTE..=24 * HOUR;
        /// How long a call over the relay may go on after its credential has expired: browsers keep the one that a connection began with until it is made anew.
        credential_grace: Duration = 24 * HOUR, Duration::ZERO..=168 * HOUR;
        /// Allocations at the same time under one credential; each network of a client needs one.
        max_allocations_per_credential: usize = 12, 1..=100_000;
        /// Allocations at the same time.
        max_allocations: usize = 10_000, 1..=1_000_000;
        /// How long an allocation may last without being refreshed.
        max_lifetime: Duration = HOUR, 10 * MINUTE..=HOUR;
        /// Bytes per second that one allocation may relay in each direction; 0 is no limit.
        allocation_bytes_per_second: Bytes = Bytes::mib(16), Bytes(0)..=Bytes::mib(1_048_576);
        /// Bytes per second that all allocations may relay together; 0 is no limit.
        total_bytes_per_second: Bytes = Bytes(0), Bytes(0)..=Bytes::mib(1_048_576);
        /// Answers per second to one address that has not authenticated itself.
        unauthenticated_per_second: usize = 50, 1..=1_000_000;
    }
    "Rooms", "rooms." => rooms: Rooms {
        /// How long a member who lost the connection is kept as "reconnecting" before the others see a leave.
        grace: Duration = Duration::from_secs(30), SECOND..=24 * HOUR;
        /// How long an empty room is kept, so that a reloading page finds it again.
        empty_grace: Duration = Duration::from_secs(30), Duration::ZERO..=24 * HOUR;
        /// A second member of the same identity: allow both, replace the older, or reject the newer.
        duplicate_identity: DuplicateIdentity = DuplicateIdentity::Allow;
        /// Chat messages kept for those who join later.
        history_messages: usize = 200, 0..=100_000;
        /// Bytes of chat kept for those who join later.
        history_bytes: Bytes = Bytes::kib(256), Bytes(0)..=Bytes::mib(256);
        /// Events that a room keeps for members who reconnect.
        log_events: usize = 8_192, 16..=1_000_000;
        /// Bytes of events that a room keeps for members who reconnect.
        log_bytes: Bytes = Bytes::mib(4), Bytes::kib(64)..=Bytes::mib(1_024);
        /// Bytes of events and chat that all rooms keep together.
        total_bytes: Bytes = Bytes::mib(512), Bytes::mib(1)..=Bytes::mib(1_048_576);
    }
    "Dialects", "dialects." => dialects: Dialects {
        /// Clients of the common WebSocket tutorials, on `/`.
        json: DialectPolicy = DialectPolicy::Auto;
        /// Clients that open channels, on `/`.
        channels: DialectPolicy = DialectPolicy::Auto;
        /// Clients that want every message back, on `/`: those whose first message is plainly no JSON. Off, that is told to be a mistake.
        echo: DialectPolicy = DialectPolicy::Auto;
        /// Clients of y-webrtc, on `/` and `/signaling`.
        ywebrtc: DialectPolicy = DialectPolicy::Auto;
        /// Clients of matchbox, on `/<room>`.
        matchbox: DialectPolicy = DialectPolicy::Auto;
        /// Clients of Socket.IO 3 and 4, on `/socket.io/`.
        socketio: DialectPolicy = DialectPolicy::Auto;
        /// Clients of PeerJS, on `/peerjs`; a key is the name of a room.
        peerjs: DialectPolicy = DialectPolicy::Auto;
        /// Whether anybody who knows a PeerJS key may list who is in its room.
        peerjs_discovery: bool = false;
    }
    "Limits", "limits." => limits: Limits {
        /// Rooms at the same time.
        max_rooms: usize = 10_000, 1..=10_000_000;
        /// Members of one room.
        max_members: usize = 100, 2..=100_000;
        /// Connections at the same time. Fewer when the system allows fewer open files.
        max_connections: usize = 20_000, 1..=10_000_000;
        /// Connections at the same time from one IPv4 address or one IPv6 /64 network; 0 is no limit. Loopback addresses have none. Behind a reverse proxy on another machine everybody has the proxy's address: set 0.
        max_connections_per_address: usize = 512, 0..=10_000_000;
        /// Connections at the same time that have not yet said anything, or are in a TLS handshake. Beyond it the one that has waited longest is closed.
        max_half_open: usize = 1_024, 16..=1_000_000;
        /// The same from one IPv4 address or one IPv6 /64 network. Loopback addresses have no limit of their own.
        max_half_open_per_address: usize = 128, 1..=1_000_000;
        /// Size of a WebSocket frame from a client.
        max_frame: Bytes = Bytes::kib(256), Bytes::kib(4)..=Bytes::mib(16);
        /// Messages per second that one connection may send.
        messages_per_second: usize = 200, 1..=1_000_000;
        /// Messages that one connection may send at once before the rate counts.
        burst: usize = 400, 1..=1_000_000;
        /// Frames that wait for one slow reader; volatile ones are dropped from a quarter of it on.
        outbox_frames: usize = 4_096, 16..=1_000_000;
        /// Bytes that wait for one slow reader.
        outbox_bytes: Bytes = Bytes::mib(4), Bytes::kib(64)..=Bytes::mib(1_024);
        /// Length of a chat message.
        chat_bytes: Bytes = Bytes::kib(8), Bytes(1)..=Bytes::mib(1);
        /// Size of the data of one `send`.
        message_bytes: Bytes = Bytes::kib(64), Bytes(1)..=Bytes::mib(8);
        /// Size of a session description.
        sdp_bytes: Bytes = Bytes::kib(128), Bytes::kib(4)..=Bytes::mib(1);
        /// How long a connection may take to join a room. Pages that open their socket before somebody clicks, on `/` and `/signaling`, have as long as they like; an echo may be silent for so long.
        join_timeout: Duration = Duration::from_secs(10), SECOND..=HOUR;
        /// How long a connection may be silent before it is closed.
        idle_timeout: Duration = Duration::from_secs(45), SECOND..=HOUR;
        /// How often clients are asked to ping.
        ping_interval: Duration = Duration::from_secs(5), Duration::from_millis(100)..=10 * MINUTE;
        /// How long the server waits for its clients when it stops.
        shutdown_grace: Duration = Duration::from_secs(5), Duration::ZERO..=HOUR;
        /// How long a client may take to send the head of an HTTP request, and how long an unused HTTP connection, or one that says nothing at all, stays open.
        header_timeout: Duration = Duration::from_secs(10), Duration::from_millis(100)..=10 * MINUTE;
    }
}

impl Config {
    /// Whether there is any way to a certificate.
    pub fn speaks_tls(&self) -> bool {
        self.server.domain.0.is_some() || self.tls.self_signed || self.tls.certificate.0.is_some()
    }
}

impl Setting {
    /// `PARLOR_LIMITS_MAX_ROOMS`
    pub fn variable(&self) -> String {
        format!("PARLOR_{}", self.key.to_ascii_uppercase().replace('.', "_"))
    }

    /// `--limits-max-rooms`. One flag is one value, so lists are named in the singular.
    pub fn flag(&self) -> String {
        let name = format!("--{}", self.key.replace(['.', '_'], "-"));
        match self.shape {
            Shape::Many => {
                let singular = match name.strip_suffix("sses") {
                    Some(stem) => Some(format!("{stem}ss")),
                    None => name.strip_suffix('s').map(Into::into),
                };
                singular.unwrap_or(name)
            }
            Shape::Switch | Shape::One => name,
        }
    }

    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// Whether settings begin with this and a dot.
    pub fn is_section(name: &str) -> bool {
        let rest = |setting: &Self| Some(setting.key.strip_prefix(name)?.starts_with('.'));
        SETTINGS.iter().any(|setting| rest(setting) == Some(true))
    }

    pub fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_variable_and_flag_is_unique() {
        let keys: HashSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let variables: HashSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        let flags: HashSet<_> = SETTINGS.iter().map(Setting::flag).collect();
        assert_eq!([keys.len(), variables.len(), flags.len()], [SETTINGS.len(); 3]);
    }

    #[test]
    fn every_default_is_a_value_that_its_own_range_takes() {
        for setting in SETTINGS {
            let shown = (setting.show)(&Config::default());
            let file = format!("value = {shown}");
            let raw = crate::config::file::entries(&file).unwrap().remove(0).raw;
            let mut config = Config::default();
            assert_eq!((setting.read)(&raw, &mut config), Ok(()), "{} = {shown}", setting.key);
            assert_eq!(config, Config::default(), "{}", setting.key);
        }
    }

    #[test]
    fn names_follow_from_the_key() {
        let rooms = Setting::find("limits.max_rooms").unwrap();
        assert_eq!(rooms.variable(), "PARLOR_LIMITS_MAX_ROOMS");
        assert_eq!(rooms.flag(), "--limits-max-rooms");
        assert_eq!(Setting::find("allow_origins").unwrap().flag(), "--allow-origin");
        assert_eq!(Setting::find("ice.servers").unwrap().flag(), "--ice-server");
        assert_eq!(Setting::find("external_addresses").unwrap().flag(), "--external-address");
    }
}
