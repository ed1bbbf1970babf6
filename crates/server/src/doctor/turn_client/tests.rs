//! The client against answers as servers write them.

use super::*;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWriteVec, TransactionId,
};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND};

const REALM: &str = "parlor";

fn credentials() -> Credentials {
    Credentials { name: "1800000000:Tn0".into(), password: "geheim".into() }
}

fn key(password: &str) -> MessageIntegrityCredentials {
    LongTermKeyCredentials::new(credentials().name, password.into(), REALM.into()).into()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

struct Table {
    client: Client,
    now: Instant,
}

impl Table {
    fn new(carrier: Carrier) -> Self {
        Self { client: Client::new(credentials(), carrier, 7), now: Instant::now() }
    }

    fn ask(&mut self, step: Step) -> Vec<u8> {
        self.client.ask(step, self.now);
        self.transmitted()
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.client.handle_bytes(bytes, self.now);
    }

    fn transmitted(&mut self) -> Vec<u8> {
        match self.client.poll_output() {
            Some(Output::Transmit(bytes)) => bytes,
            other => panic!("nothing is sent: {other:?}"),
        }
    }

    fn told(&mut self) -> Option<Event> {
        match self.client.poll_output()? {
            Output::Event(event) => Some(event),
            Output::Transmit(bytes) => panic!("something is sent: {bytes:?}"),
        }
    }

    /// The answer 401 and what the client says then.
    fn challenge(&mut self, asked: &[u8], code: u16, nonce: &str) -> Vec<u8> {
        self.hear(&error(asked, code, Some(nonce)));
        self.transmitted()
    }

    fn allocated(&mut self) -> Event {
        let asked = self.ask(Step::Allocate);
        let signed = self.challenge(&asked, 401, "first");
        self.hear(&allocation(&signed, "geheim"));
        self.told().unwrap()
    }
}

fn error(asked: &[u8], code: u16, nonce: Option<&str>) -> Vec<u8> {
    let asked = Message::from_bytes(asked).unwrap();
    let mut answer = Message::builder_error(&asked, MessageWriteVec::new());
    answer.add_attribute(&ErrorCode::new(code, "as it is").unwrap()).unwrap();
    if let Some(nonce) = nonce {
        answer.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
        answer.add_attribute(&Nonce::new(nonce).unwrap()).unwrap();
    }
    answer.finish()
}

fn allocation(asked: &[u8], password: &str) -> Vec<u8> {
    let asked = Message::from_bytes(asked).unwrap();
    let id = asked.transaction_id();
    let mut answer = Message::builder_success(&asked, MessageWriteVec::new());
    answer.add_attribute(&XorRelayedAddress::new(address("203.0.113.5:50000"), id)).unwrap();
    answer.add_attribute(&XorMappedAddress::new(address("198.51.100.7:4000"), id)).unwrap();
    answer.add_attribute(&Lifetime::new(700)).unwrap();
    answer.add_message_integrity(&key(password), IntegrityAlgorithm::Sha1).unwrap();
    answer.finish()
}

fn success(asked: &[u8]) -> Vec<u8> {
    let asked = Message::from_bytes(asked).unwrap();
    let mut answer = Message::builder_success(&asked, MessageWriteVec::new());
    answer.add_message_integrity(&key("geheim"), IntegrityAlgorithm::Sha1).unwrap();
    answer.finish()
}

#[test]
fn an_allocation_is_asked_for_twice_the_second_time_signed() {
    let mut table = Table::new(Carrier::Datagrams);
    let asked = table.ask(Step::Allocate);
    let first = Message::from_bytes(&asked).unwrap();
    assert!(first.has_method(ALLOCATE) && first.has_class(MessageClass::Request));
    assert_eq!(first.attribute::<RequestedTransport>().unwrap().protocol(), 17);
    assert!(first.attribute::<Username>().is_err());
    let signed = table.challenge(&asked, 401, "nonce");
    let second = Message::from_bytes(&signed).unwrap();
    assert_ne!(second.transaction_id(), first.transaction_id());
    assert_eq!(second.attribute::<Username>().unwrap().username(), "1800000000:Tn0");
    assert_eq!(second.attribute::<Nonce>().unwrap().nonce(), "nonce");
    assert!(second.validate_integrity(&key("geheim")).is_ok());
    table.hear(&allocation(&signed, "geheim"));
    assert_eq!(
        table.told(),
        Some(Event::Allocated(Allocation {
            relayed: address("203.0.113.5:50000"),
            mapped: Some(address("198.51.100.7:4000")),
            lifetime: Duration::from_secs(700),
        }))
    );
    assert_eq!((table.told(), table.client.poll_timeout()), (None, None));
}

#[test]
fn wrong_credentials_are_asked_for_once() {
    let mut table = Table::new(Carrier::Datagrams);
    let asked = table.ask(Step::Allocate);
    let signed = table.challenge(&asked, 401, "nonce");
    table.hear(&error(&signed, 401, Some("another")));
    let failure = Failure::Refused { code: 401, reason: "as it is".into() };
    assert_eq!(table.told(), Some(Event::Failed { step: Step::Allocate, failure }));
}

#[test]
fn a_stale_nonce_is_replaced_but_not_for_ever() {
    let mut table = Table::new(Carrier::Datagrams);
    let mut asked = table.ask(Step::Allocate);
    asked = table.challenge(&asked, 401, "0");
    for nonce in ["1", "2"] {
        asked = table.challenge(&asked, 438, nonce);
        let again = Message::from_bytes(&asked).unwrap();
        assert_eq!(again.attribute::<Nonce>().unwrap().nonce(), nonce);
    }
    table.hear(&error(&asked, 438, Some("3")));
    assert!(matches!(
        table.told(),
        Some(Event::Failed { failure: Failure::Refused { code: 438, .. }, .. })
    ));
}

#[test]
fn an_answer_of_somebody_without_the_password_is_no_answer() {
    let mut table = Table::new(Carrier::Datagrams);
    let asked = table.ask(Step::Allocate);
    let signed = table.challenge(&asked, 401, "nonce");
    table.hear(&allocation(&signed, "guessed"));
    assert!(matches!(table.told(), Some(Event::Failed { failure: Failure::Malformed(_), .. })));
}

#[test]
fn a_lost_request_is_repeated_over_udp_and_then_given_up() {
    let mut table = Table::new(Carrier::Datagrams);
    let asked = table.ask(Step::Binding);
    let began = table.now;
    let mut waits = Vec::new();
    while let Some(due) = table.client.poll_timeout() {
        waits.push((due - began).as_millis());
        table.client.handle_timeout(due - Duration::from_millis(1));
        assert_eq!(table.client.poll_output(), None);
        table.client.handle_timeout(due);
        if waits.len() < 3 {
            assert_eq!(table.transmitted(), asked);
        }
    }
    assert_eq!(waits, [500, 1_500, 3_500]);
    let silent = Event::Failed { step: Step::Binding, failure: Failure::Silent };
    assert_eq!(table.told(), Some(silent));
}

#[test]
fn nothing_is_repeated_on_a_stream() {
    let mut table = Table::new(Carrier::Stream);
    table.ask(Step::Allocate);
    let due = table.client.poll_timeout().unwrap();
    table.client.handle_timeout(due);
    let silent = Event::Failed { step: Step::Allocate, failure: Failure::Silent };
    assert_eq!(table.told(), Some(silent));
}

#[test]
fn late_answers_and_noise_are_not_heard() {
    let mut table = Table::new(Carrier::Datagrams);
    let first = table.ask(Step::Binding);
    table.ask(Step::Binding);
    table.hear(&success(&first));
    for noise in [&b""[..], b"x", b"HTTP/1.1 200 OK", &[0; 20], &[0x40, 0, 0xFF, 0xFF]] {
        table.hear(noise);
    }
    assert_eq!(table.told(), None);
}

#[test]
fn a_web_server_in_place_of_a_relay_is_told() {
    let mut table = Table::new(Carrier::Stream);
    table.ask(Step::Allocate);
    table.hear(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let failure = Failure::Malformed("the bytes are no STUN message");
    assert_eq!(table.told(), Some(Event::Failed { step: Step::Allocate, failure }));
}

#[test]
fn a_permission_and_a_channel_name_the_peer() {
    let mut table = Table::new(Carrier::Datagrams);
    table.allocated();
    let peer = address("[2001:db8::9]:6000");
    let asked = table.ask(Step::Permit(peer));
    let message = Message::from_bytes(&asked).unwrap();
    assert!(message.has_method(CREATE_PERMISSION));
    assert_eq!(message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id()), peer);
    table.hear(&success(&asked));
    assert_eq!(table.told(), Some(Event::Permitted));
    let asked = table.ask(Step::BindChannel { number: 0x4001, peer });
    let message = Message::from_bytes(&asked).unwrap();
    assert!(message.has_method(CHANNEL_BIND));
    assert_eq!(message.attribute::<ChannelNumber>().unwrap().channel(), 0x4001);
    table.hear(&success(&asked));
    assert_eq!(table.told(), Some(Event::ChannelBound));
    let asked = table.ask(Step::Release);
    let message = Message::from_bytes(&asked).unwrap();
    assert!(message.has_method(REFRESH));
    assert_eq!(message.attribute::<Lifetime>().unwrap().seconds(), 0);
    table.hear(&success(&asked));
    assert_eq!(table.told(), Some(Event::Released));
}

#[test]
fn packets_go_out_and_come_in_by_both_ways() {
    let mut table = Table::new(Carrier::Datagrams);
    let peer = address("203.0.113.5:50001");
    table.client.send_indication(peer, b"hello");
    let sent = table.transmitted();
    let message = Message::from_bytes(&sent).unwrap();
    assert!(message.has_method(SEND) && message.has_class(MessageClass::Indication));
    assert_eq!(message.attribute::<Data<'_>>().unwrap().data(), b"hello");
    table.client.send_channel(0x4000, b"hello");
    assert_eq!(table.transmitted(), b"\x40\x00\x00\x05hello");
    table.hear(&data(peer, b"there"));
    assert_eq!(table.told(), Some(Event::Indication { from: peer, payload: b"there".into() }));
    table.hear(b"\x40\x00\x00\x05there");
    assert_eq!(table.told(), Some(Event::Channel { number: 0x4000, payload: b"there".into() }));
}

fn data(peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let id = TransactionId::from(9);
    let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
    let mut message = Message::builder(kind, id, MessageWriteVec::new());
    message.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
    message.add_attribute(&Data::new(payload)).unwrap();
    message.finish()
}

#[test]
fn channel_data_of_a_stream_is_heard_once_a_channel_is_bound() {
    let mut table = Table::new(Carrier::Stream);
    table.allocated();
    let asked = table.ask(Step::BindChannel { number: 0x4000, peer: address("203.0.113.5:1") });
    let answer = success(&asked);
    let (head, tail) = answer.split_at(9);
    table.hear(head);
    assert_eq!(table.told(), None);
    table.hear(&[tail, b"\x40\x00\x00\x03one\0\x40\x00\x00\x03two\0"].concat());
    let heard: Vec<_> = std::iter::from_fn(|| table.told()).collect();
    let channel = |payload: &[u8]| Event::Channel { number: 0x4000, payload: payload.into() };
    assert_eq!(heard, [Event::ChannelBound, channel(b"one"), channel(b"two")]);
}

#[test]
fn a_realm_that_cannot_be_sent_back_is_told() {
    let mut table = Table::new(Carrier::Datagrams);
    table.client = Client::new(
        Credentials { name: "n".repeat(2_000), password: String::new() },
        Carrier::Datagrams,
        1,
    );
    let asked = table.ask(Step::Allocate);
    table.hear(&error(&asked, 401, Some("nonce")));
    assert!(matches!(table.told(), Some(Event::Failed { failure: Failure::Malformed(_), .. })));
}

#[test]
fn no_spoilt_answer_ends_the_client() {
    for carrier in [Carrier::Datagrams, Carrier::Stream] {
        let mut table = Table::new(carrier);
        let asked = table.ask(Step::Allocate);
        let answers = [
            error(&asked, 401, Some("nonce")),
            allocation(&asked, "geheim"),
            data(address("[2001:db8::1]:9"), b"payload"),
            b"\x40\x00\x00\x05there\0\0\0".to_vec(),
        ];
        for (answer, at) in
            answers.iter().flat_map(|answer| (0..answer.len()).map(move |at| (answer, at)))
        {
            let mut table = Table::new(carrier);
            table.ask(Step::Allocate);
            table.hear(&answer[..at]);
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut spoilt = answer.clone();
                spoilt[at] = value;
                table.hear(&spoilt);
            }
            assert!(std::iter::from_fn(|| table.client.poll_output()).count() < 100);
        }
    }
}
