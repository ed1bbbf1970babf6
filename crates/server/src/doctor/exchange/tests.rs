//! The exchange over a relay that may be far away, forbid things or lose packets. Virtual time.

use super::*;
use std::collections::BTreeMap;
use stun_types::attribute::{ErrorCode, XorMappedAddress};
use stun_types::message::{Message, MessageClass, MessageType, MessageWriteVec, Method};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::{Data, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND};

const LATENCY: Duration = Duration::from_millis(5);

/// What is wrong with the relay.
#[derive(Default)]
struct Habits {
    refuses: Option<(Method, u16)>,
    ignores: Option<Method>,
    /// Every so many packets one is lost.
    loses: Option<usize>,
    repeats: bool,
}

struct Relay {
    habits: Habits,
    /// To whom it goes, by when; the number keeps the order of what is due at once.
    under_way: BTreeMap<(Instant, usize), (Side, Vec<u8>)>,
    count: usize,
    packets: usize,
    released: usize,
}

fn relayed(side: Side) -> SocketAddr {
    match side {
        Side::Caller => "203.0.113.5:50000".parse().unwrap(),
        Side::Callee => "203.0.113.5:50001".parse().unwrap(),
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Caller => Side::Callee,
        Side::Callee => Side::Caller,
    }
}

impl Relay {
    fn new(habits: Habits) -> Self {
        Self { habits, under_way: BTreeMap::new(), count: 0, packets: 0, released: 0 }
    }

    fn send(&mut self, to: Side, bytes: Vec<u8>, now: Instant) {
        self.count += 1;
        self.under_way.insert((now + 2 * LATENCY, self.count), (to, bytes));
    }

    fn forward(&mut self, to: Side, bytes: Vec<u8>, now: Instant) {
        self.packets += 1;
        if self.habits.loses.is_some_and(|every| self.packets.is_multiple_of(every)) {
            return;
        }
        if self.habits.repeats {
            self.send(to, bytes.clone(), now);
        }
        self.send(to, bytes, now);
    }

    fn hear(&mut self, side: Side, bytes: Vec<u8>, now: Instant) {
        if bytes[0] == 0x40 {
            return self.forward(other(side), bytes, now);
        }
        let message = Message::from_bytes(&bytes).unwrap();
        let method = message.method();
        if self.habits.ignores == Some(method) {
            return;
        }
        if method == SEND {
            let peer = message.attribute::<XorPeerAddress>().unwrap();
            assert_eq!(peer.addr(message.transaction_id()), relayed(other(side)));
            let payload = message.attribute::<Data<'_>>().unwrap().data().to_vec();
            return self.forward(other(side), data(relayed(side), &payload), now);
        }
        let answer = self.answer(side, &message);
        self.send(side, answer, now);
    }

    fn answer(&mut self, side: Side, asked: &Message<'_>) -> Vec<u8> {
        if let Some((method, code)) = self.habits.refuses.filter(|(no, _)| asked.has_method(*no)) {
            let mut answer = Message::builder_error(asked, MessageWriteVec::new());
            let reason = format!("no {}", method.value());
            answer.add_attribute(&ErrorCode::new(code, &reason).unwrap()).unwrap();
            return answer.finish();
        }
        let mut answer = Message::builder_success(asked, MessageWriteVec::new());
        let id = asked.transaction_id();
        if asked.has_method(ALLOCATE) {
            answer.add_attribute(&XorRelayedAddress::new(relayed(side), id)).unwrap();
            answer
                .add_attribute(&XorMappedAddress::new("192.0.2.7:9".parse().unwrap(), id))
                .unwrap();
        }
        self.released += usize::from(asked.has_method(REFRESH));
        answer.finish()
    }
}

fn data(from: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
    let mut message = Message::builder(kind, 3.into(), MessageWriteVec::new());
    message.add_attribute(&XorPeerAddress::new(from, 3.into())).unwrap();
    message.add_attribute(&Data::new(payload)).unwrap();
    message.finish()
}

/// Runs until the exchange has its outcome.
fn run(carrier: Carrier, habits: Habits) -> (Outcome, Relay, Duration) {
    let began = Instant::now();
    let mut now = began;
    let mut relay = Relay::new(habits);
    let mut exchange = Exchange::new(&Credentials::default(), carrier, [1, 2], now);
    loop {
        while let Some((side, bytes)) = exchange.poll_output() {
            relay.hear(side, bytes, now);
        }
        if let Some(outcome) = exchange.outcome() {
            return (outcome.clone(), relay, now - began);
        }
        let arrives = relay.under_way.first_key_value().map(|((at, _), _)| *at);
        let due = exchange.poll_timeout();
        now =
            arrives.into_iter().chain(due).min().expect("the exchange waits for nothing").max(now);
        if arrives.is_some_and(|at| at <= now) {
            let (_, (side, bytes)) = relay.under_way.pop_first().unwrap();
            exchange.handle_bytes(side, &bytes, now);
        } else {
            exchange.handle_timeout(now);
        }
    }
}

fn exchanged(carrier: Carrier, habits: Habits) -> (Exchanged, Duration) {
    match run(carrier, habits) {
        (Outcome::Exchanged(exchanged), relay, took) => {
            assert_eq!(relay.released, 2);
            (*exchanged, took)
        }
        (failed @ Outcome::Failed { .. }, ..) => panic!("{failed:?}"),
    }
}

#[test]
fn every_packet_comes_back_and_is_timed_by_both_carriers() {
    for carrier in [Carrier::Datagrams, Carrier::Stream] {
        let (exchanged, took) = exchanged(carrier, Habits::default());
        assert_eq!(exchanged.caller.relayed, relayed(Side::Caller));
        assert_eq!(exchanged.callee.relayed, relayed(Side::Callee));
        assert_eq!(exchanged.allocating, 2 * LATENCY);
        for tally in [exchanged.indications, exchanged.channels] {
            assert_eq!((tally.sent, tally.lost()), (PACKETS, 0));
            assert_eq!(tally.median(), Some(4 * LATENCY));
        }
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[test]
fn lost_packets_are_counted_and_waited_for_only_so_long() {
    let habits = Habits { loses: Some(4), ..Habits::default() };
    let (exchanged, took) = exchanged(Carrier::Datagrams, habits);
    assert!(exchanged.indications.lost() > 0 && exchanged.channels.lost() > 0);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_packet_that_comes_twice_is_counted_once() {
    let (exchanged, _) =
        exchanged(Carrier::Datagrams, Habits { repeats: true, ..Habits::default() });
    assert_eq!(exchanged.channels.round_trips.len(), PACKETS);
}

#[test]
fn a_relay_that_carries_nothing_is_an_outcome_too() {
    let habits = Habits { loses: Some(1), ..Habits::default() };
    let (exchanged, _) = exchanged(Carrier::Datagrams, habits);
    assert_eq!((exchanged.channels.lost(), exchanged.channels.median()), (PACKETS, None));
}

#[test]
fn the_step_that_is_refused_is_named_and_what_was_allocated_is_let_go() {
    for (method, code) in [(ALLOCATE, 486), (CREATE_PERMISSION, 403), (CHANNEL_BIND, 403)] {
        let habits = Habits { refuses: Some((method, code)), ..Habits::default() };
        let (outcome, relay, _) = run(Carrier::Datagrams, habits);
        let Outcome::Failed { step, failure } = outcome else { panic!("not refused") };
        let refused = match step {
            Step::Allocate => ALLOCATE,
            Step::Permit(_) => CREATE_PERMISSION,
            Step::BindChannel { .. } => CHANNEL_BIND,
            Step::Binding | Step::Release => panic!("{step:?}"),
        };
        assert_eq!(refused, method);
        assert_eq!(failure, Failure::Refused { code, reason: format!("no {}", method.value()) });
        assert_eq!(relay.released, 2);
    }
}

#[test]
fn a_silent_relay_is_given_up() {
    for carrier in [Carrier::Datagrams, Carrier::Stream] {
        let habits = Habits { ignores: Some(ALLOCATE), ..Habits::default() };
        let (outcome, _, took) = run(carrier, habits);
        assert_eq!(outcome, Outcome::Failed { step: Step::Allocate, failure: Failure::Silent });
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn a_relay_that_does_not_let_go_has_done_all_that_is_wanted() {
    let habits = Habits { ignores: Some(REFRESH), ..Habits::default() };
    let (outcome, ..) = run(Carrier::Datagrams, habits);
    assert!(matches!(outcome, Outcome::Exchanged(_)));
}
