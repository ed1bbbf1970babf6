//! Whom a client may talk to: many addresses, by every method that names a peer.

use std::net::SocketAddr;

use parlor_turn::{Output, Peers, Settings, TcpAllocations, Transport};

use super::harness::*;
use super::wire::*;

/// What a peer is under `peers = public`: admitted, or refused everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Peer,
    Forbidden,
}
use Fate::{Forbidden, Peer};

const TABLE: &[(&str, Fate)] = &[
    // Global.
    ("8.8.8.8", Peer),
    ("1.1.1.1", Peer),
    ("9.255.255.255", Peer),
    ("11.0.0.0", Peer),
    ("100.63.255.255", Peer),
    ("100.128.0.0", Peer),
    ("126.255.255.255", Peer),
    ("128.0.0.1", Peer),
    ("169.253.255.255", Peer),
    ("172.15.255.255", Peer),
    ("172.32.0.0", Peer),
    ("192.167.255.255", Peer),
    ("192.169.0.0", Peer),
    ("198.17.255.255", Peer),
    ("198.20.0.0", Peer),
    ("223.255.255.255", Peer),
    ("2606:4700::1111", Peer),
    ("2a00:1450:4001:80b::200e", Peer),
    ("64:ff9b::808:808", Peer),
    // This host, this network.
    ("0.0.0.0", Forbidden),
    ("0.1.2.3", Forbidden),
    ("127.0.0.1", Forbidden),
    ("127.255.255.255", Forbidden),
    ("::", Forbidden),
    ("::1", Forbidden),
    // Private, shared, link-local.
    ("10.0.0.1", Forbidden),
    ("10.255.255.255", Forbidden),
    ("100.64.0.1", Forbidden),
    ("100.127.255.255", Forbidden),
    ("169.254.169.254", Forbidden),
    ("172.16.0.1", Forbidden),
    ("172.31.255.255", Forbidden),
    ("192.168.0.1", Forbidden),
    ("192.168.255.255", Forbidden),
    ("fc00::1", Forbidden),
    ("fd12:3456::1", Forbidden),
    ("fe80::1", Forbidden),
    ("febf::1", Forbidden),
    ("fec0::1", Forbidden),
    // Documentation, benchmarks, assignments.
    ("192.0.0.1", Forbidden),
    ("192.0.2.1", Forbidden),
    ("192.31.196.1", Forbidden),
    ("192.52.193.1", Forbidden),
    ("192.88.99.1", Forbidden),
    ("192.175.48.1", Forbidden),
    ("198.18.0.1", Forbidden),
    ("198.19.255.255", Forbidden),
    ("198.51.100.1", Forbidden),
    ("203.0.113.1", Forbidden),
    ("2001:db8::1", Forbidden),
    ("3fff::1", Forbidden),
    ("2001:2::1", Forbidden),
    ("2001:20::1", Forbidden),
    ("100::1", Forbidden),
    ("5f00::1", Forbidden),
    ("2620:4f:8000::1", Forbidden),
    // Multicast, reserved, broadcast.
    ("224.0.0.1", Forbidden),
    ("239.255.255.250", Forbidden),
    ("240.0.0.1", Forbidden),
    ("255.255.255.255", Forbidden),
    ("ff02::1", Forbidden),
    ("ff0e::1", Forbidden),
    ("4000::1", Forbidden),
    // IPv4 that hides in IPv6.
    ("::ffff:127.0.0.1", Forbidden),
    ("::ffff:10.0.0.1", Forbidden),
    ("::ffff:8.8.8.8", Forbidden),
    ("::ffff:0:127.0.0.1", Forbidden),
    ("::127.0.0.1", Forbidden),
    ("::169.254.169.254", Forbidden),
    ("2002:7f00:1::1", Forbidden),
    ("2002:a00:1::", Forbidden),
    ("64:ff9b::127.0.0.1", Forbidden),
    ("64:ff9b::10.0.0.1", Forbidden),
    ("64:ff9b::169.254.169.254", Forbidden),
    ("64:ff9b:1::127.0.0.1", Forbidden),
    ("64:ff9b:1:7f00:0:100::", Forbidden),
    ("2001:0:7f00:1::1", Forbidden),
    ("2001:0:808:808:0:0:80ff:fffe", Forbidden),
    ("2a00:1450::5efe:127.0.0.1", Forbidden),
    ("2a00:1450::200:5efe:10.0.0.1", Forbidden),
];

/// Ada with an allocation of both families, whatever sockets that takes.
fn with_allocation(world: &mut World, transport: [u8; 4]) -> Client {
    let mut ada = Client::new(1, Transport::Tcp);
    let request = world
        .request(ALLOCATE)
        .with(REQUESTED_TRANSPORT, transport)
        .with(ADDITIONAL_ADDRESS_FAMILY, V6);
    ada.try_ask(world, request);
    for output in world.outputs() {
        if let Output::OpenRelay { relay, .. } | Output::OpenListener { relay, .. } = output {
            world.turn.handle_relay_opened(relay, world.now);
        }
    }
    assert_eq!(world.counters().allocated, 1);
    world.outputs();
    ada
}

/// What becomes of one peer by each method: codes of CreatePermission, ChannelBind and Connect, and whether a Send goes
/// out. An answer that waits for a connection counts as 0.
fn by_every_method(settings: &Settings, peer: SocketAddr) -> (u16, u16, u16, bool) {
    let mut world = World::new(settings.clone());
    let mut ada = with_allocation(&mut world, UDP);
    let permitted = ada.permit(&mut world, peer);
    let sent = !matches!(ada.send(&mut world, peer, b"x"), Heard::Nothing);
    let bound = ada.bind(&mut world, 0x4000, peer);
    let mut world = World::new(settings.clone());
    let mut ada = with_allocation(&mut world, TCP);
    let request = world.request(CONNECT).peer_at(peer);
    let connected = ada.try_ask(&mut world, request).map_or(0, |reply| reply.code());
    (permitted, bound, connected, sent)
}

fn with(peers: Peers) -> Settings {
    let mut settings = settings();
    settings.policy.peers = peers;
    settings.tcp_allocations = TcpAllocations::Granted;
    settings
}

const ADMITTED: (u16, u16, u16, bool) = (0, 0, 0, true);
const REFUSED: (u16, u16, u16, bool) = (403, 403, 403, false);

fn at(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), 4_000)
}

#[test]
fn only_global_addresses_are_public() {
    assert!(TABLE.len() >= 60);
    for (ip, fate) in TABLE {
        let expected = match fate {
            Peer => ADMITTED,
            Forbidden => REFUSED,
        };
        assert_eq!(by_every_method(&with(Peers::Public), at(ip)), expected, "{ip}");
    }
}

#[test]
fn by_default_nobody_outside_is_a_peer() {
    for (ip, _) in TABLE {
        let settings = with(Peers::Own);
        assert_eq!(settings.policy, parlor_turn::Policy::default());
        assert_eq!(by_every_method(&settings, at(ip)), REFUSED, "{ip}");
    }
}

#[test]
fn any_is_every_address_that_can_be_a_host() {
    let nobodys = [
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "ff02::1",
        "ff0e::1",
    ];
    for (ip, _) in TABLE {
        let expected = if nobodys.contains(ip) { REFUSED } else { ADMITTED };
        if !ip.starts_with("64:ff9b:1:7f00") {
            assert_eq!(by_every_method(&with(Peers::Any), at(ip)), expected, "{ip}");
        }
    }
    for hidden in ["::ffff:0.0.0.0", "::ffff:255.255.255.255", "64:ff9b::224.0.0.1"] {
        assert_eq!(by_every_method(&with(Peers::Any), at(hidden)), REFUSED, "{hidden}");
    }
}

#[test]
fn a_denied_block_is_denied_in_every_disguise() {
    let mut settings = with(Peers::Any);
    settings.policy.deny.push("127.0.0.0/8".parse().unwrap());
    for ip in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "2002:7f00:1::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1:7f00:0:100::",
        "2001:0:7f00:1::1",
        "2001:0:808:808:0:0:80ff:fffe",
        "fe80::5efe:127.0.0.1",
        "fd00::200:5efe:127.0.0.1",
    ] {
        assert_eq!(by_every_method(&settings, at(ip)), REFUSED, "{ip}");
    }
    assert_eq!(by_every_method(&settings, at("10.0.0.1")), ADMITTED);
}

#[test]
fn an_allowed_block_is_an_exception_and_a_denied_one_of_that() {
    let mut settings = with(Peers::Own);
    settings.policy.allow.push("10.1.0.0/16".parse().unwrap());
    settings.policy.deny.push("10.1.2.3".parse().unwrap());
    assert_eq!(by_every_method(&settings, at("10.1.0.1")), ADMITTED);
    for ip in ["10.1.2.3", "10.2.0.1", "8.8.8.8", "::ffff:10.1.0.1"] {
        assert_eq!(by_every_method(&settings, at(ip)), REFUSED, "{ip}");
    }
    settings.policy.peers = Peers::Public;
    settings.policy.deny.push("8.8.8.0/24".parse().unwrap());
    assert_eq!(by_every_method(&settings, at("10.1.0.1")), ADMITTED);
    assert_eq!(by_every_method(&settings, at("8.8.8.8")), REFUSED);
    assert_eq!(by_every_method(&settings, at("64:ff9b::808:808")), REFUSED);
}

/// The address that clients see us by may be private, as behind a NAT or at home.
#[test]
fn our_own_relayed_addresses_are_allowed_wherever_they_are() {
    for external in ["203.0.113.9", "192.168.1.2", "127.0.0.1", "10.0.0.1", "8.8.8.8"] {
        for peers in [Peers::Own, Peers::Public, Peers::Any] {
            let mut settings = with(peers);
            settings.external[0] = external.parse().unwrap();
            settings.policy.deny.push(external.parse().unwrap());
            let relayed = SocketAddr::new(external.parse().unwrap(), 60_000);
            let (permitted, bound, connected, sent) = by_every_method(&settings, relayed);
            assert_eq!((permitted, bound, connected), (0, 0, 447), "{external}");
            assert!(!sent, "nobody is there, and nothing leaves the process");
        }
    }
}

/// The system gives such ports to whoever asks for any.
#[test]
fn programs_of_the_host_are_peers_by_every_port_where_the_host_is_one() {
    let at = SocketAddr::new("203.0.113.9".parse().unwrap(), 60_000);
    for (peers, reached) in [(Peers::Own, false), (Peers::Public, false), (Peers::Any, true)] {
        assert_eq!(by_every_method(&with(peers), at).3, reached, "{peers:?}");
    }
}

#[test]
fn the_host_itself_is_no_peer_unless_it_is_said() {
    let host = SocketAddr::new("203.0.113.9".parse().unwrap(), 22);
    let mut cases = vec![(with(Peers::Own), false), (with(Peers::Public), false)];
    let mut global = with(Peers::Public);
    global.external[0] = "8.8.8.8".parse().unwrap();
    cases.push((global.clone(), false));
    global.policy.allow.push("8.8.8.8".parse().unwrap());
    cases.push((global, true));
    cases.push((with(Peers::Any), true));
    for (settings, admitted) in cases {
        let host = SocketAddr::new(settings.external[0], host.port());
        let (permitted, bound, connected, sent) = by_every_method(&settings, host);
        let code = if admitted { 0 } else { 403 };
        assert_eq!((permitted, bound, connected, sent), (0, code, code, admitted));
    }
}
