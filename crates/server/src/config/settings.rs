//! Every setting, once: its key, type, default, range and sentence. Files, variables, flags, help and
//! the documentation are made from this table.

use super::address::ListenAddress;
use super::admin_words::{AdminToken, TokenFile};
use super::outside::{Ancestor, ContactAddress, GoTo};
use super::quantity::Bytes;
use super::relay::{ExternalAddress, Hidden, Network, Ports, Realm, RelayUser};
use super::templates::{PermanentRoom, Templates};
use super::tls_words::{Directory, Domain, EmailAddress, PemFile};
use super::token_words::{Audience, Issuer, KeyFile, KeySet, SecretFile};
use super::value::{Raw, Shape, Value, Wrong, expected_within, parse_within};
use super::watching::{Endpoint, loopback};
use super::words::{
    AdHocRooms, AddressDetail, AllowedOrigin, DialectPolicy, DuplicateIdentity, Folder, IceServer,
    LogFilter, LogFormat, RelayPeers,
};
use crate::auth::Pattern;
use crate::outgoing::Place;
use crate::webhooks::EventKind;
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
    pub differs: fn(&Config, &Config) -> bool,
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
            /// Tables with names of their own.
            pub room_templates: Templates,
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
            differs: |one, other| one.$field.$key != other.$field.$key,
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
        /// Rooms are open to anybody who can reach the port, with a token or without. Where this is not set and there is no key for tokens, only loopback addresses can be listened on.
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
        /// Pages that may show this server's pages in a frame: self, origins such as https://example.org, or "*". Empty: none.
        frame_ancestors: Vec<Ancestor> = vec![Ancestor::Own];
        /// Where to report a weakness, as mailto: or https: address. With it `/.well-known/security.txt` says so.
        security_contact: ContactAddress = ContactAddress::default();
        /// How long to wait at the start for a port that another process still has, such as one that is stopping.
        port_wait: Duration = Duration::ZERO, Duration::ZERO..=HOUR;
        /// Threads that serve connections. 0: as many as there are processors for this program.
        threads: usize = 0, 0..=1_024;
        /// Which log lines are written to standard error: off, error, warn, info, debug or trace; by part: "info,parlor::web=debug".
        log: LogFilter = LogFilter::info();
        /// How log lines are written: text, or json for machines.
        log_format: LogFormat = LogFormat::Text;
        /// How much of a client's address stands in log lines: full, short (the /24 of IPv4, the /48 of IPv6) or none.
        log_addresses: AddressDetail = AddressDetail::Short;
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
    "Tokens", "tokens." => tokens: Tokens {
        /// Secret that tokens are signed with (HS256), of at least 32 bytes; `parlor token --new-secret` makes one. With a key of any kind, rooms need a token, unless they are open.
        secret: Hidden = Hidden::default();
        /// File with that secret in it, and nothing else but a line break.
        secret_file: SecretFile = SecretFile::default();
        /// Files with public keys that tokens are verified with (RS256, ES256, EdDSA): PEM, JWK or a JWK set.
        keys: Vec<KeyFile> = Vec::new();
        /// Where public keys are published as a JWK set that changes: an https address, or a file.
        jwks: KeySet = KeySet::None;
        /// How often that set is fetched again.
        jwks_refresh: Duration = 5 * MINUTE, SECOND..=24 * HOUR;
        /// A token that names an unknown key has the set fetched at once, but no sooner after the last time.
        jwks_pause: Duration = Duration::from_secs(10), Duration::from_millis(100)..=HOUR;
        /// How long the last set is used while it can't be fetched.
        jwks_keep: Duration = 24 * HOUR, SECOND..=168 * HOUR;
        /// PEM file with the root of a private certificate authority, which is trusted besides those of the system when the set is fetched.
        ca_file: PemFile = PemFile::default();
        /// What the claim `aud` of a token must have in it. Empty: the domain, or else "parlor".
        audience: Audience = Audience::default();
        /// Whose tokens are taken, by the claim `iss`. Empty: everybody's who has the key.
        issuers: Vec<Issuer> = Vec::new();
        /// How far the clocks of whoever makes the tokens may be off.
        leeway: Duration = Duration::from_secs(30), Duration::ZERO..=10 * MINUTE;
        /// How long a token may hold. Minutes are enough where clients refresh theirs.
        max_lifetime: Duration = 24 * HOUR, SECOND..=8_760 * HOUR;
        /// Rooms that nobody needs a token for, such as lobby or club-*.
        open_rooms: Vec<Pattern> = Vec::new();
        /// A membership ends when its token expires, unless it was refreshed.
        end_sessions: bool = false;
    }
    "Metrics", "metrics." => metrics: Metrics {
        /// Where `/metrics` is read, in plain HTTP, such as localhost:9090. Empty: on the port of everything else.
        listen: Vec<ListenAddress> = Vec::new();
        /// Networks that may read `/metrics` without a token; requests that a proxy passes on are not among them.
        allow: Vec<Network> = loopback();
        /// Whoever has it may read `/metrics` from everywhere (Bearer). Empty: nobody.
        token: Hidden = Hidden::default();
        /// Count what pages tell of the kind of address by which they have reached somebody.
        ice_reports: bool = true;
    }
    "OpenTelemetry", "otel." => otel: Otel {
        /// Collector that is told metrics and spans, by OTLP over HTTP in JSON, such as http://localhost:4318. Empty: nobody.
        endpoint: Endpoint = Endpoint::default();
        /// How often it is told.
        interval: Duration = Duration::from_secs(15), Duration::from_millis(100)..=10 * MINUTE;
        /// PEM file with the root of a private certificate authority, which is trusted besides those of the system.
        ca_file: PemFile = PemFile::default();
    }
    "Webhooks", "webhooks." => webhooks: Webhooks {
        /// Addresses that are told what happens in rooms, by POST.
        urls: Vec<Place> = Vec::new();
        /// Signs what is told, so that receivers know whom it is from; 16 bytes at least.
        secret: Hidden = Hidden::default();
        /// File with that secret. A second line is the secret before it, which signs as well while receivers change over.
        secret_file: SecretFile = SecretFile::default();
        /// What is told.
        events: Vec<EventKind> = EventKind::usual();
        /// PEM file with the root of a private certificate authority, which is trusted besides those of the system.
        ca_file: PemFile = PemFile::default();
        /// How long a receiver may take to answer.
        timeout: Duration = Duration::from_secs(10), Duration::from_millis(100)..=MINUTE;
        /// The pause after a failure, which doubles with each that follows.
        first_retry: Duration = SECOND, Duration::from_millis(10)..=MINUTE;
        /// The longest of those pauses.
        longest_retry: Duration = 5 * MINUTE, Duration::from_millis(10)..=HOUR;
        /// How long an event is tried to be delivered.
        max_age: Duration = 24 * HOUR, SECOND..=168 * HOUR;
        /// Events that wait for one receiver. Beyond it the oldest goes.
        queue_events: usize = 10_000, 1..=1_000_000;
        /// Bytes that wait for one receiver. Beyond it the oldest goes.
        queue_bytes: Bytes = Bytes::mib(16), Bytes::kib(4)..=Bytes::mib(1_024);
    }
    "Rooms", "rooms." => rooms: Rooms {
        /// Rooms that are there also while nobody is in them, such as lobby, or by a template of the file, such as club:meeting.
        permanent: Vec<PermanentRoom> = Vec::new();
        /// Who may make other rooms by joining them: all, tokens (those whose token grants it), or none.
        ad_hoc: AdHocRooms = AdHocRooms::All;
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
    "Drain", "drain." => drain: Drain {
        /// How long rooms go on after SIGTERM: no new ones begin, and clients are told. It is over as soon as nobody is in a room. SIGINT does not wait.
        timeout: Duration = Duration::from_secs(3), Duration::ZERO..=24 * HOUR;
        /// Where clients are to go when it is over, such as wss://other.example.org/ws. Empty: here again.
        go_to: GoTo = GoTo::default();
    }
    "Admin", "admin." => admin: Admin {
        /// What opens the admin API under /api/v1: at least 32 characters, sent as a bearer token. Better in a file: flags and variables can be seen by others.
        token: AdminToken = AdminToken::default();
        /// File with that token in it. Read again when it changes.
        token_file: TokenFile = TokenFile::default();
        /// Where the admin API listens, such as localhost:9090, in place of the port of everything else.
        listen: Vec<ListenAddress> = Vec::new();
    }
    "Limits", "limits." => limits: Limits {
        /// Rooms at the same time.
        max_rooms: usize = 10_000, 1..=10_000_000;
        /// Members of one room.
        max_members: usize = 100, 2..=100_000;
        /// Those who wait to be let into one room.
        max_waiting: usize = 100, 0..=100_000;
        /// Connections at the same time. Fewer when the system allows fewer open files.
        max_connections: usize = 20_000, 1..=10_000_000;
        /// Connections at the same time from one IPv4 address or one IPv6 /64 network; 0 is no limit. Loopback addresses have none. Behind a reverse proxy on another machine everybody has the proxy's address: set 0.
        max_connections_per_address: usize = 512, 0..=10_000_000;
        /// New connections per second from one IPv4 address or one IPv6 /64 network; more are closed unheard. 0 is no limit. Loopback addresses have none.
        connections_per_second_per_address: usize = 100, 0..=1_000_000;
        /// New connections that one such network may open at once before the rate counts.
        connections_burst_per_address: usize = 1_000, 1..=1_000_000;
        /// HTTP requests per second from one such network; more are answered with 429. 0 is no limit. Loopback addresses have none.
        requests_per_second_per_address: usize = 1_000, 0..=1_000_000;
        /// Requests that one such network may make at once before the rate counts.
        requests_burst_per_address: usize = 5_000, 1..=1_000_000;
        /// Networks of reverse proxies, such as 127.0.0.1: what their `X-Forwarded-For` or `Forwarded` says is the client's address, and they have no limits of their own.
        trusted_proxies: Vec<Network> = Vec::new();
        /// Bytes per second that one connection may send; who sends more is read more slowly. 0 is no limit.
        bytes_per_second: Bytes = Bytes::mib(16), Bytes(0)..=Bytes::mib(1_048_576);
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

impl Tokens {
    /// Whether there is any key that a token can be verified with.
    pub fn has_keys(&self) -> bool {
        let secret = !self.secret.0.is_empty() || self.secret_file.0.is_some();
        secret || !self.keys.is_empty() || self.jwks != KeySet::None
    }
}
