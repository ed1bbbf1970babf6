//! Groups 1 to 5: messages of every length, pings, reserved bits, opcodes, fragments.

use parlor_websocket::{Decoder, Error, Opcode, Role, write_frame};

use crate::harness::{Heard, KEY, ROOMY, begun, binary, fragments, frame, hear, hear_by, text};

#[test]
fn group_1_messages_of_every_length() {
    for len in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        let stars = "*".repeat(len);
        hear(&frame(Opcode::Text, &stars)).is(&[text(&stars)]);
        let bytes = vec![0xfe; len];
        hear(&frame(Opcode::Binary, &bytes)).is(&[binary(&bytes)]);
    }
}

#[test]
fn group_2_pings_and_pongs() {
    let payloads: [&[u8]; 4] = [b"", b"Hello", &[0, 255, 254, 253], &[0xfe; 125]];
    for payload in payloads {
        hear(&frame(Opcode::Ping, payload)).is(&[Heard::Ping(payload.into())]);
    }
    hear(&frame(Opcode::Ping, [0xfe; 126])).fails(&[], Error::LongControl);
    hear(&frame(Opcode::Pong, "unsolicited")).is(&[Heard::Pong(b"unsolicited".into())]);
    let many: Vec<u8> = (0..10).flat_map(|n| frame(Opcode::Ping, [n])).collect();
    hear(&many).is(&(0..10).map(|n| Heard::Ping(vec![n])).collect::<Vec<_>>());
}

#[test]
fn group_3_reserved_bits() {
    for reserved in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for opcode in [Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Pong, Opcode::Close] {
            let mut bad = frame(opcode, "x");
            bad[0] |= reserved;
            let bytes = [frame(Opcode::Text, "before"), bad, frame(Opcode::Ping, "after")].concat();
            hear(&bytes).fails(&[text("before")], Error::ReservedBit);
        }
    }
}

#[test]
fn group_4_opcodes() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in ["", "reserved"] {
            let mut bad = frame(Opcode::Text, payload);
            bad[0] = 0x80 | opcode;
            let bytes = [frame(Opcode::Text, "before"), bad, frame(Opcode::Ping, "after")].concat();
            hear(&bytes).fails(&[text("before")], Error::UnknownOpcode);
        }
    }
}

#[test]
fn group_5_fragments() {
    let (first, last) =
        (begun(Opcode::Text, "fragment1"), frame(Opcode::Continuation, "fragment2"));
    let whole = text("fragment1fragment2");
    let ping = frame(Opcode::Ping, "ping");
    let pinged = Heard::Ping(b"ping".into());
    let again = begun(Opcode::Continuation, "");
    let (whole, pinged) = (&whole, &pinged);
    let stories: [(&[&[u8]], &[&Heard]); 5] = [
        (&[&first, &last], &[whole]),
        (&[&first, &ping, &last], &[pinged, whole]),
        (&[&ping, &first, &ping, &ping, &last], &[pinged, pinged, pinged, whole]),
        (&[&begun(Opcode::Text, ""), &again, &frame(Opcode::Continuation, "")], &[&text("")]),
        (&[&first, &last, &first, &again, &last], &[whole, whole]),
    ];
    for (frames, expected) in stories {
        let expected: Vec<Heard> = expected.iter().copied().cloned().collect();
        hear(&frames.concat()).is(&expected);
    }
    hear(&fragments(Opcode::Binary, &[7; 1_000], 3)).is(&[binary(&[7; 1_000])]);
}

#[test]
fn group_5_fragments_that_break_the_rules() {
    for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
        let bytes = [begun(opcode, ""), frame(Opcode::Continuation, "")].concat();
        hear(&bytes).fails(&[], Error::FragmentedControl);
    }
    hear(&frame(Opcode::Continuation, "x")).fails(&[], Error::NothingToContinue);
    hear(&begun(Opcode::Continuation, "x")).fails(&[], Error::NothingToContinue);
    let two_beginnings = [begun(Opcode::Text, "x"), frame(Opcode::Text, "y")].concat();
    hear(&two_beginnings).fails(&[], Error::Unfinished);
    let [first, last] = [begun(Opcode::Text, "x"), frame(Opcode::Continuation, "y")];
    let two_ends = [&first[..], &last, &last].concat();
    hear(&two_ends).fails(&[text("xy")], Error::NothingToContinue);
}

#[test]
fn only_clients_mask() {
    let mut unmasked = Vec::new();
    write_frame(&mut unmasked, Opcode::Text, b"Hello", None);
    hear(&unmasked).fails(&[], Error::Unmasked);
    let client = || Decoder::new(Role::Server, ROOMY);
    hear_by(client, &unmasked).is(&[text("Hello")]);
    let mut masked = Vec::new();
    write_frame(&mut masked, Opcode::Text, b"Hello", KEY);
    hear_by(client, &masked).fails(&[], Error::Masked);
}
