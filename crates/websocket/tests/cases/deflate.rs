//! Groups 12 and 13: compressed messages of many sizes, in fragments, with and without context, with every window.

use parlor_websocket::deflate::{Agreement, Deflater, Policy, negotiate};
use parlor_websocket::{Decoder, Error, Head, Limits, Opcode, Role, write_deflated};

use crate::harness::{
    Heard, KEY, ROOMY, begun, binary, deflated_fragments, frame, hear, hear_by, hear_deflated, text,
};

const SIZES: [usize; 8] = [0, 1, 16, 64, 1_000, 8_192, 65_536, 131_072];

fn agreements() -> Vec<Agreement> {
    let mut all = Vec::new();
    for server_max_window_bits in [8, 9, 12, 15] {
        for (server, client) in [(false, false), (false, true), (true, false), (true, true)] {
            all.push(Agreement {
                server_no_context_takeover: server,
                client_no_context_takeover: client,
                server_max_window_bits,
            });
        }
    }
    all
}

/// Text that repeats itself near and far, so that references reach as far back as they may.
fn prose(len: usize) -> String {
    let words = ["candidate", "offer", "answer", " udp ", "{\"type\":", "192.0.2.1", "\n", "ü"];
    let mut prose = String::new();
    let mut seed = 1_u32;
    while prose.len() < len {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        prose.push_str(words[(seed >> 24) as usize % words.len()]);
    }
    prose.truncate(prose.floor_char_boundary(len));
    prose
}

fn noise(len: usize) -> Vec<u8> {
    let mut seed = 7_u32;
    let next = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    (0..len).map(next).collect()
}

#[test]
fn group_12_messages_come_back_whatever_was_agreed() {
    for agreement in agreements() {
        let mut deflater = Deflater::new(Role::Client, &agreement);
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for len in SIZES {
            for _ in 0..2 {
                let (text, noise) = (prose(len), noise(len));
                write_deflated(&mut bytes, Opcode::Text, text.as_bytes(), &mut deflater, KEY);
                write_deflated(&mut bytes, Opcode::Binary, &noise, &mut deflater, KEY);
                expected.extend([Heard::Text(text), Heard::Binary(noise)]);
            }
        }
        assert!(hear_deflated(&agreement, &bytes) == outcome(&expected), "{agreement:?}");
    }
}

fn outcome(heard: &[Heard]) -> crate::harness::Outcome {
    crate::harness::Outcome { heard: heard.to_vec(), error: None }
}

#[test]
fn group_12_fragments_and_what_comes_between_them() {
    let agreement = Agreement::default();
    let mut deflater = Deflater::new(Role::Client, &agreement);
    let long = prose(10_000);
    let bytes = deflated_fragments(Opcode::Text, long.as_bytes(), &mut deflater, 500);
    let (first, rest) = bytes.split_at(8 + 500);
    let bytes = [first, &frame(Opcode::Ping, "between"), rest, &frame(Opcode::Text, "plain")];
    let expected = [Heard::Ping(b"between".into()), text(&long), text("plain")];
    hear_deflated(&agreement, &bytes.concat()).is(&expected);
}

/// What a server writes that was asked for a smaller window.
#[test]
fn group_13_no_reference_reaches_further_than_the_window() {
    for bits in 8..15_u8 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        let policy = Policy { server_context: true, client_context: true };
        let agreement = negotiate([offer.as_str()], policy).unwrap();
        let mut deflater = Deflater::new(Role::Server, &agreement);
        let (mut frames, mut deflated) = (Vec::new(), Vec::new());
        let messages = [prose(100_000), prose(50), prose(300), prose(70_000)];
        for message in &messages {
            let mut frame = Vec::new();
            write_deflated(&mut frame, Opcode::Text, message.as_bytes(), &mut deflater, None);
            let (_, head) = Head::read(&frame).unwrap().unwrap();
            deflated.extend_from_slice(&frame[head..]);
            deflated.extend_from_slice(&FLUSHED);
            frames.extend(frame);
        }
        assert_eq!(inflate_within(1 << bits, &deflated), messages.concat().into_bytes());
        let client = || Decoder::new(Role::Server, ROOMY).with_deflate(&agreement);
        hear_by(client, &frames).is(&messages.map(Heard::Text));
        assert!(frames.len() < 120_000, "{bits}: {}", frames.len());
    }
}

const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];

/// Decompresses with a memory that is lost whenever as much has come as the window holds.
fn inflate_within(window: usize, deflated: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(1 << 20);
    let mut state = flate2::Decompress::new(false);
    for (index, byte) in deflated.iter().enumerate() {
        state.decompress_vec(&[*byte], &mut plain, flate2::FlushDecompress::Sync).unwrap();
        let full = state.total_out() as usize == window;
        if full && deflated[..=index].ends_with(&FLUSHED) {
            state = flate2::Decompress::new(false);
        }
        assert!(state.total_out() as usize <= window);
    }
    plain
}

/// The examples of RFC 7692, section 7.2.3.
#[test]
fn the_examples_of_the_rfc_are_read_as_there() {
    let agreement = Agreement::default();
    let hello = |bytes: &[u8]| {
        let mut frame = frame(Opcode::Text, bytes);
        frame[0] |= 0x40;
        frame
    };
    let one = hello(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let by_reference = hello(&[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let uncompressed = hello(&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]);
    let final_block = hello(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]);
    let two_blocks =
        hello(&[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]);
    let all = [&one[..], &by_reference, &uncompressed, &two_blocks, &final_block, &one].concat();
    hear_deflated(&agreement, &all).is(&vec![text("Hello"); 6]);
    let empty = hello(&[0x00]);
    hear_deflated(&agreement, &empty).is(&[text("")]);
}

#[test]
fn compression_breaks_no_other_rule() {
    let agreement = Agreement::default();
    let compressed = |mut frame: Vec<u8>| {
        frame[0] |= 0x40;
        frame
    };
    let ping = compressed(frame(Opcode::Ping, ""));
    hear_deflated(&agreement, &ping).fails(&[], Error::ReservedBit);
    let later = [begun(Opcode::Binary, "x"), compressed(frame(Opcode::Continuation, "y"))].concat();
    hear_deflated(&agreement, &later).fails(&[], Error::ReservedBit);
    hear(&compressed(frame(Opcode::Text, [0]))).fails(&[], Error::ReservedBit);
    let garbage = compressed(frame(Opcode::Binary, [0xff; 20]));
    hear_deflated(&agreement, &garbage).fails(&[], Error::BadDeflate);
    let mut not_utf8 = Vec::new();
    let mut deflater = Deflater::new(Role::Client, &agreement);
    write_deflated(&mut not_utf8, Opcode::Text, &[0xff; 100], &mut deflater, KEY);
    hear_deflated(&agreement, &not_utf8).fails(&[], Error::InvalidUtf8);
}

#[test]
fn a_small_frame_does_not_become_a_huge_message() {
    let agreement = Agreement::default();
    let limits = Limits { frame: 10_000, message: 10_000 };
    let decoder = || Decoder::new(Role::Client, limits).with_deflate(&agreement);
    for (len, fits) in [(10_000, true), (10_001, false), (1 << 20, false)] {
        let zeros = vec![0; len];
        let mut bytes = Vec::new();
        let mut deflater = Deflater::new(Role::Client, &agreement);
        write_deflated(&mut bytes, Opcode::Binary, &zeros, &mut deflater, KEY);
        assert!(bytes.len() < 10_000);
        if fits {
            hear_by(decoder, &bytes).is(&[binary(&zeros)]);
        } else {
            hear_by(decoder, &bytes).fails(&[], Error::MessageTooLarge);
        }
    }
}

#[test]
fn what_can_not_be_compressed_may_still_be_as_large_as_the_limit() {
    let limits = Limits { frame: 65_536, message: 65_536 };
    let agreement = Agreement::default();
    let mut deflater = Deflater::new(Role::Client, &agreement);
    let noise = noise(65_536);
    let mut bytes = Vec::new();
    write_deflated(&mut bytes, Opcode::Binary, &noise, &mut deflater, KEY);
    assert!(bytes.len() > 65_536);
    let decoder = || Decoder::new(Role::Client, limits).with_deflate(&agreement);
    hear_by(decoder, &bytes).is(&[binary(&noise)]);
}
