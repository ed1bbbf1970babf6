//! What the fuzz targets of packets do with their bytes. Nothing may panic, and no answer may be larger than it has to be.

use parlor_turn::{Output, StreamDecoder, Transport, begins_like_stun};

use super::harness::{Client, Heard, World, client_addr, settings};
use super::wire::*;

/// A dozen times the largest request of any client, and every question is answered by less.
const LONGEST_ANSWER: usize = 512;

/// Bytes as a datagram, and the attributes in them as a request that is proved: from a stranger, and from a client with an
/// allocation.
pub fn message(input: &[u8]) {
    let mut settings = settings();
    settings.tcp_allocations = parlor_turn::TcpAllocations::Granted;
    settings.policy.peers = parlor_turn::Peers::Public;
    let mut world = World::new(settings);
    let mut ada = Client::new(1, Transport::Tcp);
    ada.learn_nonce(&mut world);
    for _ in 0..2 {
        for addr in [ada.addr, client_addr(2, Transport::Udp)] {
            heard(&world.say(addr, input), input);
        }
        let proved = prove(&ada, input);
        heard(&world.say(ada.addr, &proved), &proved);
        drain(&mut world);
        let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP);
        ada.try_ask(&mut world, request);
        drain(&mut world);
    }
}

/// The first byte is the method; the rest is attributes.
fn prove(ada: &Client, input: &[u8]) -> Vec<u8> {
    let (method, attributes) = input.split_first().unwrap_or((&3, &[]));
    let mut bytes = Msg::new(u16::from(method % 16), 7).encode();
    bytes.extend(attributes.iter().take(2_000));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    push(&mut bytes, USERNAME, b"ada");
    push(&mut bytes, REALM, b"parlor");
    push(&mut bytes, NONCE, &ada.nonce);
    sign_sha1(&mut bytes, &ada.key());
    bytes
}

fn heard(heard: &Heard, packet: &[u8]) {
    let Heard::Client(_, bytes) = heard else { return };
    assert!(bytes.len() <= LONGEST_ANSWER.max(packet.len() + 48));
    if bytes[0] < 0x40 {
        Msg::parse(bytes);
    }
}

fn drain(world: &mut World) {
    while let Some(output) = world.turn.poll_output() {
        match output {
            Output::OpenRelay { relay, .. } | Output::OpenListener { relay, .. } => {
                world.turn.handle_relay_opened(relay, world.now);
            }
            Output::Connect { connection, .. } => {
                world.turn.handle_connected(connection, world.now);
            }
            Output::ToClient { bytes, .. } => assert!(Msg::parse(&bytes).kind > 0),
            Output::CloseRelay { .. } | Output::Join { .. } | Output::CloseConnection { .. } => {}
        }
    }
}

/// A stream gives the same messages however it is cut, and they go through the engine.
pub fn stream(input: &[u8]) {
    let Some((size, bytes)) = input.split_first() else { return };
    let whole = decode(bytes, bytes.len().max(1));
    assert_eq!(decode(bytes, 1 + usize::from(*size)), whole);
    let mut world = World::new(settings());
    let client = client_addr(1, Transport::Tcp);
    let is_stun = begins_like_stun(bytes);
    for (at, message) in whole.0.iter().enumerate() {
        let is_channel = message[0] >= 0x40;
        assert!(is_channel || at > 0 || is_stun == Some(true));
        assert!(is_channel || message.len() % 4 == 0);
        heard(&world.say(client, message), message);
    }
}

/// The messages, and what is left: bytes of the next one, or a mistake.
fn decode(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
    let mut decoder = StreamDecoder::new();
    let mut messages = Vec::new();
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() {
            piece = &piece[decoder.handle_bytes(piece)..];
            loop {
                match decoder.poll_message() {
                    Ok(Some(message)) => messages.push(message.to_vec()),
                    Ok(None) => break,
                    Err(_) => return (messages, None),
                }
            }
        }
    }
    (messages, Some(decoder.into_rest()))
}
