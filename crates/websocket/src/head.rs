//! The head of a frame, section 5.2: what it says, and the rules that it can break by itself.

use crate::error::Error;
use crate::mask::Key;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    #[must_use]
    pub fn is_control(self) -> bool {
        match self {
            Self::Close | Self::Ping | Self::Pong => true,
            Self::Continuation | Self::Text | Self::Binary => false,
        }
    }

    fn read(bits: u8) -> Result<Self, Error> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return Err(Error::UnknownOpcode),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub opcode: Opcode,
    /// The last frame of its message.
    pub fin: bool,
    /// The bit RSV1: the message is compressed (RFC 7692, section 6).
    pub compressed: bool,
    pub key: Option<Key>,
    pub len: u64,
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_AND_3: u8 = 0x30;
const MASKED: u8 = 0x80;
/// Lengths from here on are written in two bytes more, or in eight.
const IN_TWO_BYTES: u8 = 126;
const IN_EIGHT_BYTES: u8 = 127;
const LONGEST_CONTROL: u8 = 125;

impl Head {
    /// Two bytes, eight of length, four of the key.
    pub const MAX_BYTES: usize = 14;

    /// Of a whole message or a control frame that is not masked.
    #[must_use]
    pub fn whole(opcode: Opcode, len: usize) -> Self {
        Self { opcode, fin: true, compressed: false, key: None, len: len as u64 }
    }

    /// The head that `bytes` begin with, and how long it is. `None`: there is more of it to come.
    pub fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Error> {
        let Some((&[first, second], rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let (fin, compressed) = (first & FIN != 0, first & RSV1 != 0);
        let opcode = Opcode::read(first & 0x0f)?;
        let (masked, short) = (second & MASKED != 0, second & !MASKED);
        if first & RSV2_AND_3 != 0 || (compressed && opcode.is_control()) {
            return Err(Error::ReservedBit);
        }
        if opcode.is_control() && !fin {
            return Err(Error::FragmentedControl);
        }
        if opcode.is_control() && short > LONGEST_CONTROL {
            return Err(Error::LongControl);
        }
        let Some((len, rest)) = read_len(short, rest)? else { return Ok(None) };
        let (key, rest) = match rest.split_first_chunk::<4>() {
            Some((key, rest)) if masked => (Some(*key), rest),
            None if masked => return Ok(None),
            Some(_) | None => (None, rest),
        };
        Ok(Some((Self { opcode, fin, compressed, key, len }, bytes.len() - rest.len())))
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let masked = bit(self.key.is_some(), MASKED);
        out.push(bit(self.fin, FIN) | bit(self.compressed, RSV1) | self.opcode.bits());
        match (u8::try_from(self.len), u16::try_from(self.len)) {
            (Ok(short), _) if short < IN_TWO_BYTES => out.push(masked | short),
            (_, Ok(len)) => {
                out.push(masked | IN_TWO_BYTES);
                out.extend_from_slice(&len.to_be_bytes());
            }
            (_, Err(_)) => {
                out.push(masked | IN_EIGHT_BYTES);
                out.extend_from_slice(&self.len.to_be_bytes());
            }
        }
        if let Some(key) = self.key {
            out.extend_from_slice(&key);
        }
    }
}

/// The length and what is behind it. `None`: there is more of it to come.
fn read_len(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Error> {
    let (len, rest, least) = match short {
        IN_TWO_BYTES => {
            let Some((bytes, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*bytes)), rest, u64::from(IN_TWO_BYTES))
        }
        IN_EIGHT_BYTES => {
            let Some((bytes, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(*bytes), rest, u64::from(u16::MAX) + 1)
        }
        short => (u64::from(short), rest, 0),
    };
    if len < least || len > u64::MAX >> 1 {
        return Err(Error::BadLength);
    }
    Ok(Some((len, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_head_is_read_as_it_was_written() {
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, u64::MAX >> 1] {
            for opcode in [Opcode::Continuation, Opcode::Text, Opcode::Binary] {
                let head = Head { opcode, fin: true, compressed: false, key: None, len };
                assert_read_as_written(head);
                let key = Some([1, 2, 3, 4]);
                assert_read_as_written(Head { fin: false, compressed: true, key, ..head });
            }
        }
    }

    fn assert_read_as_written(head: Head) {
        let mut bytes = Vec::new();
        head.write(&mut bytes);
        assert_eq!(Head::read(&bytes), Ok(Some((head, bytes.len()))));
        for cut in 0..bytes.len() {
            assert_eq!(Head::read(&bytes[..cut]), Ok(None), "{head:?} cut at {cut}");
        }
    }

    #[test]
    fn a_length_takes_no_more_bytes_than_it_needs() {
        assert_eq!(Head::read(&[0x82, 126, 0, 125]), Err(Error::BadLength));
        assert_eq!(Head::read(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), Err(Error::BadLength));
        assert_eq!(Head::read(&[0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0]), Err(Error::BadLength));
    }
}
