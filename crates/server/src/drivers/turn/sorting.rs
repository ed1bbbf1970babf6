//! What a datagram on the one port is, by its first byte (RFC 7983, section 7). No sockets.

use parlor_turn::begins_like_stun;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Stun,
    ChannelData,
    Dtls,
    /// RTP or RTCP.
    Media,
    /// ZRTP, QUIC, or nothing at all.
    Unknown,
}

/// The first byte alone would also let in what only looks like STUN, so the cookie counts too (RFC 8489, section 5).
pub fn sort(datagram: &[u8]) -> Kind {
    let Some(first) = datagram.first() else { return Kind::Unknown };
    match first {
        0..=3 if begins_like_stun(datagram) == Some(true) => Kind::Stun,
        20..=63 => Kind::Dtls,
        64..=127 => Kind::ChannelData,
        128..=191 => Kind::Media,
        0..=19 | 192..=255 => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_first(first: u8) -> Kind {
        sort(&[first, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42])
    }

    #[test]
    fn every_range_begins_and_ends_where_the_rfc_says() {
        let ranges = [
            (0..=3, Kind::Stun),
            (4..=19, Kind::Unknown),
            (20..=63, Kind::Dtls),
            // RFC 7983 ends at 79, where RFC 8656 does; with wide channels they go on to 127, which nobody else uses.
            (64..=127, Kind::ChannelData),
            (128..=191, Kind::Media),
            (192..=255, Kind::Unknown),
        ];
        for (range, kind) in ranges {
            for first in range {
                assert_eq!(by_first(first), kind, "{first}");
            }
        }
    }

    #[test]
    fn stun_has_its_cookie() {
        assert_eq!(sort(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43, 0]), Kind::Unknown);
        assert_eq!(sort(&[0, 1, 0, 0, 0x21, 0x12]), Kind::Unknown);
    }

    #[test]
    fn an_empty_datagram_is_nothing() {
        assert_eq!(sort(&[]), Kind::Unknown);
    }
}
