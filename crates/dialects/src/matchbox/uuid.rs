//! The 16 bytes of a peer id in the spelling of RFC 9562, which matchbox clients insist on.

use std::fmt::Write;

use parlor_rooms::PeerId;

/// Where the hyphens stand: after so many bytes.
const GROUPS: [usize; 4] = [4, 6, 8, 10];

pub(crate) fn uuid(peer: PeerId) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in peer.bytes().iter().enumerate() {
        if GROUPS.contains(&index) {
            text.push('-');
        }
        _ = write!(text, "{byte:02x}"); // Writing to a string does not fail.
    }
    text
}

pub(super) fn parse(text: &str) -> Option<PeerId> {
    let digits: Vec<u32> =
        text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).unwrap_or_default());
    bytes.collect::<Vec<_>>().try_into().ok().map(PeerId::from_entropy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_and_is_read_back() {
        let peer = PeerId::from_entropy(
            *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
        );
        assert_eq!(uuid(peer), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(parse("00112233-4455-6677-8899-AABBCCDDEEFF"), Some(peer));
        assert_eq!(parse("00112233"), None);
        assert_eq!(parse("00112233-4455-6677-8899-aabbccddeefg"), None);
        assert_eq!(parse("00112233-4455-6677-8899-aabbccddeef"), None);
    }
}
