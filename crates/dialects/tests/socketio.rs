//! Promises of Socket.IO that hold for every order of events: seeded, in virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "what the helpers of a test don't expect fails the test"
)]

use parlor_dialects::socketio::engine::{
    Engine, Message, Output, Packet, Settings, Transport, read_payload,
};
use parlor_dialects::socketio::packet::{Args, Body, Decoder, Namespace};
use parlor_dialects::socketio::session::{Output as Said, Session, Settings as SessionSettings};
use parlor_rooms::Timestamp;
use proptest::prelude::*;

const START: Timestamp = Timestamp(1_000);

fn text(text: String) -> Message {
    Message::Text(text.into())
}

/// A client of Engine.IO that polls and, at some time, goes over to WebSocket as the real one does.
struct Client {
    engine: Engine,
    sent: u32,
    heard: Vec<String>,
    polling: bool,
    probing: bool,
    upgraded: bool,
}

impl Client {
    fn new() -> Self {
        let mut client = Self {
            engine: Engine::open(Transport::Polling, "sid", Settings::default(), START),
            sent: 0,
            heard: Vec::new(),
            polling: true,
            probing: false,
            upgraded: false,
        };
        client.settle();
        client
    }

    fn step(&mut self, step: u8) {
        match step % 5 {
            0 | 1 => {
                self.sent += 1;
                self.engine.send(text(self.sent.to_string()));
            }
            2 if !self.polling && !self.probing && !self.upgraded => self.poll(),
            3 if !self.probing && !self.upgraded => {
                self.engine.handle_socket(START).unwrap();
                self.engine.handle_frame(text("2probe".into()), START);
                self.probing = true;
            }
            // The real client waits for the end of its GET.
            4 if self.probing && !self.polling => {
                self.engine.handle_frame(text("5".into()), START);
                (self.probing, self.upgraded) = (false, true);
            }
            _ => {}
        }
        self.settle();
    }

    fn poll(&mut self) {
        self.engine.handle_poll(START).unwrap();
        self.polling = true;
    }

    fn settle(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Answer(body) => {
                    assert!(std::mem::take(&mut self.polling), "a GET has one answer");
                    read_payload(body.as_str()).unwrap().into_iter().for_each(|p| self.hear(p));
                }
                Output::Frame(Message::Text(frame)) => {
                    self.hear(Packet::from_text(frame.as_str()).unwrap());
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn hear(&mut self, packet: Packet) {
        if let Packet::Message(Message::Text(text)) = packet {
            self.heard.push(text.as_str().into());
        }
    }
}

/// A client of Socket.IO whose connection loses everything behind some point, again and again.
struct Recovered {
    session: Session,
    /// Written by the server, not yet arrived.
    wire: Vec<Message>,
    offset: Option<String>,
    heard: Vec<u32>,
    sent: u32,
    pinged_at: Option<usize>,
}

impl Recovered {
    fn new() -> Self {
        let mut client = Self {
            session: Session::new(SessionSettings::default(), START),
            wire: Vec::new(),
            offset: None,
            heard: Vec::new(),
            sent: 0,
            pinged_at: None,
        };
        client.session.handle_message(text("0".into()), START);
        client.session.accept(&Namespace::default(), "sid", Some("pid"));
        client.settle();
        client
    }

    fn step(&mut self, step: u8) {
        match step % 8 {
            0..=3 => {
                self.sent += 1;
                let args = Args::checked(&format!("[{}]", self.sent), Vec::new()).unwrap();
                self.session.emit(&Namespace::default(), "n".into(), args);
            }
            4 => self.arrive(usize::from(step / 8)),
            5 if self.pinged_at.is_none() => {
                self.session.handle_pinged();
                self.settle();
                self.pinged_at = Some(self.wire.len());
            }
            // A pong comes when everything before its ping has arrived.
            6 if self.pinged_at.is_some() => {
                self.arrive(self.pinged_at.unwrap_or_default());
                self.session.handle_confirmed();
                self.pinged_at = None;
            }
            7 => self.cut(),
            _ => {}
        }
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(said) = self.session.poll_output() {
            match said {
                Said::Send(message) => self.wire.push(message),
                Said::Connect { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn arrive(&mut self, count: usize) {
        let count = count.min(self.wire.len());
        self.pinged_at = self.pinged_at.map(|at| at.saturating_sub(count));
        let mut decoder = Decoder::new(1_000);
        for message in self.wire.drain(..count) {
            let Ok(Some(packet)) = decoder.handle(message) else { panic!("whole packets") };
            if let Body::Event { args, .. } = packet.body {
                let (number, offset): (u32, String) = serde_json::from_str(args.json()).unwrap();
                self.heard.push(number);
                self.offset = Some(offset);
            }
        }
    }

    fn cut(&mut self) {
        self.wire.clear();
        self.pinged_at = None;
        let next = Session::new(SessionSettings::default(), START);
        let (namespace, kept) =
            std::mem::replace(&mut self.session, next).into_kept().pop().unwrap();
        let offset = self.offset.as_ref().map(|offset| format!(r#","offset":"{offset}""#));
        let auth = format!(r#"0{{"pid":"pid"{}}}"#, offset.unwrap_or_default());
        self.session.handle_message(text(auth), START);
        let Some(Said::Connect { comeback: Some(comeback), .. }) = self.session.poll_output()
        else {
            panic!("asks for its place")
        };
        self.session.recover(&namespace, kept, &comeback).unwrap();
    }
}

/// What fuzzing has found to take a way of its own through the readers.
#[test]
fn the_corpus_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/socketio");
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() > 3);
    for file in files {
        let input = std::fs::read(file.path()).unwrap();
        let frames =
            input.split(|byte| *byte == b'\n').map(|frame| match frame.strip_prefix(b"#") {
                Some(binary) => (true, binary.to_vec()),
                None => (false, frame.to_vec()),
            });
        converse(Transport::WebSocket, frames.collect());
    }
}

fn converse(transport: Transport, frames: Vec<(bool, Vec<u8>)>) {
    let mut engine = Engine::open(transport, "sid", Settings::default(), START);
    let mut session = Session::new(SessionSettings::default(), START);
    for (binary, bytes) in frames {
        let frame = match String::from_utf8(bytes) {
            Ok(frame) if !binary => text(frame),
            Ok(frame) => Message::Binary(frame.into_bytes().into()),
            Err(bytes) => Message::Binary(bytes.into_bytes().into()),
        };
        session.handle_message(frame.clone(), START);
        while session.poll_output().is_some() {}
        engine.handle_frame(frame, START);
        while let Some(output) = engine.poll_output() {
            if let Output::Received(message) = output {
                session.handle_message(message, START);
            }
        }
    }
}

proptest! {
    #[test]
    fn changing_the_transport_loses_and_repeats_nothing(steps: Vec<u8>) {
        let mut client = Client::new();
        steps.iter().for_each(|step| client.step(*step));
        if !client.upgraded && !client.polling {
            client.poll();
            client.settle();
        }
        let sent: Vec<String> = (1..=client.sent).map(|number| number.to_string()).collect();
        prop_assert_eq!(client.heard, sent);
    }

    #[test]
    fn whatever_is_cut_off_comes_once_and_in_order(steps: Vec<u8>) {
        let mut client = Recovered::new();
        steps.iter().for_each(|step| client.step(*step));
        client.arrive(usize::MAX);
        prop_assert_eq!(client.heard, (1..=client.sent).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_a_session_fail(frames: Vec<(bool, Vec<u8>)>, transport: bool) {
        let transport = if transport { Transport::Polling } else { Transport::WebSocket };
        converse(transport, frames);
    }
}
