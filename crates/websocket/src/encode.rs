//! Events to bytes, appended to the caller's buffer.

use crate::deflate::Deflater;
use crate::head::{Head, Opcode};
use crate::mask::{self, Key};

/// What fits into a control frame beside the code.
const LONGEST_REASON: usize = 123;

/// A whole message, or a control frame of at most 125 bytes. With a key it is a client's.
pub fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], key: Option<Key>) {
    write(out, Head { key, ..Head::whole(opcode, payload.len()) }, payload);
}

/// A reason that is too long is cut. Without a code, a reason can't be given either.
pub fn write_close(out: &mut Vec<u8>, why: Option<(u16, &str)>, key: Option<Key>) {
    let mut payload = Vec::new();
    if let Some((code, text)) = why {
        let end = text.floor_char_boundary(LONGEST_REASON);
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend(text.bytes().take(end));
    }
    write_frame(out, Opcode::Close, &payload, key);
}

/// A whole message, compressed where that makes it shorter.
pub fn write_deflated(
    out: &mut Vec<u8>,
    opcode: Opcode,
    payload: &[u8],
    deflater: &mut Deflater,
    key: Option<Key>,
) {
    match deflater.deflate(payload) {
        Some(short) => {
            let head = Head { compressed: true, key, ..Head::whole(opcode, short.len()) };
            write(out, head, short);
        }
        None => write_frame(out, opcode, payload, key),
    }
}

fn write(out: &mut Vec<u8>, head: Head, payload: &[u8]) {
    out.reserve(Head::MAX_BYTES + payload.len());
    head.write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(key), Some(written)) = (head.key, out.get_mut(start..)) {
        mask::apply(key, 0, written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_two_letters() {
        let mut out = Vec::new();
        write_close(&mut out, Some((1000, &"ü".repeat(100))), None);
        assert_eq!(out.len(), 2 + 2 + 122);
        assert_eq!(&out[4..], "ü".repeat(61).as_bytes());
    }

    #[test]
    fn the_examples_of_the_rfc_are_written_as_there() {
        let written = |opcode, payload: &[u8], key| {
            let mut out = Vec::new();
            write_frame(&mut out, opcode, payload, key);
            out
        };
        let hello = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
        assert_eq!(written(Opcode::Text, b"Hello", None), hello);
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(written(Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d])), masked);
        let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
        assert_eq!(written(Opcode::Ping, b"Hello", None), ping);
        assert_eq!(written(Opcode::Binary, &[0; 256], None)[..4], [0x82, 0x7e, 0x01, 0x00]);
        assert_eq!(
            written(Opcode::Binary, &[0; 65_536], None)[..10],
            [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }
}
