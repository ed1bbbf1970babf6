//! TCP allocations: RFC 6062.

use std::net::SocketAddr;

use parlor_turn::{
    Arrival, Limits, Output, PeerAddr, PeerConnection, Peers, RelayId, TcpAllocations, Transport,
};

use super::harness::*;
use super::wire::*;

const PEER: &str = "8.8.4.4:80";

fn peer() -> SocketAddr {
    PEER.parse().unwrap()
}

/// Ada on a stream with a TCP allocation, and its listener.
fn tcp_world() -> (World, Client, RelayId, SocketAddr) {
    let mut settings = settings();
    settings.tcp_allocations = TcpAllocations::Granted;
    settings.policy.peers = Peers::Public;
    let mut world = World::new(settings);
    let mut ada = Client::new(1, Transport::Tcp);
    let (relay, address) = allocate(&mut world, &mut ada);
    (world, ada, relay, address)
}

fn allocate(world: &mut World, client: &mut Client) -> (RelayId, SocketAddr) {
    let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, TCP);
    assert_eq!(client.try_ask(world, request), None);
    let outputs = world.outputs();
    let [Output::OpenListener { relay, address }] = outputs[..] else { panic!("{outputs:?}") };
    world.turn.handle_relay_opened(relay, world.now);
    let reply = answer(world, client);
    assert_eq!(reply.address(XOR_RELAYED_ADDRESS), Some(address));
    (relay, address)
}

fn answer(world: &mut World, client: &Client) -> Msg {
    let output = world.turn.poll_output();
    let Some(Output::ToClient { to, bytes }) = output else { panic!("{output:?}") };
    assert_eq!(to, client.addr);
    Msg::parse(&bytes)
}

fn connect(world: &mut World, ada: &mut Client) -> PeerConnection {
    let request = world.request(CONNECT).peer(PEER);
    assert_eq!(ada.try_ask(world, request), None);
    let outputs = world.outputs();
    let [Output::Connect { connection, to, .. }] = outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(to, PeerAddr(peer()));
    connection
}

/// A second stream of Ada's, for data.
fn data_stream() -> Client {
    let mut addr = client_addr(1, Transport::Tls);
    addr.remote.set_port(5_001);
    Client::named(addr, "ada", "lovelace")
}

fn bind(world: &mut World, stream: &mut Client, number: u32) -> Option<Msg> {
    let request = world.request(CONNECTION_BIND).with(CONNECTION_ID, number.to_be_bytes());
    stream.try_ask(world, request)
}

#[test]
fn a_client_connects_to_a_peer_and_binds_the_connection_to_a_stream() {
    let (mut world, mut ada, _, address) = tcp_world();
    let bytes = ada.sign(world.request(CONNECT).peer(PEER));
    assert_eq!(world.say(ada.addr, &bytes), Heard::Nothing);
    let outputs = world.outputs();
    let [Output::Connect { connection, from, .. }] = outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(from, address);
    assert_eq!(world.say(ada.addr, &bytes), Heard::Nothing, "again, while it is connecting");
    world.turn.handle_connected(connection, world.now);
    let reply = answer(&mut world, &ada);
    let number = reply.number(CONNECTION_ID).unwrap();
    assert!(reply.is_success());
    assert!(
        matches!(world.say(ada.addr, &bytes), Heard::Client(_, bytes) if Msg::parse(&bytes) == reply)
    );
    let mut stream = data_stream();
    assert_eq!(bind(&mut world, &mut stream, number), None);
    assert!(answer(&mut world, &stream).is_success(), "the answer is before the data");
    assert_eq!(world.outputs(), [Output::Join { connection, client: stream.addr }]);
    world.wait(300);
    assert_eq!((world.outputs(), world.counters().connections), (vec![], 1));
    world.turn.handle_connection_closed(connection, world.now);
    assert_eq!(world.counters().connections, 0);
    connect(&mut world, &mut ada);
}

#[test]
fn a_peer_that_connects_is_announced_by_an_indication() {
    let (mut world, mut ada, relay, _) = tcp_world();
    let arrival = Arrival { relay, from: PeerAddr(peer()) };
    assert_eq!(world.turn.handle_accepted(arrival, world.now), None, "no permission");
    ada.permit(&mut world, peer());
    let connection = world.turn.handle_accepted(arrival, world.now).unwrap();
    let attempt = answer(&mut world, &ada);
    assert_eq!(attempt.kind, CONNECTION_ATTEMPT);
    assert_eq!(attempt.address(XOR_PEER_ADDRESS), Some(peer()));
    let mut stream = data_stream();
    let number = attempt.number(CONNECTION_ID).unwrap();
    assert_eq!(bind(&mut world, &mut stream, number), None);
    assert!(answer(&mut world, &stream).is_success());
    assert_eq!(world.outputs(), [Output::Join { connection, client: stream.addr }]);
}

#[test]
fn a_peer_that_does_not_answer_is_a_447_after_thirty_seconds() {
    let (mut world, mut ada, ..) = tcp_world();
    let connection = connect(&mut world, &mut ada);
    world.wait(29);
    assert_eq!(world.outputs(), []);
    world.wait(1);
    assert_eq!(world.turn.poll_output(), Some(Output::CloseConnection { connection }));
    assert_eq!(answer(&mut world, &ada).code(), 447);
    world.turn.handle_connected(connection, world.now);
    assert_eq!(world.outputs(), []);
}

#[test]
fn a_peer_that_refuses_is_a_447_at_once() {
    let (mut world, mut ada, ..) = tcp_world();
    let connection = connect(&mut world, &mut ada);
    world.turn.handle_connect_failed(connection, world.now);
    assert_eq!(answer(&mut world, &ada).code(), 447);
    assert_eq!(world.counters().connections, 0);
}

#[test]
fn a_connection_that_nobody_binds_is_closed_after_thirty_seconds() {
    let (mut world, mut ada, ..) = tcp_world();
    let connection = connect(&mut world, &mut ada);
    world.wait(20);
    world.turn.handle_connected(connection, world.now);
    let number = answer(&mut world, &ada).number(CONNECTION_ID).unwrap();
    world.wait(29);
    assert_eq!(world.outputs(), [], "the time begins when there is something to bind");
    world.wait(1);
    assert_eq!(world.outputs(), [Output::CloseConnection { connection }]);
    assert_eq!(bind(&mut world, &mut data_stream(), number).unwrap().code(), 400);
}

#[test]
fn a_second_connection_to_a_peer_is_a_446() {
    let (mut world, mut ada, ..) = tcp_world();
    connect(&mut world, &mut ada);
    let request = world.request(CONNECT).peer(PEER);
    assert_eq!(ada.ask(&mut world, request).code(), 446);
}

#[test]
fn only_its_owner_binds_a_connection_and_only_once_and_to_a_fresh_stream() {
    let (mut world, mut ada, ..) = tcp_world();
    let connection = connect(&mut world, &mut ada);
    world.turn.handle_connected(connection, world.now);
    let number = answer(&mut world, &ada).number(CONNECTION_ID).unwrap();
    let mut grace = Client::named(client_addr(2, Transport::Tcp), "grace", "hopper");
    assert_eq!(bind(&mut world, &mut grace, number).unwrap().code(), 441);
    let mut datagrams = Client::udp(1);
    assert_eq!(bind(&mut world, &mut datagrams, number).unwrap().code(), 400);
    assert_eq!(bind(&mut world, &mut ada, number).unwrap().code(), 400, "that one is for control");
    let mut stream = data_stream();
    assert_eq!(bind(&mut world, &mut stream, number ^ 1).unwrap().code(), 400);
    let request = world.request(CONNECTION_BIND);
    assert_eq!(stream.ask(&mut world, request).code(), 400);
    assert_eq!(bind(&mut world, &mut stream, number), None);
    world.outputs();
    assert_eq!(bind(&mut world, &mut stream, number).unwrap().code(), 400);
}

#[test]
fn the_end_of_an_allocation_closes_its_connections() {
    let (mut world, mut ada, relay, _) = tcp_world();
    let connection = connect(&mut world, &mut ada);
    assert_eq!(ada.refresh(&mut world, 0).code(), 0);
    let expected = [Output::CloseConnection { connection }, Output::CloseRelay { relay }];
    assert_eq!(world.outputs(), expected);
    assert_eq!((world.counters().connections, world.turn.poll_timeout()), (0, None));
}

#[test]
fn a_tcp_allocation_has_neither_channels_nor_indications() {
    let (mut world, mut ada, ..) = tcp_world();
    assert_eq!(ada.bind(&mut world, 0x4000, peer()), 400);
    assert_eq!(ada.permit(&mut world, peer()), 0);
    assert_eq!(ada.send(&mut world, peer(), b"x"), Heard::Nothing);
}

#[test]
fn a_udp_allocation_connects_to_nobody() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    let request = world.request(CONNECT).peer(PEER);
    assert_eq!(ada.ask(&mut world, request).code(), 400);
}

#[test]
fn a_tcp_allocation_contradicts_datagrams_and_even_ports() {
    let (mut world, ..) = tcp_world();
    let order = |world: &mut World| world.request(ALLOCATE).with(REQUESTED_TRANSPORT, TCP);
    let cases = [
        (Client::udp(9), order(&mut world)),
        (Client::new(8, Transport::Tcp), order(&mut world).with(EVEN_PORT, [0])),
        (Client::new(7, Transport::Tcp), order(&mut world).with(RESERVATION_TOKEN, [0; 8])),
        (Client::new(6, Transport::Tcp), order(&mut world).with(DONT_FRAGMENT, [])),
    ];
    for (mut client, request) in cases {
        assert_eq!(client.ask(&mut world, request).code(), 400);
    }
}

#[test]
fn a_connection_to_a_relayed_address_needs_a_listener_there() {
    let (mut world, mut ada, ..) = tcp_world();
    let mut grace = Client::named(client_addr(2, Transport::Tcp), "grace", "hopper");
    let (_, at_grace) = allocate(&mut world, &mut grace);
    let request = world.request(CONNECT).peer_at(at_grace);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let outputs = world.outputs();
    assert!(matches!(outputs[..], [Output::Connect { to, .. }] if to == PeerAddr(at_grace)));
    let nobody = SocketAddr::new(at_grace.ip(), at_grace.port() ^ 1);
    let request = world.request(CONNECT).peer_at(nobody);
    assert_eq!(ada.ask(&mut world, request).code(), 447);
    assert_eq!(world.outputs(), [], "another program may listen there");
}

#[test]
fn connections_of_one_allocation_are_counted() {
    let (mut world, mut ada, ..) = tcp_world();
    let most = u16::try_from(Limits::default().connections).unwrap();
    for port in 1..=most {
        let request = world.request(CONNECT).peer(&format!("8.8.4.4:{port}"));
        assert_eq!(ada.try_ask(&mut world, request), None);
    }
    let request = world.request(CONNECT).peer(&format!("8.8.4.4:{}", most + 1));
    assert_eq!(ada.ask(&mut world, request).code(), 508);
}
