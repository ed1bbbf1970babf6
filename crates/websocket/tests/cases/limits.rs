//! Groups 9 and 10: large messages, in frames and fragments of many sizes; and what is too large.

use parlor_websocket::{Decoder, Error, Input, Limits, Opcode, Role};

use crate::harness::{begun, binary, fragments, frame, hear, hear_within, text};

#[test]
fn group_9_large_messages_in_large_and_small_fragments() {
    let stars = "*".repeat(1 << 20);
    hear(&frame(Opcode::Text, &stars)).is(&[text(&stars)]);
    let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
    hear(&frame(Opcode::Binary, &bytes)).is(&[binary(&bytes)]);
    for size in [64, 1_024, 65_536, 262_144] {
        hear(&fragments(Opcode::Binary, &bytes, size)).is(&[binary(&bytes)]);
    }
}

#[test]
fn group_10_fragments_of_a_size_that_fits_nothing() {
    let stars = "*".repeat(65_536);
    hear(&fragments(Opcode::Text, stars.as_bytes(), 1_300)).is(&[text(&stars)]);
}

const SMALL: Limits = Limits { frame: 100, message: 150 };

#[test]
fn what_is_too_large_is_refused_when_it_is_announced() {
    hear_within(SMALL, &frame(Opcode::Binary, [0; 100])).is(&[binary(&[0; 100])]);
    let too_large = frame(Opcode::Binary, [0; 101]);
    hear_within(SMALL, &too_large[..6]).fails(&[], Error::FrameTooLarge);
    let [first, second] = [begun(Opcode::Binary, [0; 100]), frame(Opcode::Continuation, [0; 51])];
    hear_within(SMALL, &[&first[..], &second[..6]].concat()).fails(&[], Error::MessageTooLarge);
    let fits = [first, frame(Opcode::Continuation, [0; 50])].concat();
    hear_within(SMALL, &[&fits[..], &fits].concat()).is(&[binary(&[0; 150]), binary(&[0; 150])]);
    let terabyte = [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    hear(&terabyte).fails(&[], Error::FrameTooLarge);
}

#[test]
fn an_endless_row_of_empty_fragments_ends() {
    let mut decoder = Decoder::new(Role::Client, SMALL);
    let mut row: Vec<u8> = begun(Opcode::Text, "");
    row.extend(begun(Opcode::Continuation, "").repeat(20_000));
    assert_eq!(decoder.poll(&mut Input::new(&mut row)), Err(Error::TooFragmented));
}
