//! Requests that come again because an answer was lost (RFC 8656, section 5).

use parlor_turn::Transport;

use super::harness::*;
use super::wire::*;

fn reply(world: &mut World, client: &Client, bytes: &[u8]) -> Vec<u8> {
    answer_to(client, world.say(client.addr, bytes))
}

#[test]
fn an_allocate_that_comes_again_gets_the_same_answer() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let request = world
        .request(ALLOCATE)
        .with(REQUESTED_TRANSPORT, UDP)
        .with(EVEN_PORT, [0x80])
        .lifetime(900);
    let bytes = ada.sign(request);
    let first = reply(&mut world, &ada, &bytes);
    assert!(Msg::parse(&first).is_success());
    world.wait(8);
    assert_eq!(reply(&mut world, &ada, &bytes), first);
    assert_eq!((world.counters().allocations, world.counters().allocated), (1, 1));
}

#[test]
fn what_ends_an_allocation_may_come_again() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    let bytes = ada.sign(world.request(REFRESH).lifetime(0));
    let first = reply(&mut world, &ada, &bytes);
    assert_eq!(Msg::parse(&first).number(LIFETIME), Some(0));
    assert_eq!(reply(&mut world, &ada, &bytes), first);
    let mut grace = Client::named(client_addr(2, Transport::Udp), "grace", "hopper");
    grace.learn_nonce(&mut world);
    let bytes = grace.sign(
        Msg { transaction: Msg::parse(&bytes).transaction, ..Msg::new(REFRESH, 0) }.lifetime(0),
    );
    assert_eq!(Msg::parse(&reply(&mut world, &grace, &bytes)).code(), 437);
}

#[test]
fn one_family_that_ended_may_be_ended_again_by_the_same_request() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let request =
        world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP).with(ADDITIONAL_ADDRESS_FAMILY, V6);
    ada.ask(&mut world, request);
    let request = world.request(REFRESH).lifetime(0).with(REQUESTED_ADDRESS_FAMILY, V6);
    let bytes = ada.sign(request);
    let first = reply(&mut world, &ada, &bytes);
    assert_eq!(reply(&mut world, &ada, &bytes), first);
    assert_eq!(world.counters().allocations, 1);
}

#[test]
fn permissions_and_channels_may_be_asked_for_again() {
    let mut world = World::new(settings());
    let [(ada, _), (_, at_grace)] = pair(&mut world, [Transport::Udp; 2]);
    for request in [
        world.request(CREATE_PERMISSION).peer_at(at_grace),
        world.request(CHANNEL_BIND).channel(0x4000).peer_at(at_grace),
        world.request(REFRESH).lifetime(900),
    ] {
        let bytes = ada.sign(request);
        let first = reply(&mut world, &ada, &bytes);
        assert!(Msg::parse(&first).is_success());
        assert_eq!(reply(&mut world, &ada, &bytes), first);
    }
}
