//! One stream without a network: what it is answered, and what ends it.

use std::net::UdpSocket;

use parlor_turn::Transport;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

use super::*;
use crate::config::Config;
use crate::drivers::turn::Relay;
use crate::shutdown::Stopper;
use crate::transports::gate::Gate;

/// A Binding request (RFC 8489): type, length, cookie, transaction.
const BINDING: [u8; 20] =
    [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

fn start(stopper: &Stopper) -> Relay {
    let datagrams = vec![UdpSocket::bind("127.0.0.1:0").unwrap()];
    Relay::start(&Config::default(), datagrams, 0, stopper.listen()).unwrap().0
}

fn client(relay: &Relay) -> (DuplexStream, JoinHandle<()>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let remote = "192.0.2.1:5000".parse().unwrap();
    let local = "127.0.0.1:8080".parse().unwrap();
    let client = ClientAddr { remote, local, transport: Transport::Tls };
    let permit = Gate::new(1, 0).enter(remote.ip()).unwrap();
    let serving = serve_stream(Arc::clone(&relay.driver), ours, client, permit);
    (theirs, tokio::spawn(serving))
}

async fn is_answered(stream: &mut DuplexStream) -> bool {
    stream.write_all(&BINDING).await.unwrap();
    let mut head = [0; 20];
    stream.read_exact(&mut head).await.unwrap();
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    head[..2] == [1, 1] && head[8..] == BINDING[8..]
}

#[tokio::test]
async fn a_stream_is_answered_until_its_client_ends_it() {
    let stopper = Stopper::new();
    let relay = start(&stopper);
    let (mut stream, serving) = client(&relay);
    assert!(is_answered(&mut stream).await && is_answered(&mut stream).await);
    drop(stream);
    serving.await.unwrap();
    assert!(relay.driver.lock().streams.is_empty());
    relay.stop();
}

#[tokio::test]
async fn what_is_no_turn_ends_the_stream() {
    let stopper = Stopper::new();
    let relay = start(&stopper);
    let (mut stream, serving) = client(&relay);
    stream.write_all(&[0xff; 40]).await.unwrap();
    serving.await.unwrap();
    relay.stop();
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let stopper = Stopper::new();
    let relay = start(&stopper);
    let (mut stream, serving) = client(&relay);
    assert!(is_answered(&mut stream).await);
    stopper.stop();
    serving.await.unwrap();
    relay.stop();
}

#[tokio::test]
async fn a_bug_ends_what_was_and_the_next_client_is_served() {
    let stopper = Stopper::new();
    let relay = start(&stopper);
    let (mut stream, serving) = client(&relay);
    assert!(is_answered(&mut stream).await);
    assert_eq!(relay.driver.contain(|| -> () { panic!("a bug") }), None);
    serving.await.unwrap();
    let (mut next, _) = client(&relay);
    assert!(is_answered(&mut next).await);
    relay.stop();
}
