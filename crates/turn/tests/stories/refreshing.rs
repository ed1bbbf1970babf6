//! Refresh: RFC 8656, section 8.

use super::harness::*;
use super::wire::*;

#[test]
fn an_allocation_lives_as_long_as_it_is_refreshed() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    for _ in 0..5 {
        world.wait(599);
        assert_eq!(ada.refresh(&mut world, 600).number(LIFETIME), Some(600));
    }
    assert_eq!(world.counters().allocations, 1);
    world.wait(600);
    assert_eq!(world.counters().allocations, 0);
}

#[test]
fn a_shorter_lifetime_counts_at_once() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    assert_eq!(ada.refresh(&mut world, 4_000_000_000).number(LIFETIME), Some(3_600));
    assert_eq!(ada.refresh(&mut world, 700).number(LIFETIME), Some(700));
    world.wait(700);
    assert_eq!(world.counters().allocations, 0);
}

#[test]
fn a_lifetime_of_zero_ends_it() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let relayed = ada.allocate(&mut world);
    let answer = ada.refresh(&mut world, 0);
    assert_eq!((answer.code(), answer.number(LIFETIME)), (0, Some(0)));
    assert_eq!((world.counters().allocations, world.turn.poll_timeout()), (0, None));
    assert_eq!(ada.permit(&mut world, relayed), 437);
    ada.allocate(&mut world);
}

#[test]
fn without_an_allocation_every_method_is_a_437() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let peer = "203.0.113.9:50000".parse().unwrap();
    assert_eq!(ada.refresh(&mut world, 600).code(), 437);
    assert_eq!(ada.refresh(&mut world, 0).code(), 437);
    assert_eq!(ada.permit(&mut world, peer), 437);
    assert_eq!(ada.bind(&mut world, 0x4000, peer), 437);
    assert_eq!(world.counters().denied.mismatch, 4);
}

fn both(world: &mut World, ada: &mut Client) {
    let request =
        world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP).with(ADDITIONAL_ADDRESS_FAMILY, V6);
    assert_eq!(ada.ask(world, request).code(), 0);
}

#[test]
fn one_family_of_two_may_end_and_then_the_other() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    both(&mut world, &mut ada);
    let request = world.request(REFRESH).lifetime(0).with(REQUESTED_ADDRESS_FAMILY, V6);
    assert_eq!(ada.ask(&mut world, request).code(), 0);
    assert_eq!(world.counters().allocations, 1);
    let request = world.request(REFRESH).lifetime(600).with(REQUESTED_ADDRESS_FAMILY, V6);
    assert_eq!(ada.ask(&mut world, request).code(), 443);
    let request = world.request(REFRESH).lifetime(0).with(REQUESTED_ADDRESS_FAMILY, V4);
    assert_eq!(ada.ask(&mut world, request).code(), 0);
    assert_eq!(world.counters().allocations, 0);
}

#[test]
fn without_a_family_both_end() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    both(&mut world, &mut ada);
    assert_eq!(ada.refresh(&mut world, 0).code(), 0);
    assert_eq!(world.counters().allocations, 0);
}

#[test]
fn a_family_that_the_allocation_does_not_have_is_a_443() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.allocate(&mut world);
    for family in [V6, [9, 0, 0, 0]] {
        let request = world.request(REFRESH).lifetime(600).with(REQUESTED_ADDRESS_FAMILY, family);
        assert_eq!(ada.ask(&mut world, request).code(), 443);
    }
}

#[test]
fn the_driver_is_told_of_the_earliest_end_and_of_no_other() {
    let mut world = World::new(settings());
    let (mut ada, mut grace) = (Client::udp(1), Client::udp(2));
    let after = |seconds| Some(EPOCH.after(std::time::Duration::from_secs(seconds)));
    ada.allocate(&mut world);
    world.wait(100);
    grace.allocate(&mut world);
    assert_eq!(world.turn.poll_timeout(), after(600));
    ada.refresh(&mut world, 3_600);
    assert_eq!(world.turn.poll_timeout(), after(700));
    grace.refresh(&mut world, 0);
    assert_eq!(world.turn.poll_timeout(), after(3_700));
}
