//! Permissions and channels: RFC 8656, sections 9 to 12.

use std::net::SocketAddr;

use parlor_turn::{ChannelNumbers, Peers, Transport};

use super::harness::*;
use super::wire::*;

/// Ada with an allocation, where everybody can be a peer.
fn open_world() -> (World, Client) {
    let mut settings = settings();
    settings.policy.peers = Peers::Any;
    settings.channel_numbers = ChannelNumbers::Rfc5766;
    let mut world = World::new(settings);
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP);
    assert_eq!(ada.try_ask(&mut world, request), None, "the answer waits for the socket");
    for output in world.outputs() {
        if let parlor_turn::Output::OpenRelay { relay, .. } = output {
            world.turn.handle_relay_opened(relay, world.now);
        }
    }
    world.outputs();
    (world, ada)
}

fn peer(number: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, number], 4_000))
}

fn reaches(heard: &Heard) -> bool {
    matches!(heard, Heard::Peer(..))
}

#[test]
fn a_permission_lasts_five_minutes_and_is_for_an_address_with_any_port() {
    let (mut world, mut ada) = open_world();
    assert!(!reaches(&ada.send(&mut world, peer(1), b"x")));
    assert_eq!(ada.permit(&mut world, peer(1)), 0);
    let other_port = SocketAddr::new(peer(1).ip(), 9);
    assert!(reaches(&ada.send(&mut world, other_port, b"x")));
    assert!(!reaches(&ada.send(&mut world, peer(2), b"x")));
    world.wait(299);
    assert!(reaches(&ada.send(&mut world, peer(1), b"x")));
    assert_eq!(ada.permit(&mut world, peer(1)), 0);
    world.wait(299);
    assert!(reaches(&ada.send(&mut world, peer(1), b"x")));
    world.wait(1);
    assert!(!reaches(&ada.send(&mut world, peer(1), b"x")));
    assert_eq!(world.counters().dropped.unpermitted, 3);
}

#[test]
fn several_peers_are_permitted_together_or_not_at_all() {
    let (mut world, mut ada) = open_world();
    let request = world.request(CREATE_PERMISSION).peer_at(peer(1)).peer("0.0.0.0:1");
    assert_eq!(ada.ask(&mut world, request).code(), 403);
    assert!(!reaches(&ada.send(&mut world, peer(1), b"x")));
    let request = world.request(CREATE_PERMISSION).peer_at(peer(1)).peer_at(peer(2));
    assert_eq!(ada.ask(&mut world, request).code(), 0);
    assert!(reaches(&ada.send(&mut world, peer(1), b"x")));
    assert!(reaches(&ada.send(&mut world, peer(2), b"x")));
}

#[test]
fn no_peer_or_one_that_can_not_be_read_is_a_400() {
    let (mut world, mut ada) = open_world();
    let request = world.request(CREATE_PERMISSION);
    assert_eq!(ada.ask(&mut world, request).code(), 400);
    for value in [
        &[][..],
        &[0, 1, 0],
        &[0, 1, 0, 0, 1],
        &[0, 2, 0, 0, 1, 2, 3, 4],
        &[0, 3, 0, 0, 1, 2, 3, 4],
    ] {
        let request =
            world.request(CREATE_PERMISSION).peer_at(peer(1)).with(XOR_PEER_ADDRESS, value);
        assert_eq!(ada.ask(&mut world, request).code(), 400, "{value:?}");
    }
}

#[test]
fn a_peer_of_the_other_family_is_a_443() {
    let (mut world, mut ada) = open_world();
    let other = "[2001:db8:1::1]:7".parse().unwrap();
    assert_eq!(ada.permit(&mut world, other), 443);
    assert_eq!(ada.bind(&mut world, 0x4000, other), 443);
    assert_eq!(world.counters().denied.family, 2);
}

#[test]
fn a_channel_lasts_ten_minutes_and_its_permission_five() {
    let (mut world, mut ada) = open_world();
    assert_eq!(ada.bind(&mut world, 0x4000, peer(1)), 0);
    assert!(reaches(&ada.send_channel(&mut world, 0x4000, b"x")));
    assert!(reaches(&ada.send(&mut world, peer(1), b"x")), "a channel is a permission");
    world.wait(300);
    assert!(!reaches(&ada.send(&mut world, peer(1), b"x")));
    assert!(reaches(&ada.send_channel(&mut world, 0x4000, b"x")));
    assert_eq!(ada.bind(&mut world, 0x4000, peer(1)), 0);
    world.wait(299);
    assert_eq!(ada.refresh(&mut world, 3_600).code(), 0);
    world.wait(300);
    assert!(reaches(&ada.send_channel(&mut world, 0x4000, b"x")));
    world.wait(1);
    assert!(!reaches(&ada.send_channel(&mut world, 0x4000, b"x")));
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let (mut world, mut ada) = open_world();
    ada.refresh(&mut world, 3_600);
    assert_eq!(ada.bind(&mut world, 0x4000, peer(1)), 0);
    assert_eq!(ada.bind(&mut world, 0x4000, peer(2)), 400, "the number is taken");
    assert_eq!(ada.bind(&mut world, 0x4001, peer(1)), 400, "the peer has another");
    assert_eq!(ada.bind(&mut world, 0x4000, peer(1)), 0);
    let other_port = SocketAddr::new(peer(1).ip(), 9);
    assert_eq!(ada.bind(&mut world, 0x4001, other_port), 0, "another peer of the same host");
    world.wait(600);
    assert_eq!(ada.bind(&mut world, 0x4000, peer(2)), 0, "what has expired is free");
    assert_eq!(ada.bind(&mut world, 0x4001, peer(1)), 0);
}

#[test]
fn channels_have_numbers_of_rfc_8656_or_the_older_ones() {
    for (numbers, accepted, refused) in [
        (ChannelNumbers::Rfc8656, [0x4000, 0x4fff], [0x3fff, 0x5000]),
        (ChannelNumbers::Rfc5766, [0x4000, 0x7fff], [0x3fff, 0x8000]),
    ] {
        let mut settings = settings();
        settings.channel_numbers = numbers;
        let mut world = World::new(settings);
        let [(mut ada, _), (_, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
        for number in refused.into_iter().chain([0, 0xffff]) {
            assert_eq!(ada.bind(&mut world, number, at_grace), 400, "{number:x}");
        }
        for (number, port) in accepted.into_iter().zip([at_grace.port(), 65_535]) {
            let to = SocketAddr::new(at_grace.ip(), port);
            assert_eq!(ada.bind(&mut world, number, to), 0, "{number:x}");
        }
    }
}

#[test]
fn a_channel_without_number_or_peer_is_a_400() {
    let (mut world, mut ada) = open_world();
    for request in [
        world.request(CHANNEL_BIND).channel(0x4000),
        world.request(CHANNEL_BIND).peer_at(peer(1)),
        world.request(CHANNEL_BIND).channel(0x4000).peer("198.51.100.1:0"),
        world.request(CHANNEL_BIND).with(CHANNEL_NUMBER, [0x40]).peer_at(peer(1)),
    ] {
        assert_eq!(ada.ask(&mut world, request).code(), 400);
    }
}

#[test]
fn an_indication_that_is_not_whole_goes_nowhere() {
    let (mut world, mut ada) = open_world();
    ada.permit(&mut world, peer(1));
    for message in [
        Msg::indication(SEND),
        Msg::indication(SEND).peer_at(peer(1)),
        Msg::indication(SEND).with(DATA, b"x"),
        Msg::indication(SEND).peer_at(peer(1)).with(DATA, b"x").with(0x7abc, []),
        Msg::indication(SEND).with(XOR_PEER_ADDRESS, [1]).with(DATA, b"x"),
    ] {
        assert_eq!(world.say(ada.addr, &message.encode()), Heard::Nothing);
    }
    assert_eq!(world.counters().dropped.malformed, 5);
    assert!(reaches(&ada.send(&mut world, peer(1), b"")), "no data is data too");
}
