//! Relays with sockets, where peers outside of this process may be reached.

use std::net::SocketAddr;

use parlor_turn::{Fragments, Output, Peers, RelayId, Settings, Transport};

use super::harness::*;
use super::wire::*;

fn public() -> Settings {
    let mut settings = settings();
    settings.policy.peers = Peers::Public;
    settings
}

/// What the engine wants opened, one after the other.
fn opening(world: &mut World) -> Vec<(RelayId, SocketAddr)> {
    let outputs = world.outputs();
    outputs
        .into_iter()
        .map(|output| {
            let Output::OpenRelay { relay, address } = output else { panic!("{output:?}") };
            (relay, address)
        })
        .collect()
}

fn answer(world: &mut World) -> Msg {
    let outputs = world.outputs();
    let [Output::ToClient { bytes, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    Msg::parse(bytes)
}

fn order(world: &mut World) -> Msg {
    world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP)
}

#[test]
fn the_answer_waits_for_the_socket() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let bytes = ada.sign(order(&mut world));
    assert_eq!(world.say(ada.addr, &bytes), Heard::Nothing);
    let [(relay, address)] = opening(&mut world)[..] else { panic!() };
    assert_eq!(world.say(ada.addr, &bytes), Heard::Nothing, "again, too early");
    world.turn.handle_relay_opened(relay, world.now);
    let reply = answer(&mut world);
    assert_eq!(reply.address(XOR_RELAYED_ADDRESS), Some(address));
    assert!(reply.get(MESSAGE_INTEGRITY).is_some());
    assert!(
        matches!(world.say(ada.addr, &bytes), Heard::Client(_, bytes) if Msg::parse(&bytes) == reply)
    );
    assert_eq!(ada.refresh(&mut world, 0).code(), 0);
    assert_eq!(world.outputs(), [Output::CloseRelay { relay }]);
}

#[test]
fn another_port_is_tried_when_one_is_taken() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let request = order(&mut world);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let [(relay, first)] = opening(&mut world)[..] else { panic!() };
    world.turn.handle_relay_failed(relay, world.now);
    let [(again, second)] = opening(&mut world)[..] else { panic!() };
    assert_eq!((again, first == second), (relay, false));
    world.turn.handle_relay_opened(relay, world.now);
    assert_eq!(answer(&mut world).address(XOR_RELAYED_ADDRESS), Some(second));
    assert_eq!(world.turn.relay_at(first), None);
    assert_eq!(world.turn.relay_at(second), Some(relay));
}

#[test]
fn without_any_port_the_answer_is_a_508_and_nothing_stays() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let request = order(&mut world);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let mut tries = 0;
    let outputs = loop {
        let outputs = world.outputs();
        let [Output::OpenRelay { relay, .. }] = outputs[..] else { break outputs };
        tries += 1;
        world.turn.handle_relay_failed(relay, world.now);
    };
    let [Output::ToClient { bytes, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((Msg::parse(bytes).code(), tries), (508, 8));
    assert_eq!((world.counters().allocations, world.turn.poll_timeout()), (0, None));
}

#[test]
fn a_port_that_was_asked_for_exactly_is_not_replaced_by_another() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let [(relay, _)] = opening(&mut world)[..] else { panic!() };
    world.turn.handle_relay_failed(relay, world.now);
    assert_eq!(answer(&mut world).code(), 508);
    assert_eq!(world.turn.poll_timeout(), None, "the reservation is gone too");
}

#[test]
fn of_two_families_one_may_have_no_socket() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let request = order(&mut world).with(ADDITIONAL_ADDRESS_FAMILY, V6);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let [(v4, address), (v6, _)] = opening(&mut world)[..] else { panic!() };
    for _ in 0..7 {
        world.turn.handle_relay_failed(v6, world.now);
        assert_eq!(opening(&mut world).len(), 1);
    }
    world.turn.handle_relay_failed(v6, world.now);
    assert_eq!(world.outputs(), []);
    world.turn.handle_relay_opened(v4, world.now);
    let reply = answer(&mut world);
    assert_eq!(reply.addresses(XOR_RELAYED_ADDRESS), [address]);
    assert_eq!(reply.get(ADDRESS_ERROR_CODE).unwrap()[..4], [2, 0, 5, 8]);
}

fn allocated(world: &mut World, client: &mut Client) -> (RelayId, SocketAddr) {
    let request = order(world);
    assert_eq!(client.try_ask(world, request), None);
    let [(relay, address)] = opening(world)[..] else { panic!() };
    world.turn.handle_relay_opened(relay, world.now);
    assert!(answer(world).is_success());
    (relay, address)
}

#[test]
fn peers_outside_are_reached_through_the_socket_and_heard_from_it() {
    let peer: SocketAddr = "8.8.4.4:53".parse().unwrap();
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let (relay, _) = allocated(&mut world, &mut ada);
    assert_eq!(world.hear_peer(relay, "8.8.4.4:53", b"x"), Heard::Nothing, "no permission");
    ada.permit(&mut world, peer);
    let sent = Heard::Peer(relay, peer, b"out".to_vec(), Fragments::Allowed);
    assert_eq!(ada.send(&mut world, peer, b"out"), sent);
    let heard = world.hear_peer(relay, "8.8.4.4:53", b"in");
    assert_eq!(data_of(&heard), (ada.addr, peer, b"in".to_vec()));
    ada.bind(&mut world, 0x4000, peer);
    assert_eq!(ada.send_channel(&mut world, 0x4000, b"out"), sent);
    let heard = world.hear_peer(relay, "8.8.4.4:53", b"in");
    assert_eq!(heard, Heard::Client(ada.addr, channel_data(0x4000, b"in")));
    let heard = world.hear_peer(relay, "8.8.4.4:54", b"in");
    assert_eq!(data_of(&heard).1, "8.8.4.4:54".parse().unwrap(), "another port has no channel");
}

#[test]
fn a_datagram_that_may_not_be_cut_says_so() {
    let peer: SocketAddr = "8.8.4.4:53".parse().unwrap();
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let (relay, _) = allocated(&mut world, &mut ada);
    ada.permit(&mut world, peer);
    let message = Msg::indication(SEND).peer_at(peer).with(DONT_FRAGMENT, []).with(DATA, b"x");
    let heard = world.say(ada.addr, &message.encode());
    assert_eq!(heard, Heard::Peer(relay, peer, b"x".to_vec(), Fragments::Forbidden));
}

#[test]
fn two_clients_of_ours_meet_in_memory_even_where_they_have_sockets() {
    let mut world = World::new(public());
    let mut ada = Client::udp(1);
    let mut grace = Client::named(client_addr(2, Transport::Tls), "grace", "hopper");
    let (_, at_ada) = allocated(&mut world, &mut ada);
    let (_, at_grace) = allocated(&mut world, &mut grace);
    ada.permit(&mut world, at_grace);
    grace.permit(&mut world, at_ada);
    let heard = ada.send(&mut world, at_grace, b"x");
    assert_eq!(data_of(&heard), (grace.addr, at_ada, b"x".to_vec()));
}

#[test]
fn a_client_that_leaves_while_its_socket_is_opened_leaves_nothing() {
    let mut world = World::new(public());
    let mut ada = Client::new(1, Transport::Tcp);
    let request = order(&mut world);
    assert_eq!(ada.try_ask(&mut world, request), None);
    let [(relay, _)] = opening(&mut world)[..] else { panic!() };
    world.turn.handle_stream_closed(ada.addr, world.now);
    assert_eq!(world.outputs(), [Output::CloseRelay { relay }]);
    world.turn.handle_relay_opened(relay, world.now);
    world.turn.handle_relay_failed(relay, world.now);
    assert_eq!((world.outputs(), world.counters().allocations), (vec![], 0));
}
