//! Frames of a Socket.IO client through all layers: engine, packets, namespaces, meaning in rooms.
#![no_main]

use parlor_dialects::socketio::engine::{Engine, Message, Output, Settings, Text, Transport};
use parlor_dialects::socketio::member::Member;
use parlor_dialects::socketio::packet::{Decoder, Namespace};
use parlor_dialects::socketio::rtcmulticonnection::Handshake;
use parlor_dialects::socketio::session::{Output as Said, Session, Settings as SessionSettings};
use parlor_dialects::{Bytes, LineId};
use parlor_rooms::{ConnectionId, PeerId, Timestamp};

const NOW: Timestamp = Timestamp(1);

// Frames are separated by line ends; one that begins with `#` is binary. A first line that begins with `?` is the address.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut engine = Engine::open(Transport::WebSocket, "sid", Settings::default(), NOW);
    let mut session = Session::new(SessionSettings::default(), NOW);
    let line = LineId { connection: ConnectionId(1), peer: PeerId::from_entropy([1; 16]) };
    let mut frames = input.split(|byte| *byte == b'\n').peekable();
    let address = frames.next_if(|first| first.starts_with(b"?")).unwrap_or_default();
    let handshake =
        std::str::from_utf8(address).ok().and_then(|address| Handshake::read(address.get(1..)?));
    let mut member = Member::new(line, Namespace::default(), handshake);
    for frame in frames {
        let message = match (frame.strip_prefix(b"#"), std::str::from_utf8(frame)) {
            (None, Ok(text)) => Message::Text(Text::from(text)),
            (Some(binary), _) => Message::Binary(Bytes::copy_from_slice(binary)),
            (None, Err(_)) => Message::Binary(Bytes::copy_from_slice(frame)),
        };
        engine.handle_frame(message, NOW);
        while let Some(output) = engine.poll_output() {
            if let Output::Received(message) = output {
                session.handle_message(message, NOW);
            }
        }
        settle(&mut session, &mut member);
    }
});

fn settle(session: &mut Session, member: &mut Member) {
    while let Some(said) = session.poll_output() {
        match said {
            Said::Connect { namespace, .. } => session.accept(&namespace, "sid", Some("pid")),
            Said::Event { namespace, id, name, args } => {
                member.handle_event(id, &name, &args);
                while member.poll_output().is_some() {}
                session.emit(&namespace, name, args);
            }
            // What we send must be readable by whoever gets it.
            Said::Send(Message::Text(text)) => {
                let known = Decoder::new(usize::MAX).handle(Message::Text(text.clone()));
                let error = text.as_str().starts_with('4');
                assert!(known.is_ok() || error, "{text:?}");
            }
            Said::Send(Message::Binary(_))
            | Said::Answered { .. }
            | Said::Unanswered { .. }
            | Said::Disconnected(_)
            | Said::Close => {}
        }
    }
}
