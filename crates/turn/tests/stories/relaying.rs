//! Data between clients of one engine, over every pair of transports and in every framing.

use std::net::SocketAddr;

use parlor_turn::{Arrival, Counters, PeerAddr, Traffic, Transport};

use super::harness::*;
use super::wire::*;

/// No multiple of four: padding would show.
const PAYLOAD: [u8; 170] = [0x5a; 170];

#[test]
fn indications_pass_between_clients_as_data_and_not_as_send() {
    for from in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        for to in [Transport::Udp, Transport::Tcp, Transport::Tls] {
            let mut world = World::new(settings());
            let [(ada, at_ada), (grace, at_grace)] = pair(&mut world, [from, to]);
            let heard = ada.send(&mut world, at_grace, &PAYLOAD);
            assert_eq!(data_of(&heard), (grace.addr, at_ada, PAYLOAD.to_vec()));
            assert_eq!(world.outputs(), []);
        }
    }
}

#[test]
fn channel_data_is_padded_in_streams_and_bare_in_datagrams() {
    for (to, expected) in [(Transport::Udp, 174), (Transport::Tcp, 176), (Transport::Tls, 176)] {
        let mut world = World::new(settings());
        let [(mut ada, at_ada), (mut grace, at_grace)] = pair(&mut world, [Transport::Udp, to]);
        assert_eq!(ada.bind(&mut world, 0x4000, at_grace), 0);
        assert_eq!(grace.bind(&mut world, 0x4abc, at_ada), 0);
        let heard = ada.send_channel(&mut world, 0x4000, &PAYLOAD);
        let mut bytes = channel_data(0x4abc, &PAYLOAD);
        bytes.resize(expected, 0);
        assert_eq!(heard, Heard::Client(grace.addr, bytes));
    }
}

#[test]
fn a_datagram_with_padding_is_read_too() {
    let mut world = World::new(settings());
    let [(mut ada, _), (_, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.bind(&mut world, 0x4000, at_grace);
    let mut packet = channel_data(0x4000, &PAYLOAD);
    packet.extend([0, 0]);
    assert_eq!(data_of(&world.say(ada.addr, &packet)).2, PAYLOAD);
}

#[test]
fn each_side_has_the_framing_that_it_asked_for() {
    let mut world = World::new(settings());
    let [(mut ada, at_ada), (grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.bind(&mut world, 0x4000, at_grace);
    let heard = ada.send_channel(&mut world, 0x4000, b"to an indication");
    assert_eq!(data_of(&heard), (grace.addr, at_ada, b"to an indication".to_vec()));
    let heard = grace.send(&mut world, at_ada, b"to a channel");
    assert_eq!(heard, Heard::Client(ada.addr, channel_data(0x4000, b"to a channel")));
}

#[test]
fn who_has_not_permitted_a_peer_hears_nothing_of_it() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let mut grace = Client::named(client_addr(2, Transport::Udp), "grace", "hopper");
    let (_, at_grace) = (ada.allocate(&mut world), grace.allocate(&mut world));
    ada.permit(&mut world, at_grace);
    assert_eq!(ada.send(&mut world, at_grace, b"x"), Heard::Nothing);
    ada.bind(&mut world, 0x4000, at_grace);
    assert_eq!(ada.send_channel(&mut world, 0x4000, b"x"), Heard::Nothing);
    assert_eq!(world.counters().dropped.unpermitted, 2);
}

#[test]
fn a_client_may_talk_to_itself() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let relayed = ada.allocate(&mut world);
    ada.permit(&mut world, relayed);
    let heard = ada.send(&mut world, relayed, b"echo");
    assert_eq!(data_of(&heard), (ada.addr, relayed, b"echo".to_vec()));
}

#[test]
fn clients_meet_over_ipv6_too() {
    let mut world = World::new(settings());
    let mut clients = [Client::udp(1), Client::udp(2)];
    let [first, second] = &mut clients;
    let mut at = |client: &mut Client| {
        let request = world
            .request(ALLOCATE)
            .with(REQUESTED_TRANSPORT, UDP)
            .with(REQUESTED_ADDRESS_FAMILY, V6);
        client.ask(&mut world, request).address(XOR_RELAYED_ADDRESS).unwrap()
    };
    let (at_first, at_second) = (at(first), at(second));
    assert_eq!((first.permit(&mut world, at_second), second.permit(&mut world, at_first)), (0, 0));
    let heard = first.send(&mut world, at_second, &PAYLOAD);
    assert_eq!(data_of(&heard), (second.addr, at_first, PAYLOAD.to_vec()));
}

#[test]
fn what_is_addressed_to_nobody_goes_nowhere() {
    let mut world = World::new(settings());
    let [(mut ada, _), (mut grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.bind(&mut world, 0x4000, at_grace);
    let unused = SocketAddr::new(at_grace.ip(), at_grace.port() ^ 1);
    assert_eq!(ada.send(&mut world, unused, b"x"), Heard::Nothing);
    assert_eq!(ada.send_channel(&mut world, 0x4001, b"x"), Heard::Nothing);
    grace.refresh(&mut world, 0);
    assert_eq!(ada.send_channel(&mut world, 0x4000, b"x"), Heard::Nothing);
    let stranger = Client::udp(9);
    assert_eq!(stranger.send(&mut world, at_grace, b"x"), Heard::Nothing);
    assert_eq!(stranger.send_channel(&mut world, 0x4000, b"x"), Heard::Nothing);
    assert_eq!(world.counters().dropped.unaddressed, 5);
}

#[test]
fn an_allocation_that_has_expired_relays_nothing_even_before_the_timeout_is_handled() {
    let mut world = World::new(settings());
    let [(mut ada, at_ada), (mut grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.bind(&mut world, 0x4000, at_grace);
    ada.refresh(&mut world, 3_600);
    world.wait(599);
    assert_eq!((ada.bind(&mut world, 0x4000, at_grace), grace.permit(&mut world, at_ada)), (0, 0));
    world.now = world.now.after(std::time::Duration::from_secs(1));
    assert_eq!(ada.send_channel(&mut world, 0x4000, b"x"), Heard::Nothing);
    assert_eq!(grace.send(&mut world, at_ada, b"x"), Heard::Nothing);
    assert_eq!(world.counters().dropped.unaddressed, 2);
}

#[test]
fn every_size_passes_that_a_datagram_can_have() {
    let mut world = World::new(settings());
    let [(mut ada, at_ada), (mut grace, at_grace)] =
        pair(&mut world, [Transport::Udp, Transport::Tcp]);
    for size in [0, 1, 2, 3, 4, 1_200, 65_499] {
        let payload = vec![7; size];
        assert_eq!(data_of(&ada.send(&mut world, at_grace, &payload)).2, payload);
    }
    ada.bind(&mut world, 0x4000, at_grace);
    grace.bind(&mut world, 0x4000, at_ada);
    for size in [0, 1, 2, 3, 4, 1_200, 65_535] {
        let payload = vec![7; size];
        let Heard::Client(_, bytes) = ada.send_channel(&mut world, 0x4000, &payload) else {
            panic!("{size}")
        };
        assert_eq!(bytes.len(), (4 + size).next_multiple_of(4));
    }
}

#[test]
fn what_does_not_fit_is_dropped_and_never_cut() {
    let mut world = World::new(settings());
    let [(mut ada, at_ada), (mut grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.bind(&mut world, 0x4000, at_grace);
    let long = channel_data(0x4000, &[7; 65_535]);
    assert_eq!(world.say(ada.addr, &long), Heard::Nothing, "no indication has room for that");
    grace.bind(&mut world, 0x4000, at_ada);
    let mut small = [0; 100];
    let packet = channel_data(0x4000, &[7; 97]);
    let delivery = world.turn.handle_client(ada.addr, &packet, &mut small, world.now);
    assert_eq!(Heard::from(delivery), Heard::Nothing);
    assert_eq!(world.counters().dropped.oversized, 2);
}

#[test]
fn a_media_socket_is_reached_and_answers_without_a_socket_of_ours() {
    let mut settings = settings();
    let media: SocketAddr = "127.0.0.1:7000".parse().unwrap();
    settings.media.push(media);
    let mut world = World::new(settings);
    let mut ada = Client::udp(1);
    let relayed = ada.allocate(&mut world);
    assert_eq!(ada.bind(&mut world, 0x4000, media), 0);
    let heard = ada.send_channel(&mut world, 0x4000, b"up");
    assert_eq!(heard, Heard::Media(relayed, media, b"up".to_vec()));
    let relay = world.turn.relay_at(relayed).unwrap();
    let heard = world.hear_peer(relay, "127.0.0.1:7000", b"down");
    assert_eq!(heard, Heard::Client(ada.addr, channel_data(0x4000, b"down")));
    let other: SocketAddr = "127.0.0.1:7001".parse().unwrap();
    assert_eq!(ada.bind(&mut world, 0x4001, other), 403, "other ports are no media");
    assert_eq!(ada.send(&mut world, other, b"x"), Heard::Nothing);
}

#[test]
fn a_relay_of_the_past_hears_nothing() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let relayed = ada.allocate(&mut world);
    ada.permit(&mut world, relayed);
    let relay = world.turn.relay_at(relayed).unwrap();
    ada.refresh(&mut world, 0);
    assert_eq!(world.turn.relay_at(relayed), None);
    let mut grace = Client::named(client_addr(2, Transport::Udp), "grace", "hopper");
    let at_grace = grace.allocate(&mut world);
    grace.permit(&mut world, relayed);
    assert_eq!(world.turn.relay_at(at_grace).unwrap().index(), relay.index(), "the place is used");
    assert_eq!(world.hear_peer(relay, &relayed.to_string(), b"x"), Heard::Nothing);
    let v6 = Arrival { relay, from: PeerAddr("[2001:db8::1]:1".parse().unwrap()) };
    let mut buffer = [0; 99];
    let delivery = world.turn.handle_relayed(v6, b"x", &mut buffer, world.now);
    assert_eq!(Heard::from(delivery), Heard::Nothing);
}

#[test]
fn what_was_relayed_is_counted_once_on_each_side() {
    let mut world = World::new(settings());
    let [(ada, _), (_, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    ada.send(&mut world, at_grace, &PAYLOAD);
    ada.send(&mut world, at_grace, &PAYLOAD[..30]);
    let Counters { sent, received, .. } = world.counters();
    assert_eq!(sent, Traffic { packets: 2, bytes: 200 });
    assert_eq!(received, sent);
}
