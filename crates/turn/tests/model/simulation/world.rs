//! The engine and the reference, side by side.

use std::net::SocketAddr;

use parlor_turn::{Limits, Output, Transport};

use super::harness::{self, Client, EXTERNAL, Heard, answer_to, client_addr, data_of};
use super::op::{Flavour, Op, Setup};
use super::reference::{Fate, Reference, user_of};
use super::wire::*;

/// Relayed ports are above, the ports of other peers below.
pub const FIRST_PORT: u16 = 50_000;

/// Two that a policy may allow and one that it never does.
const OUTSIDE: [&str; 3] = ["198.51.100.1:7", "198.51.100.2:7", "10.0.0.1:7"];

/// A nonce is asked for anew before it is an hour old.
const NONCE_SECONDS: u64 = 3_000;

pub struct World {
    engine: harness::World,
    reference: Reference,
    setup: Setup,
    clients: Vec<Client>,
    nonces_of: u64,
    /// The last Allocate of each client and its answer, while its allocation lives.
    repeatable: Vec<Option<(Vec<u8>, Msg)>>,
    tokens: [Option<Vec<u8>>; 2],
    packets: u32,
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let mut settings = harness::settings();
        settings.relay_ports = FIRST_PORT..=FIRST_PORT + setup.ports - 1;
        settings.limits = Limits {
            permissions: setup.permissions,
            channels: setup.channels,
            allocations_per_user: setup.per_user,
            ..Limits::default()
        };
        if setup.foreign {
            settings.policy.allow.push("198.51.100.0/24".parse().unwrap());
        }
        let mut engine = harness::World::new(settings);
        let mut clients: Vec<_> = (0..5).map(client).collect();
        for client in &mut clients {
            client.learn_nonce(&mut engine);
        }
        Self {
            engine,
            reference: Reference::new(setup),
            setup,
            clients,
            nonces_of: 0,
            repeatable: vec![None; 5],
            tokens: [None, None],
            packets: 0,
        }
    }

    pub fn play(&mut self, op: Op) {
        match op {
            Op::Allocate { client, flavour, lifetime } => self.allocate(client, flavour, lifetime),
            Op::Repeat { client } => self.repeat(client),
            Op::Refresh { client, lifetime } => self.refresh(client, lifetime),
            Op::Permit { client, peers } => self.permit(client, peers),
            Op::Bind { client, channel, peer } => self.bind(client, channel, peer),
            Op::Send { client, peer } => self.send(client, peer),
            Op::SendChannel { client, channel } => self.send_channel(client, channel),
            Op::Arrive { client, peer } => self.arrive(client, peer),
            Op::Wait { seconds } => self.wait(seconds),
            Op::CloseStream { client } => self.close_stream(client),
        }
        let counters = self.engine.counters();
        assert_eq!(counters.allocations, self.reference.allocations.len());
    }

    /// Nothing stays behind when everything has expired.
    pub fn end(&mut self) {
        self.engine.wait(3_600);
        assert_eq!(self.engine.counters().allocations, 0);
        assert_eq!(self.engine.turn.poll_timeout(), None);
    }

    /// An allocation's address, an outside one, or one of ours that nobody has.
    fn peer(&self, choice: u8) -> (SocketAddr, bool) {
        let relayed: Vec<_> =
            self.reference.allocations.iter().flat_map(|all| all.addresses.clone()).collect();
        let choice = usize::from(choice) % 12;
        match (choice, relayed.get(choice)) {
            (_, Some(address)) => (*address, true),
            (0..9, None) => (SocketAddr::new(EXTERNAL.parse().unwrap(), FIRST_PORT), true),
            (choice, None) => {
                (OUTSIDE[choice - 9].parse().unwrap(), self.setup.foreign && choice < 11)
            }
        }
    }

    fn ask(&mut self, client: u8, message: Msg) -> Msg {
        let bytes = self.clients[usize::from(client)].sign(message);
        self.ask_bytes(client, &bytes)
    }

    fn ask_bytes(&mut self, client: u8, bytes: &[u8]) -> Msg {
        let addr = self.clients[usize::from(client)].addr;
        let heard = self.engine.say(addr, bytes);
        if heard != Heard::Nothing {
            return Msg::parse(&answer_to(&self.clients[usize::from(client)], heard));
        }
        self.open_sockets();
        let Some(Output::ToClient { to, bytes }) = self.engine.turn.poll_output() else {
            panic!("no answer")
        };
        assert_eq!(to, addr);
        Msg::parse(&bytes)
    }

    fn open_sockets(&mut self) {
        for output in self.engine.outputs() {
            let Output::OpenRelay { relay, address } = output else { continue };
            assert!(self.setup.foreign, "no sockets without peers outside");
            assert_eq!(self.engine.turn.relay_at(address), Some(relay));
            self.engine.turn.handle_relay_opened(relay, self.engine.now);
        }
    }

    fn allocate(&mut self, client: u8, flavour: Flavour, lifetime: Option<u32>) {
        let token = self.tokens[usize::from(user_of(client))].clone();
        let mut request = self.engine.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP);
        request = match (flavour, &token) {
            (Flavour::V4, _) => request,
            (Flavour::V6, _) => request.with(REQUESTED_ADDRESS_FAMILY, V6),
            (Flavour::Both, _) => request.with(ADDITIONAL_ADDRESS_FAMILY, V6),
            (Flavour::Even, _) => request.with(EVEN_PORT, [0]),
            (Flavour::EvenAndNext, _) => request.with(EVEN_PORT, [0x80]),
            (Flavour::Token, Some(token)) => request.with(RESERVATION_TOKEN, token),
            (Flavour::Token, None) => request.with(RESERVATION_TOKEN, [7; 8]),
        };
        if let Some(seconds) = lifetime {
            request = request.lifetime(seconds);
        }
        let expected = self.reference.allocate(client, flavour, token.as_deref());
        let bytes = self.clients[usize::from(client)].sign(request);
        let reply = self.ask_bytes(client, &bytes);
        assert!(expected.map_or(matches!(reply.code(), 0 | 508), |code| code == reply.code()));
        if !reply.is_success() {
            return;
        }
        let addresses = reply.addresses(XOR_RELAYED_ADDRESS);
        let is_even = !matches!(flavour, Flavour::Even | Flavour::EvenAndNext)
            || addresses[0].port().is_multiple_of(2);
        assert!(is_even && (addresses.len() == 1 || flavour == Flavour::Both));
        let first = addresses[0];
        let granted = self.reference.granted(client, addresses, lifetime);
        assert_eq!(reply.number(LIFETIME), Some(granted));
        if let Some(token) = reply.get(RESERVATION_TOKEN) {
            let next = SocketAddr::new(first.ip(), first.port() + 1);
            self.reference.reserved(client, next, token);
            self.tokens[usize::from(user_of(client))] = Some(token.to_vec());
        }
        self.repeatable[usize::from(client)] = Some((bytes, reply));
    }

    fn repeat(&mut self, client: u8) {
        let Some((bytes, first)) = self.repeatable[usize::from(client)].clone() else { return };
        if self.reference.of(client).is_some() {
            assert_eq!(self.ask_bytes(client, &bytes), first);
        }
    }

    fn refresh(&mut self, client: u8, lifetime: Option<u32>) {
        let mut request = self.engine.request(REFRESH);
        if let Some(seconds) = lifetime {
            request = request.lifetime(seconds);
        }
        let expected = self.reference.refresh(client, lifetime);
        let reply = self.ask(client, request);
        assert_eq!((reply.code(), reply.number(LIFETIME)), expected);
    }

    fn permit(&mut self, client: u8, peers: [u8; 2]) {
        let peers = peers.map(|choice| self.peer(choice));
        let request = self.engine.request(CREATE_PERMISSION);
        let request = peers.iter().fold(request, |request, (peer, _)| request.peer_at(*peer));
        let expected = self.reference.permit(client, &peers);
        assert_eq!(self.ask(client, request).code(), expected);
    }

    fn bind(&mut self, client: u8, channel: u8, peer: u8) {
        let peer = self.peer(peer);
        let number = 0x4000 + u16::from(channel);
        let request = self.engine.request(CHANNEL_BIND).channel(number).peer_at(peer.0);
        let expected = self.reference.bind(client, number, peer);
        assert_eq!(self.ask(client, request).code(), expected);
    }

    /// No two packets are the same, and their sizes go through all remainders of four.
    fn payload(&mut self) -> Vec<u8> {
        self.packets += 1;
        let mut payload = self.packets.to_be_bytes().to_vec();
        payload.resize(4 + self.packets as usize % 50, 9);
        payload
    }

    fn send(&mut self, client: u8, peer: u8) {
        let (peer, admitted) = self.peer(peer);
        let payload = self.payload();
        let heard = self.clients[usize::from(client)].send(&mut self.engine, peer, &payload);
        let expected = self.reference.send(client, peer, admitted);
        self.compare(&heard, expected, &payload);
    }

    fn send_channel(&mut self, client: u8, channel: u8) {
        let number = 0x4000 + u16::from(channel);
        let payload = self.payload();
        let client_ = &self.clients[usize::from(client)];
        let heard = client_.send_channel(&mut self.engine, number, &payload);
        let expected = self.reference.send_channel(client, number);
        self.compare(&heard, expected, &payload);
    }

    fn arrive(&mut self, client: u8, peer: u8) {
        let Some(allocation) = self.reference.of(client) else { return };
        let Some(own) = allocation.addresses.iter().find(|own| own.is_ipv4()).copied() else {
            return;
        };
        let relay = self.engine.turn.relay_at(own).unwrap();
        let from = OUTSIDE[usize::from(peer) % 3];
        let payload = self.payload();
        let heard = self.engine.hear_peer(relay, from, &payload);
        let expected = self.reference.arrive(client, from.parse().unwrap());
        self.compare(&heard, expected, &payload);
    }

    fn compare(&self, heard: &Heard, expected: Fate, payload: &[u8]) {
        match expected {
            Fate::Nothing => assert_eq!(*heard, Heard::Nothing),
            Fate::Outside(peer) => {
                let Heard::Peer(_, to, bytes, _) = heard else { panic!("{heard:?}") };
                assert_eq!((*to, &bytes[..]), (peer, payload));
            }
            Fate::Client { client, from, channel: None } => {
                let to = self.clients[usize::from(client)].addr;
                assert_eq!(data_of(heard), (to, from, payload.to_vec()));
            }
            Fate::Client { client, channel: Some(number), .. } => {
                let to = self.clients[usize::from(client)].addr;
                let mut bytes = channel_data(number, payload);
                if to.transport.is_stream() {
                    bytes.resize(bytes.len().next_multiple_of(4), 0);
                }
                assert_eq!(*heard, Heard::Client(to, bytes));
            }
        }
    }

    fn wait(&mut self, seconds: u16) {
        self.reference.wait(seconds);
        self.engine.wait(u64::from(seconds));
        self.engine.outputs();
        if self.reference.now >= self.nonces_of + NONCE_SECONDS {
            self.nonces_of = self.reference.now;
            for client in &mut self.clients {
                client.learn_nonce(&mut self.engine);
            }
            self.repeatable.fill(None);
        }
    }

    fn close_stream(&mut self, client: u8) {
        let addr = self.clients[usize::from(client)].addr;
        if addr.transport.is_stream() {
            self.engine.turn.handle_stream_closed(addr, self.engine.now);
            self.reference.end(client);
            self.engine.outputs();
        }
    }
}

fn client(number: u8) -> Client {
    let transport =
        [Transport::Udp, Transport::Udp, Transport::Udp, Transport::Tcp, Transport::Tls];
    let addr = client_addr(number, transport[usize::from(number)]);
    match user_of(number) {
        0 => Client::named(addr, "ada", "lovelace"),
        _ => Client::named(addr, "grace", "hopper"),
    }
}
