//! What a connection is, by its first bytes. No sockets; the fuzzer takes this file as it is.

/// With so many bytes it is always told.
pub const ENOUGH: usize = 10;

/// RFC 8489, section 5.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Where the cookie is in a message, and how long a message's head is.
const COOKIE_AT: usize = 4;
const STUN_HEAD: u16 = 20;
/// The length before each frame, RFC 4571.
const FRAME_HEAD: usize = 2;
/// The content type of a handshake, RFC 8446, section 5.1.
const TLS_HANDSHAKE: u8 = 0x16;
/// How the preface of HTTP/2 begins (RFC 9113, section 3.4); no other method does.
const HTTP2: &[u8] = b"PRI ";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tls,
    Http1,
    Http2,
    /// STUN or TURN over TCP: each message says how long it is.
    Stun,
    /// STUN in frames of RFC 4571: ICE over TCP.
    FramedStun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    Is(Kind),
    /// It takes more bytes to tell.
    Unclear,
    /// Nothing that is spoken here, whatever comes next.
    Unknown,
}

/// What was told stays told, however many bytes follow.
pub fn tell(bytes: &[u8]) -> First {
    match bytes.first() {
        None => First::Unclear,
        Some(&TLS_HANDSHAKE) => First::Is(Kind::Tls),
        Some(b'A'..=b'Z') => http(bytes),
        Some(0..=0x3f) => stun(bytes),
        Some(_) => First::Unknown,
    }
}

fn http(bytes: &[u8]) -> First {
    if bytes.starts_with(HTTP2) {
        First::Is(Kind::Http2)
    } else if HTTP2.starts_with(bytes) {
        First::Unclear
    } else {
        First::Is(Kind::Http1)
    }
}

fn stun(bytes: &[u8]) -> First {
    let framed = bytes.get(FRAME_HEAD..).unwrap_or_default();
    match (message(bytes), frame(bytes, framed)) {
        (Some(true), _) => First::Is(Kind::Stun),
        (_, Some(true)) => First::Is(Kind::FramedStun),
        (None, None) => First::Unknown,
        (Some(false), _) | (_, Some(false)) => First::Unclear,
    }
}

/// Whether a STUN message begins here: yes, not yet known, or no.
fn message(bytes: &[u8]) -> Option<bool> {
    let cookie = bytes.get(COOKIE_AT..).unwrap_or_default();
    let cookie = cookie.get(..STUN_COOKIE.len()).unwrap_or(cookie);
    let fits = bytes.first().is_none_or(|first| *first < 0x40)
        && bytes.get(3).is_none_or(|length| length.is_multiple_of(4))
        && STUN_COOKIE.starts_with(cookie);
    fits.then_some(cookie.len() == STUN_COOKIE.len())
}

/// The same for a frame: its length is that of the one message in it.
fn frame(bytes: &[u8], framed: &[u8]) -> Option<bool> {
    let number = |bytes: &[u8], at: usize| {
        Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at.checked_add(1)?)?]))
    };
    let fits = match (number(bytes, 0), number(framed, 2)) {
        (Some(outer), Some(inner)) => inner.checked_add(STUN_HEAD) == Some(outer),
        (None | Some(_), None | Some(_)) => true,
    };
    message(framed).filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: [u8; 8] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    const FRAMED: [u8; 10] = [0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];

    #[test]
    fn each_protocol_is_known_by_its_first_bytes() {
        let known: [(&[u8], Kind); 9] = [
            (&[0x16], Kind::Tls),
            (&[0x16, 0x03, 0x01, 0x02], Kind::Tls),
            (b"GET / HTTP/1.1\r\n", Kind::Http1),
            (b"G", Kind::Http1),
            (b"POST /api", Kind::Http1),
            (b"PROPFIND", Kind::Http1),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::Http2),
            (&BINDING, Kind::Stun),
            (&FRAMED, Kind::FramedStun),
        ];
        for (bytes, kind) in known {
            assert_eq!(tell(bytes), First::Is(kind), "{bytes:x?}");
        }
    }

    #[test]
    fn what_may_still_become_something_is_waited_for() {
        for bytes in [b"".as_slice(), b"P", b"PRI", &BINDING[..1], &BINDING[..7], &FRAMED[..9]] {
            assert_eq!(tell(bytes), First::Unclear, "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_spoken_nowhere_is_known_at_the_first_wrong_byte() {
        let unknown: [&[u8]; 9] = [
            b"get /",
            b" GET /",
            // Channel data needs a channel, and that an allocation.
            &[0x40, 0x00, 0x00, 0x04],
            &[0x80],
            &[0xff, 0xfe],
            // The cookie is wrong for a message, and the length for a frame.
            &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43],
            &[0, 21, 0, 1, 0, 0, 0x21, 0x12],
            &[0, 20, 0x40, 1],
            &[0x3f; 6],
        ];
        for bytes in unknown {
            assert_eq!(tell(bytes), First::Unknown, "{bytes:x?}");
        }
    }
}
