//! Whole messages out of a stream's bytes (RFC 8656, section 12.5; RFC 8489, section 6.2.2).

use std::fmt;

use crate::wire::channel;

/// The largest message: a STUN header and a length of 16 bits, rounded down to words.
const MAX_MESSAGE: usize = 20 + 0xfffc;

/// How much may lie here unread: a message and what came with its end.
const MAX_PENDING: usize = 2 * MAX_MESSAGE;

/// The bytes are neither STUN nor channel data: nobody knows where the next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTurn;

impl fmt::Display for NotTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream carries neither STUN nor channel data")
    }
}

impl std::error::Error for NotTurn {}

/// Bytes in as they come, whole messages out. Between them it holds less than one message.
#[derive(Clone, Debug, Default)]
pub struct StreamDecoder {
    pending: Vec<u8>,
    /// What of `pending` has been given out.
    read: usize,
}

impl StreamDecoder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes, and says how many: all of them, unless too many messages are waiting to be polled.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> usize {
        self.pending.drain(..self.read);
        self.read = 0;
        let room = MAX_PENDING.saturating_sub(self.pending.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.pending.extend_from_slice(taken);
        taken.len()
    }

    /// The next whole message, without the padding of channel data. After an error the stream is to be closed.
    pub fn poll_message(&mut self) -> Result<Option<&[u8]>, NotTurn> {
        let rest = self.pending.get(self.read..).unwrap_or_default();
        let Some(Extent { message, padded }) = Extent::read(rest)? else {
            self.rest_is_small();
            return Ok(None);
        };
        if rest.len() < padded {
            return Ok(None);
        }
        let start = self.read;
        self.read += padded;
        Ok(self.pending.get(start..start + message))
    }

    /// What came behind the last message: after a `Join` it belongs to the peer.
    #[must_use]
    pub fn into_rest(mut self) -> Vec<u8> {
        self.pending.split_off(self.read.min(self.pending.len()))
    }

    /// A stream that is silent holds no buffer.
    fn rest_is_small(&mut self) {
        if self.read == self.pending.len() {
            self.pending = Vec::new();
            self.read = 0;
        }
    }
}

/// Whether a TCP connection that begins with these bytes speaks STUN; `None`: more of them are needed. Channel data is
/// never first.
#[must_use]
pub fn begins_like_stun(bytes: &[u8]) -> Option<bool> {
    let matches = |at: usize, expected: &[u8]| {
        let found = bytes.get(at..).unwrap_or_default();
        found.iter().zip(expected).all(|(found, expected)| found == expected)
    };
    if bytes.first().is_some_and(|first| first & 0xc0 != 0) || !matches(4, &COOKIE) {
        return Some(false);
    }
    (bytes.len() >= 8).then_some(true)
}

const COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();

/// How long the next message is, and with its padding.
struct Extent {
    message: usize,
    padded: usize,
}

impl Extent {
    fn read(rest: &[u8]) -> Result<Option<Self>, NotTurn> {
        let Some(&[first, second, high, low]) = rest.first_chunk() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if channel::is_number(u16::from_be_bytes([first, second])) {
            let message = channel::HEADER + length;
            return Ok(Some(Self { message, padded: message.next_multiple_of(4) }));
        }
        if length % 4 != 0 || begins_like_stun(rest) == Some(false) {
            return Err(NotTurn);
        }
        let message = 20 + length;
        Ok(Some(Self { message, padded: message }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(decoder: &mut StreamDecoder) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        while let Some(message) = decoder.poll_message().unwrap() {
            messages.push(message.to_vec());
        }
        messages
    }

    fn stun(length: u16) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        bytes.extend(length.to_be_bytes());
        bytes.extend(COOKIE);
        bytes.resize(20 + usize::from(length), 7);
        bytes
    }

    /// 170 bytes are no multiple of four: two bytes of padding follow.
    fn channel_data(length: u16) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = vec![0x40, 1];
        bytes.extend(length.to_be_bytes());
        bytes.resize(4 + usize::from(length), 9);
        let mut padded = bytes.clone();
        padded.resize(bytes.len().next_multiple_of(4), 0);
        (bytes, padded)
    }

    #[test]
    fn messages_come_out_whole_however_the_bytes_are_cut() {
        let (data, padded) = channel_data(170);
        let stream = [stun(8), padded.clone(), padded, stun(0)].concat();
        let expected = vec![stun(8), data.clone(), data, stun(0)];
        for size in 1..stream.len() {
            let mut decoder = StreamDecoder::new();
            let mut messages = Vec::new();
            for piece in stream.chunks(size) {
                assert_eq!(decoder.handle_bytes(piece), piece.len());
                messages.extend(drain(&mut decoder));
            }
            assert_eq!(messages, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn the_largest_messages_pass() {
        for message in [stun(0xfffc), channel_data(0xffff).1] {
            let mut decoder = StreamDecoder::new();
            assert_eq!(decoder.handle_bytes(&message), message.len());
            assert_eq!(drain(&mut decoder).len(), 1);
        }
    }

    #[test]
    fn who_does_not_poll_can_not_fill_the_memory() {
        let mut decoder = StreamDecoder::new();
        assert_eq!(decoder.handle_bytes(&vec![0; 1 << 20]), MAX_PENDING);
        assert_eq!(decoder.handle_bytes(&[0]), 0);
    }

    #[test]
    fn a_stream_between_messages_holds_no_memory() {
        let mut decoder = StreamDecoder::new();
        decoder.handle_bytes(&stun(0xfffc));
        drain(&mut decoder);
        assert_eq!(decoder.pending.capacity(), 0);
    }

    #[test]
    fn what_is_no_turn_is_told_as_soon_as_it_shows() {
        let tls = [0x16, 3, 1, 2, 0, 1, 0, 1];
        for wrong in [&tls[..], &[0, 1, 0, 3], &[0, 1, 0, 0, 0x20], &[0x80, 0, 0, 0]] {
            let mut decoder = StreamDecoder::new();
            decoder.handle_bytes(wrong);
            assert_eq!(decoder.poll_message(), Err(NotTurn), "{wrong:?}");
        }
    }

    #[test]
    fn what_follows_the_last_message_is_kept_for_the_peer() {
        let mut decoder = StreamDecoder::new();
        decoder.handle_bytes(&[stun(0), b"hello".to_vec()].concat());
        assert_eq!(decoder.poll_message().unwrap().unwrap(), stun(0));
        assert_eq!(decoder.into_rest(), b"hello");
    }

    #[test]
    fn the_first_eight_bytes_tell_stun_from_everything_else() {
        let message = stun(0);
        for length in 0..8 {
            assert_eq!(begins_like_stun(&message[..length]), None);
        }
        assert_eq!(begins_like_stun(&message), Some(true));
        let tls = [0x16, 3, 1, 2, 0, 1, 0, 1];
        for other in [&b"G"[..], &tls, b"PRI * HT", &[0, 1, 0, 0, 0x21, 0x13]] {
            assert_eq!(begins_like_stun(other), Some(false), "{other:?}");
        }
    }
}
