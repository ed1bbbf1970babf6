//! Group 6: text is UTF-8, in whatever pieces it comes, and is refused at the first byte that is not.

use parlor_websocket::{Decoder, Error, Input, Opcode, Role};

use crate::harness::{ROOMY, begun, fragments, frame, hear, text};

const GOOD: &[&str] = &[
    "",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{7ff}",
    "\u{800}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10000}",
    "\u{1fffe}",
    "\u{10ffff}",
];

/// What is wrong is at the end of each, and goes wrong with its last byte.
const BAD: &[&[u8]] = &[
    b"\x80",
    b"\xbf",
    b"x\xc0",
    b"\xc1",
    b"\xf5",
    b"\xf8",
    b"\xfe",
    b"\xff",
    b"\xe0\x80",
    b"\xe0\x9f",
    b"\xf0\x80",
    b"\xf0\x8f",
    b"\xf4\x90",
    b"\xed\xa0",
    b"\xed\xbf",
    b"\xc3x",
    b"\xe2\x82x",
    b"\xf0\x9f\x98x",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90",
];

const INCOMPLETE: &[&[u8]] = &[b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"good\xf4\x8f\xbf"];

#[test]
fn good_text_is_told_however_it_is_cut() {
    for good in GOOD {
        hear(&frame(Opcode::Text, good)).is(&[text(good)]);
        for size in 1..=good.len() {
            hear(&fragments(Opcode::Text, good.as_bytes(), size)).is(&[text(good)]);
        }
    }
}

#[test]
fn bad_text_is_refused_however_it_is_cut() {
    for bad in BAD.iter().chain(INCOMPLETE) {
        hear(&frame(Opcode::Text, bad)).fails(&[], Error::InvalidUtf8);
        for size in 1..=bad.len() {
            let bytes = fragments(Opcode::Text, bad, size);
            hear(&bytes).fails(&[], Error::InvalidUtf8);
        }
    }
}

#[test]
fn bad_text_is_refused_before_the_message_ends() {
    for bad in BAD {
        let more = [bad, &b"and more"[..]].concat();
        hear(&begun(Opcode::Text, &more)).fails(&[], Error::InvalidUtf8);
        assert!(fails_with_byte(&frame(Opcode::Text, &more), 6 + bad.len()), "{bad:x?}");
    }
    for incomplete in INCOMPLETE {
        hear(&begun(Opcode::Text, incomplete)).is(&[]);
    }
}

/// Whether it is this byte of the stream that breaks the rule.
fn fails_with_byte(bytes: &[u8], at: usize) -> bool {
    let mut decoder = Decoder::new(Role::Client, ROOMY);
    let mut bytes = bytes.to_vec();
    let failed = bytes
        .iter_mut()
        .position(|byte| decoder.poll(&mut Input::new(std::slice::from_mut(byte))).is_err());
    failed.map(|index| index + 1) == Some(at)
}
