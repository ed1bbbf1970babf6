//! Our frames against somebody else's: whatever a client sends, both tell the same of it and end it for the same reason.

#[cfg(test)]
mod oracle {
    use futures_util::StreamExt;
    use parlor_websocket::{Decoder, Event, Input, Limits, Opcode, Role, write_frame};
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;
    use tokio_websockets::proto::ProtocolError;
    use tokio_websockets::{Error, Limits as TheirLimits, Message, ServerBuilder};

    const MAX: usize = 400;

    /// What was told, as opcodes and payloads, and the close code that it was ended with.
    #[derive(Debug, Default, PartialEq)]
    struct Outcome {
        told: Vec<(Opcode, Vec<u8>)>,
        code: Option<u16>,
    }

    fn ours(bytes: &[u8]) -> Outcome {
        let mut decoder = Decoder::new(Role::Client, Limits { frame: MAX, message: MAX });
        let (mut outcome, mut bytes) = (Outcome::default(), bytes.to_vec());
        let mut input = Input::new(&mut bytes);
        loop {
            match decoder.poll(&mut input) {
                Ok(Some(event)) => outcome.told.push(owned(event)),
                Ok(None) => return outcome,
                Err(error) => {
                    outcome.code = Some(error.close_code());
                    return outcome;
                }
            }
        }
    }

    fn owned(event: Event<'_>) -> (Opcode, Vec<u8>) {
        match event {
            Event::Text(text) => (Opcode::Text, text.into()),
            Event::Binary(bytes) => (Opcode::Binary, bytes.into()),
            Event::Ping(bytes) => (Opcode::Ping, bytes.into()),
            Event::Pong(bytes) => (Opcode::Pong, bytes.into()),
            Event::Close(None) => (Opcode::Close, Vec::new()),
            Event::Close(Some(why)) => {
                (Opcode::Close, [&why.code.to_be_bytes(), why.text.as_bytes()].concat())
            }
        }
    }

    #[tokio::main(flavor = "current_thread")]
    async fn theirs(bytes: &[u8]) -> Outcome {
        // Room for all that they answer, which nobody reads.
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let limits = TheirLimits::default().max_payload_len(Some(MAX));
        let mut socket = ServerBuilder::new().limits(limits).serve(server);
        let mut outcome = Outcome::default();
        while let Some(Ok(message)) =
            socket.next().await.map(|next| next.map_err(|error| outcome.code = code(&error)))
        {
            outcome.told.push(told(&message));
        }
        outcome
    }

    fn told(message: &Message) -> (Opcode, Vec<u8>) {
        let opcode = if message.is_text() {
            Opcode::Text
        } else if message.is_binary() {
            Opcode::Binary
        } else if message.is_ping() {
            Opcode::Ping
        } else if message.is_pong() {
            Opcode::Pong
        } else {
            Opcode::Close
        };
        (opcode, message.as_payload().to_vec())
    }

    fn code(error: &Error) -> Option<u16> {
        match error {
            Error::PayloadTooLong { .. } => Some(1009),
            Error::Protocol(ProtocolError::InvalidUtf8) => Some(1007),
            Error::Protocol(_) => Some(1002),
            // What it would be in a handshake, or in the stream below.
            Error::AlreadyClosed
            | Error::CannotResolveHost
            | Error::DisallowedHeader
            | Error::Io(_)
            | Error::Upgrade(_)
            | _ => None,
        }
    }

    /// A frame of a client, nearly always one that may come now and then.
    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let opcode = prop_oneof![
            4 => Just(Opcode::Continuation),
            4 => Just(Opcode::Text),
            2 => Just(Opcode::Binary),
            2 => Just(Opcode::Ping),
            1 => Just(Opcode::Pong),
        ];
        let payload = prop_oneof![
            4 => "[a-zü€😀]{1,40}".prop_map(String::into_bytes),
            2 => prop::collection::vec(any::<u8>(), 1..130),
            1 => Just(vec![b'x'; 200]),
        ];
        let plain = (opcode, payload, any::<[u8; 4]>(), prop::bool::weighted(0.6)).prop_map(
            |(opcode, payload, key, fin)| {
                let mut out = Vec::new();
                write_frame(&mut out, opcode, &payload, Some(key));
                out[0] &= if fin || opcode.is_control() { 0xff } else { 0x7f };
                out
            },
        );
        let close = prop_oneof![
            Just(Vec::new()),
            (990..1020_u16, "[a-zü]{0,9}")
                .prop_map(|(code, why)| { [&code.to_be_bytes(), why.as_bytes()].concat() }),
            prop::collection::vec(any::<u8>(), 0..5),
        ];
        let close = close.prop_map(|payload| {
            let mut out = Vec::new();
            write_frame(&mut out, Opcode::Close, &payload, Some([5; 4]));
            out
        });
        prop_oneof![12 => plain, 1 => close]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn both_tell_the_same(
            frames in prop::collection::vec(frame(), 1..8),
            (at, bits) in (any::<prop::sample::Index>(), prop_oneof![3 => Just(0), 1 => any::<u8>()]),
        ) {
            let mut bytes = frames.concat();
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
            prop_assert_eq!(ours(&bytes), theirs(&bytes));
        }
    }
}
