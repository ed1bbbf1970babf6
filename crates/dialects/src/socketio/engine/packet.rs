//! Engine.IO 4 packets, one by one, and joined to the payloads of HTTP long-polling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// What an Engine.IO session carries for the layer above: one text, or one run of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(Text),
    Binary(Bytes),
}

impl Message {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes that are UTF-8: shared by all who are sent them.
#[derive(Clone)]
pub struct Text {
    bytes: Bytes,
    /// A [`MESSAGE`] stands before it, so that it is a frame as it is.
    marked: bool,
}

/// The first byte of a frame that carries a text for the layer above.
const MESSAGE: u8 = b'4';

impl Text {
    /// `None` when the bytes are not UTF-8.
    #[must_use]
    pub fn from_utf8(bytes: Bytes) -> Option<Self> {
        std::str::from_utf8(&bytes).is_ok().then_some(Self { bytes, marked: false })
    }

    /// A text for the layer above, which will need no copy to become a frame. `capacity` is a guess of its length.
    #[must_use]
    pub fn message(capacity: usize, write: impl FnOnce(&mut String)) -> Self {
        let mut text = String::with_capacity(capacity + 1);
        text.push(char::from(MESSAGE));
        write(&mut text);
        Self { bytes: text.into(), marked: true }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(usize::from(self.marked)..).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - usize::from(self.marked)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.marked { self.bytes.slice(1..) } else { self.bytes }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { bytes: text.into(), marked: false }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()), marked: false }
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    Open(Text),
    Close,
    Ping(Text),
    Pong(Text),
    Message(Message),
    Upgrade,
    Noop,
}

/// What can't be read as a packet. Whoever sends it is closed: what follows can't be told either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Between the packets of a payload: a control character, which JSON never has bare.
const SEPARATOR: char = '\u{1e}';

impl Packet {
    /// From a text frame, or from one part of a payload.
    pub fn from_text(text: &str) -> Result<Self, BadPacket> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(BadPacket)?;
        let rest = rest.as_str();
        match kind {
            '0' => Ok(Self::Open(rest.into())),
            '1' => Ok(Self::Close),
            '2' => Ok(Self::Ping(rest.into())),
            '3' => Ok(Self::Pong(rest.into())),
            '4' => Ok(Self::Message(Message::Text(rest.into()))),
            '5' => Ok(Self::Upgrade),
            '6' => Ok(Self::Noop),
            _ => Err(BadPacket),
        }
    }

    /// From a binary frame: all of it is the message.
    #[must_use]
    pub fn from_binary(bytes: Bytes) -> Self {
        Self::Message(Message::Binary(bytes))
    }

    /// As one WebSocket frame.
    #[must_use]
    pub fn into_frame(self) -> Message {
        match self {
            Self::Message(binary @ Message::Binary(_)) => return binary,
            Self::Message(Message::Text(Text { bytes, marked: true })) => {
                return Message::Text(Text { bytes, marked: false });
            }
            Self::Open(_)
            | Self::Close
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Message(Message::Text(_))
            | Self::Upgrade
            | Self::Noop => {}
        }
        let mut frame = String::with_capacity(self.weight() + 1);
        self.write(&mut frame);
        Message::Text(frame.into())
    }

    /// How much of a buffer it takes up.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Open(text) | Self::Ping(text) | Self::Pong(text) => text.len(),
            Self::Message(message) => message.len(),
            Self::Close | Self::Upgrade | Self::Noop => 0,
        }
    }

    fn write(&self, out: &mut String) {
        let (kind, rest) = match self {
            Self::Open(text) => ('0', text.as_str()),
            Self::Close => ('1', ""),
            Self::Ping(text) => ('2', text.as_str()),
            Self::Pong(text) => ('3', text.as_str()),
            Self::Message(Message::Text(text)) => ('4', text.as_str()),
            Self::Message(Message::Binary(bytes)) => {
                out.push('b');
                return STANDARD.encode_string(bytes, out);
            }
            Self::Upgrade => ('5', ""),
            Self::Noop => ('6', ""),
        };
        out.push(kind);
        out.push_str(rest);
    }
}

/// The body of a POST. Binary packets are there as `b` and base64.
pub fn read_payload(body: &str) -> Result<Vec<Packet>, BadPacket> {
    body.split(SEPARATOR).map(read_part).collect()
}

fn read_part(part: &str) -> Result<Packet, BadPacket> {
    match part.strip_prefix('b') {
        Some(base64) => {
            let bytes = STANDARD.decode(base64).map_err(|_| BadPacket)?;
            Ok(Packet::from_binary(bytes.into()))
        }
        None => Packet::from_text(part),
    }
}

/// The body of the answer to a GET.
#[must_use]
pub fn write_payload<'a>(packets: impl IntoIterator<Item = &'a Packet>) -> Text {
    let mut body = String::new();
    for packet in packets {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        packet.write(&mut body);
    }
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Packet {
        Packet::Message(Message::Text(text.into()))
    }

    fn binary(bytes: &'static [u8]) -> Packet {
        Packet::from_binary(Bytes::from_static(bytes))
    }

    #[test]
    fn a_payload_is_read_back_as_it_was_written() {
        let packets = [
            Packet::Open("{}".into()),
            text("2[\"hello\"]"),
            binary(&[1, 2, 3, 4]),
            Packet::Ping("".into()),
            Packet::Pong("probe".into()),
            text(""),
            Packet::Noop,
            Packet::Upgrade,
            Packet::Close,
        ];
        let body = write_payload(&packets);
        assert_eq!(body.as_str().split('\u{1e}').nth(2), Some("bAQIDBA=="));
        assert_eq!(read_payload(body.as_str()), Ok(packets.to_vec()));
    }

    #[test]
    fn a_frame_carries_bytes_as_they_are() {
        assert_eq!(binary(&[0xff]).into_frame(), Message::Binary(Bytes::from_static(&[0xff])));
        assert_eq!(text("hi").into_frame(), Message::Text("4hi".into()));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for body in ["", "abc", "7", "b!", "bAQ", "4ok\u{1e}", "\u{1e}4ok", "4ok\u{1e}x", "é"] {
            assert_eq!(read_payload(body), Err(BadPacket), "{body:?}");
        }
    }
}
