//! Where a message ends: STUN messages and channel data, in packets and on streams (RFC 8656 section 12.5).

use super::Carrier;

const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;
/// RFC 8656 section 12: channel data begins with 0b01.
const CHANNEL_FIRST_BYTES: std::ops::RangeInclusive<u8> = 0x40..=0x4F;
/// A STUN message begins with two zero bits.
const STUN_FIRST_BYTES: std::ops::RangeInclusive<u8> = 0x00..=0x3F;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    Message(&'a [u8]),
    Channel { number: u16, payload: &'a [u8] },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channels {
    #[default]
    None,
    Bound,
}

/// A frame that owns its bytes.
#[derive(Debug)]
pub struct Whole(Vec<u8>);

impl Whole {
    pub fn as_ref(&self) -> Frame<'_> {
        read(&self.0).unwrap_or(Frame::Message(&self.0))
    }
}

/// The stream carries something else; where the next message begins is not known any more.
#[derive(Debug, PartialEq, Eq)]
pub struct NotTurn;

/// One frame with nothing before it; what follows is padding.
pub fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let length = usize::from(length_field(bytes)?);
    let first = *bytes.first()?;
    if CHANNEL_FIRST_BYTES.contains(&first) {
        let number = u16::from_be_bytes([first, *bytes.get(1)?]);
        let payload = bytes.get(CHANNEL_HEADER..CHANNEL_HEADER + length)?;
        return Some(Frame::Channel { number, payload });
    }
    STUN_FIRST_BYTES.contains(&first).then_some(())?;
    bytes.get(..STUN_HEADER + length).map(Frame::Message)
}

/// On a stream it is padded, in a packet it need not be.
pub fn channel_data(number: u16, payload: &[u8], carrier: Carrier) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(CHANNEL_HEADER + payload.len() + 3);
    bytes.extend(number.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(payload.iter().take(usize::from(length)));
    match carrier {
        Carrier::Datagrams => {}
        Carrier::Stream => bytes.resize(bytes.len().next_multiple_of(4), 0),
    }
    bytes
}

/// Cuts a stream into frames. Holds at most one unfinished frame, whose length is 16 bits.
#[derive(Default)]
pub struct Deframer(Vec<u8>);

impl Deframer {
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Channel data can't come before a channel is bound, and what looks like it may be the answer of an HTTP server.
    pub fn next(&mut self, channels: Channels) -> Result<Option<Whole>, NotTurn> {
        let Some(first) = self.0.first() else { return Ok(None) };
        let header = if channels == Channels::Bound && CHANNEL_FIRST_BYTES.contains(first) {
            CHANNEL_HEADER
        } else if STUN_FIRST_BYTES.contains(first) {
            STUN_HEADER
        } else {
            return Err(NotTurn);
        };
        let Some(length) = length_field(&self.0) else { return Ok(None) };
        let size = (header + usize::from(length)).next_multiple_of(4);
        if self.0.len() < size {
            return Ok(None);
        }
        let rest = self.0.split_off(size);
        Ok(Some(Whole(std::mem::replace(&mut self.0, rest))))
    }
}

/// Both kinds have their length at the same place.
fn length_field(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(deframer: &mut Deframer) -> Vec<(u16, Vec<u8>)> {
        std::iter::from_fn(|| deframer.next(Channels::Bound).unwrap())
            .map(|whole| match whole.as_ref() {
                Frame::Channel { number, payload } => (number, payload.to_vec()),
                Frame::Message(bytes) => (0, bytes.to_vec()),
            })
            .collect()
    }

    #[test]
    fn a_stream_in_single_bytes_is_the_same_frames() {
        let mut stream = channel_data(0x4001, b"five!", Carrier::Stream);
        let mut message = vec![0, 1, 0, 4];
        message.resize(24, 7);
        stream.extend(&message);
        stream.extend(channel_data(0x4002, b"", Carrier::Stream));
        let wanted = [(0x4001, b"five!".to_vec()), (0, message), (0x4002, Vec::new())];
        let mut whole = Deframer::default();
        whole.push(&stream);
        assert_eq!(frames(&mut whole), wanted);
        let mut slow = Deframer::default();
        let mut found = Vec::new();
        for byte in stream {
            slow.push(&[byte]);
            found.extend(frames(&mut slow));
        }
        assert_eq!(found, wanted);
    }

    #[test]
    fn other_bytes_on_the_stream_are_told() {
        let next = |bytes, channels| {
            let mut deframer = Deframer::default();
            deframer.push(bytes);
            deframer.next(channels).map(|whole| whole.is_some())
        };
        // An H is 0x48, so it looks like channel data of 21,584 bytes.
        assert_eq!(next(b"HTTP/1.1 400 Bad Request", Channels::None), Err(NotTurn));
        assert_eq!(next(b"HTTP/1.1 400 Bad Request", Channels::Bound), Ok(false));
        assert_eq!(next(&[0x80, 0], Channels::Bound), Err(NotTurn));
    }

    #[test]
    fn packets_are_padded_or_not_but_never_short() {
        let bytes = channel_data(0x4000, b"abc", Carrier::Datagrams);
        let wanted = Some(Frame::Channel { number: 0x4000, payload: b"abc" });
        assert_eq!(read(&bytes), wanted);
        assert_eq!(read(&channel_data(0x4000, b"abc", Carrier::Stream)), wanted);
        assert_eq!(read(&bytes[..6]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0x80, 0, 0, 0]), None);
    }
}
