//! Streams of many frames: made at random, and kept from fuzzing.

#[cfg(test)]
mod body;

#[cfg(test)]
mod corpus {
    //! What fuzzing has found and what a hand has made still breaks nothing.

    use std::fs;
    use std::path::Path;

    use crate::body::read_and_write;

    #[test]
    fn the_corpus_holds() {
        let corpus =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/websocket_frames");
        let files: Vec<_> =
            fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty());
        for file in files {
            read_and_write(&fs::read(file).unwrap());
        }
    }
}

#[cfg(test)]
mod properties {
    //! Whatever is said arrives, however it is fragmented, compressed and cut; whatever comes is read the same in pieces.

    use parlor_websocket::deflate::{Agreement, Deflater};
    use parlor_websocket::{
        Decoder, Event, Head, Input, Key, Limits, Opcode, Role, write_deflated, write_frame,
    };
    use proptest::prelude::*;

    use crate::body::read_and_write;

    const LIMITS: Limits = Limits { frame: 100_000, message: 100_000 };

    #[derive(Clone, Debug, PartialEq)]
    enum Said {
        Text(String),
        Binary(Vec<u8>),
        Ping(Vec<u8>),
    }

    fn said() -> impl Strategy<Value = Said> {
        prop_oneof![
            ".{0,300}".prop_map(Said::Text),
            "(ab|c|[d-z]{3}){0,3000}".prop_map(Said::Text),
            prop::collection::vec(any::<u8>(), 0..2_000).prop_map(Said::Binary),
            prop::collection::vec(any::<u8>(), 0..125).prop_map(Said::Ping),
        ]
    }

    /// A frame as fragments of so many bytes, with a ping behind each but the last.
    fn fragmented(frame: &[u8], size: usize, key: Option<Key>) -> Vec<u8> {
        let (head, len) = Head::read(frame).unwrap().unwrap();
        let payload = &frame[len..];
        let count = payload.chunks(size).count().max(1);
        let mut out = Vec::new();
        for index in 0..count {
            let part = payload.chunks(size).nth(index).unwrap_or_default();
            let opcode = if index == 0 { head.opcode } else { Opcode::Continuation };
            let start = out.len();
            write_frame(&mut out, opcode, part, key);
            out[start] &= if index + 1 == count { 0xff } else { 0x7f };
            out[start] |= if index == 0 && head.compressed { 0x40 } else { 0 };
        }
        out
    }

    fn write(all: &[(Said, usize)], sender: Role, agreement: Option<&Agreement>) -> Vec<u8> {
        let key = (sender == Role::Client).then_some([1, 2, 3, 255]);
        let mut deflater = agreement.map(|agreement| Deflater::new(sender, agreement));
        let mut out = Vec::new();
        for (said, size) in all {
            let (opcode, payload) = match said {
                Said::Text(text) => (Opcode::Text, text.as_bytes()),
                Said::Binary(bytes) => (Opcode::Binary, &bytes[..]),
                Said::Ping(bytes) => {
                    write_frame(&mut out, Opcode::Ping, bytes, key);
                    continue;
                }
            };
            let mut whole = Vec::new();
            match &mut deflater {
                Some(deflater) => write_deflated(&mut whole, opcode, payload, deflater, None),
                None => write_frame(&mut whole, opcode, payload, None),
            }
            out.extend(fragmented(&whole, *size, key));
        }
        out
    }

    fn read(decoder: &mut Decoder, bytes: &mut [u8], sizes: &[usize]) -> Vec<Said> {
        let (mut heard, mut rest, mut sizes) = (Vec::new(), bytes, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).min(rest.len());
            let (piece, after) = rest.split_at_mut(size);
            let mut input = Input::new(piece);
            while let Some(event) = decoder.poll(&mut input).unwrap() {
                heard.push(match event {
                    Event::Text(text) => Said::Text(text.into()),
                    Event::Binary(bytes) => Said::Binary(bytes.into()),
                    Event::Ping(bytes) => Said::Ping(bytes.into()),
                    Event::Pong(_) | Event::Close(_) => panic!("nobody said that"),
                });
            }
            rest = after;
        }
        heard
    }

    fn agreement() -> impl Strategy<Value = Option<Agreement>> {
        let any = (any::<bool>(), any::<bool>(), 8..=15_u8).prop_map(|(server, client, bits)| {
            Agreement {
                server_no_context_takeover: server,
                client_no_context_takeover: client,
                server_max_window_bits: bits,
            }
        });
        prop::option::of(any)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_said_arrives(
            all in prop::collection::vec((said(), 1..500_usize), 1..12),
            sender in prop_oneof![Just(Role::Client), Just(Role::Server)],
            agreement in agreement(),
            sizes in prop::collection::vec(1..3_000_usize, 1..8),
        ) {
            let mut bytes = write(&all, sender, agreement.as_ref());
            let mut decoder = Decoder::new(sender, LIMITS);
            if let Some(agreement) = &agreement {
                decoder = decoder.with_deflate(agreement);
            }
            let heard = read(&mut decoder, &mut bytes, &sizes);
            let expected: Vec<Said> = all.into_iter().map(|(said, _)| said).collect();
            prop_assert_eq!(heard, expected);
        }

        #[test]
        fn whatever_comes_is_read_the_same_in_pieces(
            all in prop::collection::vec((said(), 1..500_usize), 1..4),
            how: u8,
            (at, bits) in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let sender = if how & 1 == 0 { Role::Client } else { Role::Server };
            let mut bytes = vec![how];
            bytes.extend(write(&all, sender, None));
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
            read_and_write(&bytes);
        }
    }
}
