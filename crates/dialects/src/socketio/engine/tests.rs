//! What a session promises, in virtual time.

use super::*;
use bytes::Bytes;

const START: Timestamp = Timestamp(1_000);

fn at(millis: u64) -> Timestamp {
    Timestamp(START.0 + millis)
}

fn settings() -> Settings {
    Settings {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..Settings::default()
    }
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

fn answer(body: &str) -> Output {
    Output::Answer(body.into())
}

fn frame(body: &str) -> Output {
    Output::Frame(text(body))
}

fn received(body: &str) -> Output {
    Output::Received(text(body))
}

fn outputs(engine: &mut Engine) -> Vec<Output> {
    std::iter::from_fn(|| engine.poll_output()).collect()
}

/// A session by polling whose client has read the handshake.
fn polling() -> Engine {
    let mut engine = Engine::open(Transport::Polling, "abc", settings(), START);
    let handshake = r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;
    assert_eq!(outputs(&mut engine), [answer(handshake)]);
    engine
}

fn socket() -> Engine {
    let mut engine = Engine::open(Transport::WebSocket, "abc", settings(), START);
    let handshake =
        r#"0{"sid":"abc","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;
    assert_eq!(outputs(&mut engine), [frame(handshake)]);
    engine
}

fn post(engine: &mut Engine, body: &str) -> Result<(), Refused> {
    engine.handle_post_begin(START)?;
    engine.handle_post(body.as_bytes())?;
    while engine.handle_posted(1, START) {}
    Ok(())
}

#[test]
fn a_poll_waits_until_there_is_something() {
    let mut engine = polling();
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(outputs(&mut engine), []);
    engine.send(text("a"));
    engine.send(Message::Binary(Bytes::from_static(&[1, 2, 3, 4])));
    assert_eq!(outputs(&mut engine), [answer("4a\u{1e}bAQIDBA==")]);
    engine.send(text("b"));
    assert_eq!(outputs(&mut engine), []);
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(outputs(&mut engine), [answer("4b")]);
}

#[test]
fn a_post_brings_its_packets_in_order() {
    let mut engine = polling();
    assert_eq!(post(&mut engine, "4a\u{1e}bAQ==\u{1e}4c"), Ok(()));
    let binary = Output::Received(Message::Binary(Bytes::from_static(&[1])));
    assert_eq!(outputs(&mut engine), [received("a"), binary, received("c")]);
}

#[test]
fn a_second_poll_ends_the_session() {
    let mut engine = polling();
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(engine.handle_poll(START), Err(Refused::BadRequest));
    assert_eq!(outputs(&mut engine), [answer("1"), Output::Closed(Closed::ProtocolError)]);
    assert_eq!(engine.handle_poll(START), Err(Refused::BadRequest));
}

#[test]
fn a_second_post_ends_the_session() {
    let mut engine = polling();
    assert_eq!(engine.handle_post_begin(START), Ok(()));
    assert_eq!(engine.handle_post_begin(START), Err(Refused::BadRequest));
    assert_eq!(outputs(&mut engine), [Output::Closed(Closed::ProtocolError)]);
    assert_eq!(engine.handle_post(b"4late"), Err(Refused::BadRequest));
}

#[test]
fn a_post_is_heard_in_portions_and_goes_on_until_its_end() {
    let mut engine = polling();
    assert_eq!(engine.handle_post_begin(START), Ok(()));
    assert_eq!(engine.handle_post(b"4a\x1e4b\x1e4c"), Ok(()));
    assert_eq!(outputs(&mut engine), [], "nothing is heard by itself");
    assert!(engine.handle_posted(2, START));
    assert_eq!(outputs(&mut engine), [received("a"), received("b")]);
    assert!(!engine.handle_posted(2, START));
    assert_eq!(outputs(&mut engine), [received("c")]);
    assert_eq!(post(&mut engine, "4d"), Ok(()), "the next may come");
    assert_eq!(outputs(&mut engine), [received("d")]);
}

#[test]
fn what_is_left_of_a_post_is_not_heard_once_the_session_has_ended() {
    let mut engine = polling();
    assert_eq!(engine.handle_post_begin(START), Ok(()));
    assert_eq!(engine.handle_post(b"4e\x1e4f"), Ok(()));
    assert!(engine.handle_posted(1, START));
    assert_eq!(engine.handle_post_begin(START), Err(Refused::BadRequest), "the last one goes on");
    assert!(!engine.handle_posted(1, START));
    assert_eq!(outputs(&mut engine), [received("e"), Output::Closed(Closed::ProtocolError)]);
}

#[test]
fn a_poll_that_is_given_up_ends_the_session() {
    let mut engine = polling();
    engine.handle_poll_gone();
    assert_eq!(outputs(&mut engine), [], "no poll was open");
    assert_eq!(engine.handle_poll(START), Ok(()));
    engine.handle_poll_gone();
    assert_eq!(outputs(&mut engine), [Output::Closed(Closed::TransportGone)]);
}

#[test]
fn bytes_that_are_no_packets_end_the_session() {
    for body in [&b"abc"[..], b"", b"\xff", b"2probe", b"0{}", b"5"] {
        let mut engine = polling();
        assert_eq!(engine.handle_post_begin(START), Ok(()));
        engine.handle_post(body).unwrap_or_default();
        assert!(!engine.handle_posted(10, START));
        assert_eq!(outputs(&mut engine), [Output::Closed(Closed::ProtocolError)], "{body:?}");
    }
    let mut engine = socket();
    engine.handle_frame(text("abc"), START);
    assert_eq!(outputs(&mut engine), [Output::Closed(Closed::ProtocolError)]);
}

#[test]
fn a_pong_keeps_the_session_and_confirms_what_went_before_the_ping() {
    let mut engine = socket();
    assert_eq!(engine.poll_timeout(), Some(at(300)));
    engine.handle_timeout(at(299));
    assert_eq!(outputs(&mut engine), []);
    engine.handle_timeout(at(300));
    assert_eq!(outputs(&mut engine), [Output::Pinged, frame("2")]);
    assert_eq!(engine.poll_timeout(), Some(at(500)));
    engine.handle_frame(text("3"), at(400));
    assert_eq!(outputs(&mut engine), [Output::Confirmed]);
    assert_eq!(engine.poll_timeout(), Some(at(700)));
}

#[test]
fn a_pong_that_nobody_asked_for_confirms_nothing() {
    let mut engine = socket();
    engine.handle_frame(text("3"), at(100));
    assert_eq!(outputs(&mut engine), []);
    assert_eq!(engine.poll_timeout(), Some(at(300)));
}

#[test]
fn without_a_pong_the_session_ends() {
    let mut engine = polling();
    engine.handle_timeout(at(310));
    assert_eq!(engine.handle_poll(at(500)), Err(Refused::BadRequest));
    assert_eq!(outputs(&mut engine), [Output::Pinged, Output::Closed(Closed::PingTimeout)]);
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn a_ping_that_went_out_late_may_be_answered_later() {
    let mut engine = socket();
    engine.handle_timeout(at(1_000));
    assert_eq!(outputs(&mut engine), [Output::Pinged, frame("2")]);
    assert_eq!(engine.poll_timeout(), Some(at(1_200)));
}

#[test]
fn a_farewell_of_the_client_ends_its_open_poll() {
    let mut engine = polling();
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(post(&mut engine, "4last\u{1e}1\u{1e}4lost"), Ok(()));
    let wanted = [received("last"), answer("6"), Output::Closed(Closed::ByClient)];
    assert_eq!(outputs(&mut engine), wanted);
}

#[test]
fn a_farewell_of_the_server_comes_last() {
    let mut engine = polling();
    engine.send(text("last"));
    engine.close(START);
    engine.send(text("lost"));
    assert_eq!(outputs(&mut engine), []);
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(outputs(&mut engine), [answer("4last")]);
    assert_eq!(post(&mut engine, "4unheard"), Ok(()));
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(outputs(&mut engine), [answer("1"), Output::Closed(Closed::ByServer)]);

    let mut engine = socket();
    engine.send(text("last"));
    engine.close(START);
    assert_eq!(outputs(&mut engine), [frame("4last"), Output::Closed(Closed::ByServer)]);
}

#[test]
fn a_farewell_that_nobody_takes_is_not_kept() {
    let mut engine = polling();
    engine.close(START);
    assert_eq!(engine.poll_timeout(), Some(at(5_000)));
    engine.handle_timeout(at(5_000));
    assert_eq!(outputs(&mut engine), [Output::Closed(Closed::ByServer)]);
}

#[test]
fn a_websocket_takes_over_and_nothing_is_lost() {
    let mut engine = polling();
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(engine.handle_socket(START), Ok(()));
    engine.handle_frame(text("2probe"), START);
    assert_eq!(outputs(&mut engine), [frame("3probe"), answer("6")]);
    engine.send(text("between"));
    engine.handle_frame(text("5"), START);
    engine.handle_frame(text("4up"), START);
    assert_eq!(outputs(&mut engine), [received("up"), frame("4between")]);
    assert_eq!(engine.transport(), Transport::WebSocket);
    assert_eq!(engine.handle_poll(START), Err(Refused::BadRequest));
    assert_eq!(engine.handle_socket(START), Err(Refused::BadRequest));
    engine.send(text("still here"));
    assert_eq!(outputs(&mut engine), [frame("4still here")]);
}

#[test]
fn a_poll_during_the_probe_ends_soon_with_or_without_something() {
    let mut engine = polling();
    assert_eq!(engine.handle_socket(START), Ok(()));
    engine.handle_frame(text("2probe"), START);
    assert_eq!(outputs(&mut engine), [frame("3probe")]);
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(engine.poll_timeout(), Some(at(100)));
    engine.handle_timeout(at(100));
    assert_eq!(outputs(&mut engine), [answer("6")]);
}

#[test]
fn a_poll_that_came_before_the_upgrade_did_is_refused() {
    let mut engine = polling();
    assert_eq!(engine.handle_socket(START), Ok(()));
    engine.handle_frame(text("2probe"), START);
    assert_eq!(outputs(&mut engine), [frame("3probe")]);
    assert_eq!(engine.handle_poll(START), Ok(()));
    engine.handle_frame(text("5"), START);
    engine.send(text("a"));
    assert_eq!(outputs(&mut engine), [Output::RefuseGet, frame("4a")]);
}

#[test]
fn a_probe_that_fails_leaves_polling_as_it_was() {
    let mut engine = polling();
    assert_eq!(engine.handle_socket(START), Ok(()));
    assert_eq!(engine.handle_socket(START), Err(Refused::BadRequest), "one at a time");
    engine.handle_frame(text("5"), START);
    assert_eq!(outputs(&mut engine), [Output::DropSocket], "an upgrade before the probe");
    assert_eq!(engine.handle_socket(START), Ok(()));
    engine.handle_socket_gone();
    engine.send(text("a"));
    assert_eq!(engine.handle_poll(START), Ok(()));
    assert_eq!(outputs(&mut engine), [answer("4a")]);
}

#[test]
fn a_probe_has_its_time() {
    let settings = Settings { ping_interval: Duration::from_secs(60), ..settings() };
    let mut engine = Engine::open(Transport::Polling, "abc", settings, START);
    outputs(&mut engine);
    assert_eq!(engine.handle_socket(START), Ok(()));
    assert_eq!(engine.poll_timeout(), Some(at(10_000)));
    engine.handle_timeout(at(10_000));
    assert_eq!(outputs(&mut engine), [Output::DropSocket]);
    assert_eq!(engine.handle_socket(at(10_000)), Ok(()));
}

#[test]
fn who_does_not_poll_is_closed_and_nothing_is_kept() {
    for crowd in [vec!["a", "b", "c"], vec!["123456", "789012"]] {
        let mut engine = polling();
        (engine.settings.max_waiting_packets, engine.settings.max_waiting_bytes) = (2, 10);
        crowd.into_iter().for_each(|word| engine.send(text(word)));
        assert_eq!(outputs(&mut engine), [Output::Closed(Closed::SlowReader)]);
        assert_eq!((engine.waiting.capacity(), engine.waiting_bytes), (0, 0));
    }
}
