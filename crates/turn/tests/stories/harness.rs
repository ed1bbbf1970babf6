//! An engine, its clients, and the time.

use std::net::SocketAddr;
use std::time::Duration;

use parlor_turn::{
    Arrival, ClientAddr, Counters, Delivery, Fragments, Output, PeerAddr, RelayId, Settings,
    Timestamp, Transport, Turn,
};

use super::wire::*;

pub const EPOCH: Timestamp = Timestamp(1_800_000_000_000);
pub const EXTERNAL: &str = "203.0.113.9";
pub const EXTERNAL_V6: &str = "2001:db8::9";
pub const SECRET: &str = "north";

/// Ada and Grace have passwords; every client is at 192.0.2.x.
pub fn settings() -> Settings {
    let mut settings = Settings {
        external: vec![EXTERNAL.parse().unwrap(), EXTERNAL_V6.parse().unwrap()],
        ..Settings::default()
    };
    settings.credentials.users.insert("ada".into(), "lovelace".into());
    settings.credentials.users.insert("grace".into(), "hopper".into());
    settings
}

/// [`Delivery`] with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Nothing,
    Client(ClientAddr, Vec<u8>),
    Peer(RelayId, SocketAddr, Vec<u8>, Fragments),
    Media(SocketAddr, SocketAddr, Vec<u8>),
}

impl From<Delivery<'_>> for Heard {
    fn from(delivery: Delivery<'_>) -> Self {
        match delivery {
            Delivery::Nothing => Self::Nothing,
            Delivery::ToClient { to, bytes } => Self::Client(to, bytes.to_vec()),
            Delivery::ToPeer { relay, to, payload, fragments } => {
                Self::Peer(relay, to.0, payload.to_vec(), fragments)
            }
            Delivery::ToMedia { from, to, payload, .. } => {
                Self::Media(from, to.0, payload.to_vec())
            }
        }
    }
}

pub struct World {
    pub turn: Turn,
    pub now: Timestamp,
    transactions: u64,
}

impl World {
    pub fn new(settings: Settings) -> Self {
        Self { turn: Turn::new(settings, [7; 32]), now: EPOCH, transactions: 0 }
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
        self.turn.handle_timeout(self.now);
    }

    pub fn say(&mut self, from: ClientAddr, bytes: &[u8]) -> Heard {
        let mut buffer = vec![0; Turn::BUFFER];
        self.turn.handle_client(from, bytes, &mut buffer, self.now).into()
    }

    pub fn hear_peer(&mut self, relay: RelayId, from: &str, payload: &[u8]) -> Heard {
        let mut buffer = vec![0; Turn::BUFFER];
        let arrival = Arrival { relay, from: PeerAddr(from.parse().unwrap()) };
        self.turn.handle_relayed(arrival, payload, &mut buffer, self.now).into()
    }

    pub fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.turn.poll_output()).collect()
    }

    pub fn counters(&self) -> Counters {
        self.turn.counters()
    }

    /// A request that nobody has asked before.
    pub fn request(&mut self, method: u16) -> Msg {
        self.transactions += 1;
        Msg::new(method, self.transactions)
    }
}

/// Somebody with a name and a password.
#[derive(Clone)]
pub struct Client {
    pub addr: ClientAddr,
    pub user: String,
    pub password: String,
    pub nonce: Vec<u8>,
}

pub fn client_addr(number: u8, transport: Transport) -> ClientAddr {
    ClientAddr {
        remote: SocketAddr::from(([192, 0, 2, number], 5_000)),
        local: SocketAddr::from(([203, 0, 113, 9], 3_478)),
        transport,
    }
}

impl Client {
    pub fn new(number: u8, transport: Transport) -> Self {
        Self::named(client_addr(number, transport), "ada", "lovelace")
    }

    pub fn udp(number: u8) -> Self {
        Self::new(number, Transport::Udp)
    }

    pub fn named(addr: ClientAddr, user: &str, password: &str) -> Self {
        Self { addr, user: user.into(), password: password.into(), nonce: Vec::new() }
    }

    pub fn key(&self) -> Vec<u8> {
        md5_key(&self.user, "parlor", &self.password)
    }

    /// The request with all that proves it, as most clients do.
    pub fn sign(&self, message: Msg) -> Vec<u8> {
        let message =
            message.with(USERNAME, &self.user).with(REALM, "parlor").with(NONCE, &self.nonce);
        let mut bytes = message.encode();
        sign_sha1(&mut bytes, &self.key());
        bytes
    }

    pub fn learn_nonce(&mut self, world: &mut World) {
        let request = world.request(ALLOCATE).encode();
        let Heard::Client(_, bytes) = world.say(self.addr, &request) else { panic!("no 401") };
        let reply = Msg::parse(&bytes);
        assert_eq!(reply.code(), 401);
        self.nonce = reply.get(NONCE).unwrap().to_vec();
    }

    /// Asks, and hears the answer, if it comes at once.
    pub fn try_ask(&mut self, world: &mut World, message: Msg) -> Option<Msg> {
        if self.nonce.is_empty() {
            self.learn_nonce(world);
        }
        let heard = world.say(self.addr, &self.sign(message));
        if heard == Heard::Nothing {
            return None;
        }
        Some(Msg::parse(&answer_to(self, heard)))
    }

    pub fn ask(&mut self, world: &mut World, message: Msg) -> Msg {
        self.try_ask(world, message).expect("an answer at once")
    }

    pub fn allocate(&mut self, world: &mut World) -> SocketAddr {
        let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP);
        let reply = self.ask(world, request);
        assert_eq!(reply.code(), 0);
        reply.address(XOR_RELAYED_ADDRESS).unwrap()
    }

    pub fn permit(&mut self, world: &mut World, peer: SocketAddr) -> u16 {
        let request = world.request(CREATE_PERMISSION).peer_at(peer);
        self.ask(world, request).code()
    }

    pub fn bind(&mut self, world: &mut World, number: u16, peer: SocketAddr) -> u16 {
        let request = world.request(CHANNEL_BIND).channel(number).peer_at(peer);
        self.ask(world, request).code()
    }

    pub fn refresh(&mut self, world: &mut World, seconds: u32) -> Msg {
        let request = world.request(REFRESH).lifetime(seconds);
        self.ask(world, request)
    }

    pub fn send(&self, world: &mut World, peer: SocketAddr, payload: &[u8]) -> Heard {
        let message = Msg::indication(SEND).peer_at(peer).with(DATA, payload);
        world.say(self.addr, &message.encode())
    }

    pub fn send_channel(&self, world: &mut World, number: u16, payload: &[u8]) -> Heard {
        world.say(self.addr, &channel_data(number, payload))
    }
}

/// The bytes that went back to the client.
pub fn answer_to(client: &Client, heard: Heard) -> Vec<u8> {
    let Heard::Client(to, bytes) = heard else { panic!("{heard:?}") };
    assert_eq!(to, client.addr);
    bytes
}

/// What a client hears of a peer that it has no channel for.
pub fn data_of(heard: &Heard) -> (ClientAddr, SocketAddr, Vec<u8>) {
    let Heard::Client(to, bytes) = heard else { panic!("{heard:?}") };
    let message = Msg::parse(bytes);
    assert_eq!(message.kind, DATA_INDICATION, "DATA, not SEND");
    let from = message.address(XOR_PEER_ADDRESS).unwrap();
    (*to, from, message.get(DATA).unwrap().to_vec())
}

/// Two clients with relayed addresses, permitted to each other.
pub fn pair(world: &mut World, transports: [Transport; 2]) -> [(Client, SocketAddr); 2] {
    let [first, second] = transports;
    let mut ada = Client::new(1, first);
    let mut grace = Client::named(client_addr(2, second), "grace", "hopper");
    let (at_ada, at_grace) = (ada.allocate(world), grace.allocate(world));
    assert_eq!((ada.permit(world, at_grace), grace.permit(world, at_ada)), (0, 0));
    [(ada, at_ada), (grace, at_grace)]
}
