//! One client's messages, put together to packets.

use bytes::Bytes;

use super::read::Header;
use super::{BadPacket, Format, Packet, Plain, msgpack};
use crate::socketio::engine::Message;

/// Bounded: the line of a packet is at most one payload, and so are its attachments together.
#[derive(Debug)]
pub struct Decoder {
    format: Option<Format>,
    max_bytes: usize,
    partial: Option<Partial>,
}

#[derive(Debug)]
struct Partial {
    header: Header,
    attachments: Vec<Bytes>,
    bytes: usize,
}

impl Decoder {
    /// `max_bytes` of one packet with all its attachments.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { format: None, max_bytes, partial: None }
    }

    /// How the client spells packets, once it has sent one.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// A packet, if this message completes one.
    pub fn handle(&mut self, message: Message) -> Result<Option<Packet>, BadPacket> {
        let first = match message {
            Message::Text(_) => Format::Default,
            Message::Binary(_) => Format::MessagePack,
        };
        match (*self.format.get_or_insert(first), message) {
            (Format::Default, Message::Text(text)) => self.handle_line(text.as_str()),
            (Format::Default, Message::Binary(bytes)) => self.handle_attachment(bytes),
            (Format::MessagePack, Message::Binary(bytes)) => msgpack::read(&bytes).map(Some),
            (Format::MessagePack, Message::Text(_)) => Err(BadPacket),
        }
    }

    /// The event that a text is, if it is no more than one and comes between packets. `None`: [`Self::handle`] is to read it.
    pub fn read_plain<'a>(&mut self, text: &'a str) -> Option<Plain<'a>> {
        let spells_so = self.format.is_none_or(|format| format == Format::Default);
        if !spells_so || self.partial.is_some() || text.len() > self.max_bytes {
            return None;
        }
        let plain = Plain::read(text)?;
        self.format = Some(Format::Default);
        Some(plain)
    }

    fn handle_line(&mut self, line: &str) -> Result<Option<Packet>, BadPacket> {
        if self.partial.is_some() || line.len() > self.max_bytes {
            return Err(BadPacket);
        }
        let header = Header::read(line)?;
        if header.attachments == 0 {
            return header.complete(Vec::new()).map(Some);
        }
        self.partial = Some(Partial { header, attachments: Vec::new(), bytes: line.len() });
        Ok(None)
    }

    fn handle_attachment(&mut self, bytes: Bytes) -> Result<Option<Packet>, BadPacket> {
        let mut partial = self.partial.take().ok_or(BadPacket)?;
        partial.bytes += bytes.len();
        if partial.bytes > self.max_bytes {
            return Err(BadPacket);
        }
        partial.attachments.push(bytes);
        if partial.attachments.len() == partial.header.attachments {
            return partial.header.complete(partial.attachments).map(Some);
        }
        self.partial = Some(partial);
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
