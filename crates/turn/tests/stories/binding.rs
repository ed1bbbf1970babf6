//! STUN Binding, and what is no STUN.

use std::net::SocketAddr;

use parlor_turn::Transport;

use super::harness::*;
use super::wire::*;

fn reply(heard: Heard) -> Vec<u8> {
    let Heard::Client(_, bytes) = heard else { panic!("{heard:?}") };
    bytes
}

#[test]
fn a_client_learns_its_address_over_every_transport() {
    let mut world = World::new(settings());
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let client = client_addr(1, transport);
        let request = world.request(BINDING);
        let bytes = reply(world.say(client, &request.encode()));
        assert_eq!(bytes.len(), 32, "nothing but the address");
        let answer = Msg::parse(&bytes);
        assert_eq!((answer.kind, answer.transaction), (0x101, request.transaction));
        assert_eq!(answer.address(XOR_MAPPED_ADDRESS), Some(client.remote));
    }
    assert_eq!(world.counters().bindings, 3);
}

#[test]
fn an_address_of_ipv6_is_told_and_a_mapped_one_as_ipv4() {
    let mut world = World::new(settings());
    for (seen, told) in
        [("[2001:db8::1]:7", "[2001:db8::1]:7"), ("[::ffff:192.0.2.1]:7", "192.0.2.1:7")]
    {
        let mut client = client_addr(1, Transport::Udp);
        client.remote = seen.parse().unwrap();
        let request = world.request(BINDING).encode();
        let answer = Msg::parse(&reply(world.say(client, &request)));
        let told: SocketAddr = told.parse().unwrap();
        assert_eq!(answer.address(XOR_MAPPED_ADDRESS), Some(told));
    }
}

#[test]
fn a_fingerprint_is_answered_by_one() {
    let mut world = World::new(settings());
    let mut request = world.request(BINDING).encode();
    fingerprint(&mut request);
    let bytes = reply(world.say(client_addr(1, Transport::Udp), &request));
    let mut again = bytes[..bytes.len() - 8].to_vec();
    fingerprint(&mut again);
    assert_eq!(again, bytes);
}

#[test]
fn a_wrong_fingerprint_is_no_stun() {
    let mut world = World::new(settings());
    let mut request = world.request(BINDING).encode();
    fingerprint(&mut request);
    *request.last_mut().unwrap() ^= 1;
    assert_eq!(world.say(client_addr(1, Transport::Udp), &request), Heard::Nothing);
}

#[test]
fn what_must_be_understood_and_is_not_is_named() {
    let mut world = World::new(settings());
    let request = world.request(BINDING).with(0x0003, [0; 4]).with(0x7abc, []).with(0xc001, []);
    let answer = Msg::parse(&reply(world.say(client_addr(1, Transport::Udp), &request.encode())));
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.get(UNKNOWN_ATTRIBUTES).unwrap(), [0x00, 0x03, 0x7a, 0xbc]);
}

#[test]
fn nobody_answers_what_is_no_request() {
    let mut world = World::new(settings());
    let client = client_addr(1, Transport::Udp);
    let binding = world.request(BINDING).encode();
    let mut long = binding.clone();
    long.extend([0x80, 0x22, 0, 0]);
    let mut odd = binding.clone();
    odd[3] = 1;
    odd.push(0);
    let mut cut = Msg::new(BINDING, 1).with(0x8022, [7; 8]).encode();
    cut.truncate(24);
    let mut overlong = Msg::new(BINDING, 1).with(0x8022, [7; 8]).encode();
    overlong[23] = 200;
    let mut old = binding.clone();
    old[4] = 0;
    let garbage: [&[u8]; 12] = [
        &[],
        &[0],
        &binding[..19],
        &long,
        &odd,
        &cut,
        &overlong,
        &old,
        &[0x80; 20],
        &[0xff; 100],
        &Msg::new(0x101, 1).encode(),
        &Msg::new(0x111, 1).encode(),
    ];
    for bytes in garbage {
        assert_eq!(world.say(client, bytes), Heard::Nothing, "{bytes:02x?}");
    }
    assert_eq!(world.counters().dropped.malformed, 12);
    assert_eq!(world.say(client, &Msg::indication(BINDING).encode()), Heard::Nothing);
}
