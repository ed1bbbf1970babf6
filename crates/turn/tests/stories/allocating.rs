//! Allocate: RFC 8656, section 7.

use std::net::SocketAddr;

use parlor_turn::{Limits, Transport};

use super::harness::*;
use super::wire::*;

fn order(world: &mut World) -> Msg {
    world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP)
}

#[test]
fn an_allocation_is_an_address_for_ten_minutes() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::new(settings());
        let mut ada = Client::new(1, transport);
        let request = order(&mut world);
        let answer = ada.ask(&mut world, request);
        assert!(answer.is_success());
        assert_eq!(answer.address(XOR_RELAYED_ADDRESS).unwrap().ip().to_string(), EXTERNAL);
        assert_eq!(answer.address(XOR_MAPPED_ADDRESS), Some(ada.addr.remote));
        assert_eq!(answer.number(LIFETIME), Some(600));
        assert_eq!(answer.get(RESERVATION_TOKEN), None);
        assert_eq!(world.counters().allocations, 1);
        assert_eq!(world.outputs(), [], "nobody outside can be reached, so there is no socket");
        world.wait(599);
        assert_eq!(world.counters().allocations, 1);
        world.wait(1);
        assert_eq!((world.counters().allocations, world.counters().expired), (0, 1));
        assert_eq!(world.turn.poll_timeout(), None);
    }
}

#[test]
fn a_lifetime_is_within_ten_minutes_and_an_hour() {
    for (asked, granted) in
        [(0, 600), (1, 600), (600, 600), (900, 900), (3_600, 3_600), (4_000_000_000, 3_600)]
    {
        let mut world = World::new(settings());
        let mut ada = Client::udp(1);
        let request = order(&mut world).lifetime(asked);
        assert_eq!(ada.ask(&mut world, request).number(LIFETIME), Some(granted), "{asked}");
    }
}

#[test]
fn the_configured_lifetime_is_within_the_same_bounds() {
    for (configured, granted) in [(1, 600), (1_200, 1_200), (86_400, 3_600)] {
        let mut settings = settings();
        settings.limits.lifetime = std::time::Duration::from_secs(configured);
        let mut world = World::new(settings);
        let mut ada = Client::udp(1);
        let request = order(&mut world).lifetime(100_000);
        assert_eq!(ada.ask(&mut world, request).number(LIFETIME), Some(granted));
    }
}

#[test]
fn each_family_is_had_alone_or_with_the_other() {
    let cases = [
        (None, vec![EXTERNAL]),
        (Some((REQUESTED_ADDRESS_FAMILY, V4)), vec![EXTERNAL]),
        (Some((REQUESTED_ADDRESS_FAMILY, V6)), vec![EXTERNAL_V6]),
        (Some((ADDITIONAL_ADDRESS_FAMILY, V6)), vec![EXTERNAL, EXTERNAL_V6]),
        (Some((ADDITIONAL_ADDRESS_FAMILY_OF_DRAFT, V6)), vec![EXTERNAL, EXTERNAL_V6]),
    ];
    for (attribute, expected) in cases {
        let mut world = World::new(settings());
        let mut request = order(&mut world);
        if let Some((kind, family)) = attribute {
            request = request.with(kind, family);
        }
        let answer = Client::udp(1).ask(&mut world, request);
        let relayed = answer.addresses(XOR_RELAYED_ADDRESS);
        let ips: Vec<_> = relayed.iter().map(|address| address.ip().to_string()).collect();
        assert_eq!(ips, expected);
        assert!(relayed.iter().all(|address| address.port() >= 49_152));
        assert_eq!(answer.get(ADDRESS_ERROR_CODE), None);
    }
}

#[test]
fn a_family_that_the_server_does_not_have_is_a_440() {
    let mut settings = settings();
    settings.external = vec![EXTERNAL.parse().unwrap()];
    for (kind, family, code) in [
        (REQUESTED_ADDRESS_FAMILY, V6, 440),
        (REQUESTED_ADDRESS_FAMILY, [3, 0, 0, 0], 440),
        (REQUESTED_ADDRESS_FAMILY, V4, 0),
    ] {
        let mut world = World::new(settings.clone());
        let request = order(&mut world).with(kind, family);
        assert_eq!(Client::udp(1).ask(&mut world, request).code(), code);
    }
}

#[test]
fn of_two_families_one_is_granted_and_the_other_explained() {
    for (external, family) in [(EXTERNAL, 2), (EXTERNAL_V6, 1)] {
        let mut settings = settings();
        settings.external = vec![external.parse().unwrap()];
        let mut world = World::new(settings);
        let request = order(&mut world).with(ADDITIONAL_ADDRESS_FAMILY, V6);
        let answer = Client::udp(1).ask(&mut world, request);
        assert_eq!(answer.addresses(XOR_RELAYED_ADDRESS).len(), 1);
        assert_eq!(answer.get(ADDRESS_ERROR_CODE).unwrap()[..4], [family, 0, 4, 40]);
    }
    let mut settings = settings();
    settings.external.clear();
    let mut world = World::new(settings);
    let request = order(&mut world).with(ADDITIONAL_ADDRESS_FAMILY, V6);
    assert_eq!(Client::udp(1).ask(&mut world, request).code(), 440);
}

#[test]
fn what_contradicts_itself_is_a_400() {
    let cases: [&[(u16, &[u8])]; 11] = [
        &[],
        &[(REQUESTED_TRANSPORT, &[17])],
        &[(REQUESTED_TRANSPORT, &UDP), (EVEN_PORT, &[0x80]), (RESERVATION_TOKEN, &[0; 8])],
        &[
            (REQUESTED_TRANSPORT, &UDP),
            (REQUESTED_ADDRESS_FAMILY, &V4),
            (RESERVATION_TOKEN, &[0; 8]),
        ],
        &[
            (REQUESTED_TRANSPORT, &UDP),
            (ADDITIONAL_ADDRESS_FAMILY, &V6),
            (RESERVATION_TOKEN, &[0; 8]),
        ],
        &[
            (REQUESTED_TRANSPORT, &UDP),
            (REQUESTED_ADDRESS_FAMILY, &V6),
            (ADDITIONAL_ADDRESS_FAMILY, &V6),
        ],
        &[(REQUESTED_TRANSPORT, &UDP), (ADDITIONAL_ADDRESS_FAMILY, &V4)],
        &[(REQUESTED_TRANSPORT, &UDP), (ADDITIONAL_ADDRESS_FAMILY, &V6), (EVEN_PORT, &[0x80])],
        &[(REQUESTED_TRANSPORT, &UDP), (LIFETIME, &[0])],
        &[(REQUESTED_TRANSPORT, &UDP), (RESERVATION_TOKEN, &[0; 4])],
        &[(REQUESTED_TRANSPORT, &UDP), (DONT_FRAGMENT, &[0; 4])],
    ];
    for attributes in cases {
        let mut world = World::new(settings());
        let request = attributes
            .iter()
            .fold(world.request(ALLOCATE), |request, (kind, value)| request.with(*kind, value));
        assert_eq!(Client::udp(1).ask(&mut world, request).code(), 400, "{attributes:04x?}");
    }
}

#[test]
fn other_protocols_are_a_442() {
    for protocol in [0, 1, 6, 132, 255] {
        let mut world = World::new(settings());
        let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, [protocol, 0, 0, 0]);
        assert_eq!(Client::new(1, Transport::Tcp).ask(&mut world, request).code(), 442);
    }
}

#[test]
fn mobility_is_forbidden_and_not_ignored() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let request = order(&mut world).with(MOBILITY_TICKET, []);
    assert_eq!(ada.ask(&mut world, request).code(), 405);
    ada.allocate(&mut world);
    let request = world.request(REFRESH).with(MOBILITY_TICKET, [7; 8]);
    assert_eq!(ada.ask(&mut world, request).code(), 405);
}

#[test]
fn an_unknown_attribute_is_a_420_that_names_it_and_is_proved() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let request = order(&mut world).with(0x7fff, []).with(0xffff, [1, 2, 3]);
    let answer = ada.ask(&mut world, request);
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.get(UNKNOWN_ATTRIBUTES).unwrap(), [0x7f, 0xff]);
    assert!(answer.get(MESSAGE_INTEGRITY).is_some());
}

#[test]
fn a_second_allocation_of_one_client_is_a_437() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    let request = order(&mut world);
    assert_eq!(ada.ask(&mut world, request).code(), 437);
}

#[test]
fn the_same_address_over_another_transport_is_another_client() {
    let mut world = World::new(settings());
    let addresses = [Transport::Udp, Transport::Tcp, Transport::Tls]
        .map(|transport| Client::new(1, transport).allocate(&mut world));
    assert_eq!(world.counters().allocations, 3);
    assert!(addresses[0] != addresses[1] && addresses[1] != addresses[2]);
}

#[test]
fn an_even_port_has_its_neighbour_reserved_for_the_token() {
    let mut world = World::new(settings());
    let (mut first, mut second) = (Client::udp(1), Client::udp(2));
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    let answer = first.ask(&mut world, request);
    let rtp = answer.address(XOR_RELAYED_ADDRESS).unwrap();
    assert_eq!(rtp.port() % 2, 0);
    let token = answer.get(RESERVATION_TOKEN).unwrap().to_vec();
    world.wait(29);
    let request = order(&mut world).with(RESERVATION_TOKEN, &token);
    let answer = second.ask(&mut world, request);
    let rtcp = answer.address(XOR_RELAYED_ADDRESS).unwrap();
    assert_eq!(rtcp, SocketAddr::new(rtp.ip(), rtp.port() + 1));
    let mut third = Client::udp(3);
    let request = order(&mut world).with(RESERVATION_TOKEN, &token);
    assert_eq!(third.ask(&mut world, request).code(), 508, "a token is good once");
}

#[test]
fn an_even_port_may_be_alone() {
    let mut world = World::new(settings());
    for number in 1..=6 {
        let request = order(&mut world).with(EVEN_PORT, [0]);
        let answer = Client::udp(number).ask(&mut world, request);
        assert_eq!(answer.address(XOR_RELAYED_ADDRESS).unwrap().port() % 2, 0);
        assert_eq!(answer.get(RESERVATION_TOKEN), None);
    }
}

#[test]
fn a_reservation_ends_and_is_nobody_elses() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    let token = ada.ask(&mut world, request).get(RESERVATION_TOKEN).unwrap().to_vec();
    let mut grace = Client::named(client_addr(2, Transport::Udp), "grace", "hopper");
    let request = order(&mut world).with(RESERVATION_TOKEN, &token);
    assert_eq!(grace.ask(&mut world, request).code(), 508);
    world.wait(u64::from(u32::try_from(Limits::RESERVATION_LIFETIME.as_secs()).unwrap()));
    let request = order(&mut world).with(RESERVATION_TOKEN, &token);
    assert_eq!(Client::udp(3).ask(&mut world, request).code(), 508);
}

#[test]
fn relayed_ports_can_not_be_foretold() {
    let mut ports = Vec::new();
    let mut world = World::new(settings());
    for number in 1..=12 {
        ports.push(Client::udp(number).allocate(&mut world).port());
    }
    let steps: std::collections::BTreeSet<_> =
        ports.windows(2).map(|pair| i32::from(pair[1]) - i32::from(pair[0])).collect();
    assert_eq!(steps.len(), 11, "{ports:?}");
}

#[test]
fn a_lost_stream_takes_its_allocation_along() {
    let mut world = World::new(settings());
    let mut ada = Client::new(1, Transport::Tcp);
    ada.allocate(&mut world);
    world.turn.handle_stream_closed(ada.addr, world.now);
    assert_eq!(world.counters().allocations, 0);
    ada.allocate(&mut world);
}
