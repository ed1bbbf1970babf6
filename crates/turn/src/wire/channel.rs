//! Channel data: the short framing of the data path (RFC 8656, section 12.4).

/// Number and length.
pub(crate) const HEADER: usize = 4;

/// What can't be STUN, whose first two bits are 0, and is no other protocol of the port (RFC 7983).
pub(crate) fn is_number(number: u16) -> bool {
    (0x4000..0x8000).contains(&number)
}

/// A packet's channel and payload. A datagram may be padded or not.
pub(crate) fn parse(packet: &[u8]) -> Option<(u16, &[u8])> {
    let (&[first, second, high, low], rest) = packet.split_first_chunk()?;
    let number = u16::from_be_bytes([first, second]);
    let length = usize::from(u16::from_be_bytes([high, low]));
    Some((number, rest.get(..length)?)).filter(|_| is_number(number))
}

/// Whether bytes follow the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    None,
    /// To a multiple of four, as streams need it.
    Words,
}

/// Frames the payload, and says how many bytes of the buffer it takes; `None`: the buffer is too small.
pub(crate) fn write(
    number: u16,
    payload: &[u8],
    padding: Padding,
    buffer: &mut [u8],
) -> Option<usize> {
    let message = HEADER + payload.len();
    let padded = match padding {
        Padding::None => message,
        Padding::Words => message.next_multiple_of(4),
    };
    let length = u16::try_from(payload.len()).ok()?;
    let target = buffer.get_mut(..padded)?;
    let (head, body) = target.split_first_chunk_mut::<HEADER>()?;
    let [first, second] = number.to_be_bytes();
    let [high, low] = length.to_be_bytes();
    *head = [first, second, high, low];
    let (data, pad) = body.split_at_mut_checked(payload.len())?;
    data.copy_from_slice(payload);
    pad.fill(0);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_of_170_bytes_is_padded_in_streams_only() {
        let payload = [7; 170];
        let mut buffer = [0xff; 200];
        assert_eq!(write(0x4001, &payload, Padding::None, &mut buffer), Some(174));
        assert_eq!(parse(&buffer[..174]), Some((0x4001, &payload[..])));
        assert_eq!(buffer[174..176], [0xff; 2]);
        assert_eq!(write(0x4001, &payload, Padding::Words, &mut buffer), Some(176));
        assert_eq!(parse(&buffer[..176]), Some((0x4001, &payload[..])));
        assert_eq!(buffer[174..176], [0; 2]);
    }

    #[test]
    fn what_is_cut_or_has_another_number_is_none() {
        for packet in [&[][..], &[0x40, 0, 0], &[0x40, 0, 0, 1], &[0, 1, 0, 0], &[0x80, 0, 0, 0]] {
            assert_eq!(parse(packet), None, "{packet:?}");
        }
        assert_eq!(write(0x4000, &[0; 9], Padding::None, &mut [0; 12]), None);
    }
}
