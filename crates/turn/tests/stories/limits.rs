//! Every limit, and what happens at it.

use std::net::SocketAddr;

use parlor_turn::{Transport, mint};

use super::harness::*;
use super::wire::*;

fn order(world: &mut World) -> Msg {
    world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP)
}

#[test]
fn a_user_has_twelve_allocations() {
    let mut world = World::new(settings());
    for number in 1..=12 {
        Client::udp(number).allocate(&mut world);
    }
    let request = order(&mut world);
    assert_eq!(Client::udp(13).ask(&mut world, request).code(), 486);
    let mut grace = Client::named(client_addr(14, Transport::Udp), "grace", "hopper");
    grace.allocate(&mut world);
    world.wait(600);
    Client::udp(13).allocate(&mut world);
}

#[test]
fn a_reservation_counts_like_an_allocation() {
    let mut settings = settings();
    settings.limits.allocations_per_user = 2;
    let mut world = World::new(settings);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    let answer = Client::udp(1).ask(&mut world, request);
    let request = order(&mut world);
    assert_eq!(Client::udp(2).ask(&mut world, request).code(), 486);
    let token = answer.get(RESERVATION_TOKEN).unwrap();
    let request = order(&mut world).with(RESERVATION_TOKEN, token);
    assert_eq!(Client::udp(2).ask(&mut world, request).code(), 0);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    let mut grace = Client::named(client_addr(3, Transport::Udp), "grace", "hopper");
    assert_eq!(grace.ask(&mut world, request).code(), 0);
    world.wait(30);
    let request = order(&mut world);
    let mut grace = Client::named(client_addr(4, Transport::Udp), "grace", "hopper");
    assert_eq!(grace.ask(&mut world, request).code(), 0, "a reservation that ended is free");
}

#[test]
fn a_new_credential_is_no_new_quota() {
    let mut settings = settings();
    settings.credentials.secrets.push(SECRET.into());
    settings.limits.allocations_per_user = 1;
    let mut world = World::new(settings);
    let mut codes = Vec::new();
    for (number, user) in [(1, "alan"), (2, "alan"), (3, "joan")] {
        let expiry = EPOCH.after(std::time::Duration::from_secs(60 + u64::from(number)));
        let minted = mint(SECRET, user, expiry);
        let addr = client_addr(number, Transport::Udp);
        let mut client = Client::named(addr, &minted.username, &minted.credential);
        let request = order(&mut world);
        codes.push(client.ask(&mut world, request).code());
    }
    assert_eq!(codes, [0, 486, 0]);
}

#[test]
fn all_allocations_together_have_a_limit() {
    let mut settings = settings();
    settings.limits.allocations = 2;
    let mut world = World::new(settings);
    let request = order(&mut world);
    assert_eq!(Client::udp(1).ask(&mut world, request).code(), 0);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    assert_eq!(Client::udp(2).ask(&mut world, request).code(), 508);
    let request = order(&mut world);
    assert_eq!(Client::udp(2).ask(&mut world, request).code(), 0);
    let request = order(&mut world);
    assert_eq!(Client::udp(3).ask(&mut world, request).code(), 508);
}

#[test]
fn without_a_free_port_the_answer_is_a_508() {
    let mut settings = settings();
    settings.relay_ports = 50_001..=50_002;
    let mut world = World::new(settings);
    let request = order(&mut world).with(EVEN_PORT, [0x80]);
    assert_eq!(Client::udp(1).ask(&mut world, request).code(), 508);
    assert_eq!(Client::udp(1).allocate(&mut world).port() / 10, 5_000);
    Client::udp(2).allocate(&mut world);
    let request = order(&mut world);
    assert_eq!(Client::udp(3).ask(&mut world, request).code(), 508);
}

#[test]
fn permissions_and_channels_have_limits_and_what_expired_makes_room() {
    let mut settings = settings();
    settings.limits.permissions = 3;
    settings.limits.channels = 2;
    settings.policy.allow.push("198.51.100.0/24".parse().unwrap());
    let mut world = World::new(settings);
    let mut ada = Client::udp(1);
    let request = order(&mut world);
    ada.try_ask(&mut world, request);
    let peer = |number| SocketAddr::from(([198, 51, 100, number], 7));
    let request = world.request(CREATE_PERMISSION).peer_at(peer(1)).peer_at(peer(2));
    assert_eq!(ada.ask(&mut world, request).code(), 0);
    let request = world.request(CREATE_PERMISSION).peer_at(peer(3)).peer_at(peer(4));
    assert_eq!(ada.ask(&mut world, request).code(), 508, "both or none");
    assert_eq!(ada.permit(&mut world, peer(3)), 0);
    assert_eq!(ada.permit(&mut world, peer(1)), 0);
    assert_eq!(ada.permit(&mut world, peer(4)), 508);
    assert_eq!(ada.bind(&mut world, 0x4000, peer(4)), 508);
    assert_eq!(
        (ada.bind(&mut world, 0x4000, peer(1)), ada.bind(&mut world, 0x4001, peer(2))),
        (0, 0)
    );
    assert_eq!(ada.bind(&mut world, 0x4002, peer(3)), 508);
    assert_eq!(ada.refresh(&mut world, 3_600).code(), 0);
    world.wait(600);
    assert_eq!(ada.permit(&mut world, peer(4)), 0);
    assert_eq!(ada.bind(&mut world, 0x4002, peer(3)), 0);
}

#[test]
fn the_bandwidth_of_an_allocation_is_what_it_sends_and_receives() {
    let mut settings = settings();
    settings.limits.allocation_bandwidth = Some(1_000);
    let mut world = World::new(settings);
    let [(ada, at_ada), (grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    assert_ne!(ada.send(&mut world, at_grace, &[0; 600]), Heard::Nothing);
    assert_ne!(grace.send(&mut world, at_ada, &[0; 400]), Heard::Nothing);
    assert_eq!(ada.send(&mut world, at_grace, &[0; 1]), Heard::Nothing);
    assert_eq!(world.counters().dropped.bandwidth, 1);
    world.wait(1);
    assert_ne!(ada.send(&mut world, at_grace, &[0; 600]), Heard::Nothing);
}

#[test]
fn the_bandwidth_of_all_is_shared() {
    let mut settings = settings();
    settings.limits.total_bandwidth = Some(1_000);
    let mut world = World::new(settings);
    let [(ada, at_ada), (grace, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    assert_ne!(ada.send(&mut world, at_grace, &[0; 900]), Heard::Nothing);
    assert_eq!(grace.send(&mut world, at_ada, &[0; 101]), Heard::Nothing);
    assert_ne!(grace.send(&mut world, at_ada, &[0; 100]), Heard::Nothing);
    assert_eq!(world.counters().dropped.bandwidth, 1);
}

#[test]
fn a_forged_source_is_not_flooded_with_errors() {
    let mut world = World::new(settings());
    let client = client_addr(1, Transport::Udp);
    let mut answers = 0;
    for port in 0..200 {
        let request = order(&mut world).encode();
        let mut from = client;
        from.remote.set_port(1_000 + port);
        answers += usize::from(world.say(from, &request) != Heard::Nothing);
    }
    assert_eq!((answers, world.counters().dropped.unanswered), (50, 150));
    let request = order(&mut world).encode();
    let stream = client_addr(1, Transport::Tcp);
    assert_ne!(world.say(stream, &request), Heard::Nothing, "the source of a stream is no forgery");
    let other = client_addr(2, Transport::Udp);
    assert_ne!(world.say(other, &request), Heard::Nothing);
    world.wait(1);
    assert_ne!(world.say(client, &request), Heard::Nothing);
}

#[test]
fn whoever_has_proved_itself_is_answered_always() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    for _ in 0..200 {
        assert_eq!(ada.refresh(&mut world, 600).code(), 437);
    }
}

#[test]
fn no_error_is_much_larger_than_what_caused_it() {
    let mut world = World::new(settings());
    let mut many = order(&mut world);
    for kind in 0x7000..0x7100 {
        many = many.with(kind, []);
    }
    let mut binding = many.clone();
    binding.kind = BINDING;
    for request in [many, binding] {
        let Heard::Client(_, bytes) = world.say(client_addr(1, Transport::Udp), &request.encode())
        else {
            panic!()
        };
        assert!(bytes.len() <= 112, "{}", bytes.len());
    }
}
