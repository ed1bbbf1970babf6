//! MessagePack read as JSON text; its binary parts become attachments with placeholders.

use std::fmt::Write;

use bytes::Bytes;

use super::super::args::MAX_ATTACHMENTS;
use super::super::write::quoted;
use super::super::{BadPacket, attachment};
use crate::depth::MAX_DEPTH;

pub(super) struct Reader<'a> {
    rest: &'a [u8],
    attachments: Vec<Bytes>,
}

/// What the first byte of a value says.
enum Head {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(usize),
    Binary(usize),
    Array(usize),
    Map(usize),
    Extension(usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, attachments: Vec::new() }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn into_attachments(self) -> Vec<Bytes> {
        self.attachments
    }

    /// How many pairs follow.
    pub(super) fn map(&mut self) -> Result<usize, BadPacket> {
        let Head::Map(pairs) = self.head()? else { return Err(BadPacket) };
        Ok(pairs)
    }

    pub(super) fn text(&mut self) -> Result<String, BadPacket> {
        let Head::Text(length) = self.head()? else { return Err(BadPacket) };
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| BadPacket)
    }

    pub(super) fn json(&mut self) -> Result<String, BadPacket> {
        let mut json = String::new();
        self.value(&mut json, MAX_DEPTH)?;
        Ok(json)
    }

    /// `None` for nil and for undefined, which the common encoder spells as an extension.
    pub(super) fn optional_json(&mut self) -> Result<Option<String>, BadPacket> {
        let json = self.json()?;
        Ok(Some(json).filter(|json| json != "null"))
    }

    fn value(&mut self, json: &mut String, depth: usize) -> Result<(), BadPacket> {
        let deeper = depth.checked_sub(1).ok_or(BadPacket);
        match self.head()? {
            Head::Nil => json.push_str("null"),
            Head::Bool(value) => _ = write!(json, "{value}"),
            Head::Unsigned(value) => _ = write!(json, "{value}"),
            Head::Signed(value) => _ = write!(json, "{value}"),
            Head::Float(value) => {
                let number = serde_json::Number::from_f64(value);
                json.push_str(&number.map_or_else(|| "null".into(), |number| number.to_string()));
            }
            Head::Text(length) => json.push_str(&self.quoted(length)?),
            Head::Binary(length) => self.binary(length, json)?,
            Head::Array(items) => self.array_of(items, json, deeper?)?,
            Head::Map(pairs) => self.map_of(pairs, json, deeper?)?,
            Head::Extension(length) => self.extension(length, json)?,
        }
        Ok(())
    }

    fn array_of(&mut self, items: usize, json: &mut String, depth: usize) -> Result<(), BadPacket> {
        json.push('[');
        for at in 0..items {
            json.push_str(if at == 0 { "" } else { "," });
            self.value(json, depth)?;
        }
        json.push(']');
        Ok(())
    }

    fn map_of(&mut self, pairs: usize, json: &mut String, depth: usize) -> Result<(), BadPacket> {
        json.push('{');
        for at in 0..pairs {
            json.push_str(if at == 0 { "" } else { "," });
            self.key(json)?;
            self.value(json, depth)?;
        }
        json.push('}');
        Ok(())
    }

    fn key(&mut self, json: &mut String) -> Result<(), BadPacket> {
        let Head::Text(length) = self.head()? else { return Err(BadPacket) };
        json.push_str(&self.quoted(length)?);
        json.push(':');
        Ok(())
    }

    fn quoted(&mut self, length: usize) -> Result<String, BadPacket> {
        // The common encoder writes half a surrogate pair as three bytes that are not UTF-8.
        Ok(quoted(&String::from_utf8_lossy(self.take(length)?)))
    }

    fn binary(&mut self, length: usize, json: &mut String) -> Result<(), BadPacket> {
        if self.attachments.len() >= MAX_ATTACHMENTS {
            return Err(BadPacket);
        }
        _ = write!(json, r#"{{"_placeholder":true,"num":{}}}"#, self.attachments.len());
        let bytes = self.take(length)?;
        self.attachments.push(attachment(bytes));
        Ok(())
    }

    /// A date becomes its milliseconds since 1970, everything else null: JSON has no word for it.
    fn extension(&mut self, length: usize, json: &mut String) -> Result<(), BadPacket> {
        let kind = self.number::<1>()?;
        let bytes = self.take(length)?;
        let millis = <[u8; 8]>::try_from(bytes).ok().filter(|_| kind == 0).map(i64::from_be_bytes);
        match millis {
            Some(millis) => _ = write!(json, "{millis}"),
            None => json.push_str("null"),
        }
        Ok(())
    }

    fn head(&mut self) -> Result<Head, BadPacket> {
        let byte = u8::try_from(self.number::<1>()?).map_err(|_| BadPacket)?;
        Ok(match byte {
            0x00..=0x7f => Head::Unsigned(byte.into()),
            0x80..=0x8f => Head::Map((byte & 0x0f).into()),
            0x90..=0x9f => Head::Array((byte & 0x0f).into()),
            0xa0..=0xbf => Head::Text((byte & 0x1f).into()),
            0xc0 => Head::Nil,
            0xc1 => return Err(BadPacket),
            0xc2 | 0xc3 => Head::Bool(byte == 0xc3),
            0xc4 => Head::Binary(self.length::<1>()?),
            0xc5 => Head::Binary(self.length::<2>()?),
            0xc6 => Head::Binary(self.length::<4>()?),
            0xc7 => Head::Extension(self.length::<1>()?),
            0xc8 => Head::Extension(self.length::<2>()?),
            0xc9 => Head::Extension(self.length::<4>()?),
            0xca..=0xd3 => return self.wide_number(byte),
            0xd4..=0xd8 => Head::Extension(1 << (byte - 0xd4)),
            0xd9 => Head::Text(self.length::<1>()?),
            0xda => Head::Text(self.length::<2>()?),
            0xdb => Head::Text(self.length::<4>()?),
            0xdc => Head::Array(self.length::<2>()?),
            0xdd => Head::Array(self.length::<4>()?),
            0xde => Head::Map(self.length::<2>()?),
            0xdf => Head::Map(self.length::<4>()?),
            0xe0..=0xff => Head::Signed(i8::from_be_bytes([byte]).into()),
        })
    }

    fn wide_number(&mut self, byte: u8) -> Result<Head, BadPacket> {
        Ok(match byte {
            0xca => Head::Float(f32::from_be_bytes(self.bytes()?).into()),
            0xcb => Head::Float(f64::from_be_bytes(self.bytes()?)),
            0xcc => Head::Unsigned(self.number::<1>()?),
            0xcd => Head::Unsigned(self.number::<2>()?),
            0xce => Head::Unsigned(self.number::<4>()?),
            0xcf => Head::Unsigned(self.number::<8>()?),
            0xd0 => Head::Signed(i8::from_be_bytes(self.bytes()?).into()),
            0xd1 => Head::Signed(i16::from_be_bytes(self.bytes()?).into()),
            0xd2 => Head::Signed(i32::from_be_bytes(self.bytes()?).into()),
            _ => Head::Signed(i64::from_be_bytes(self.bytes()?)),
        })
    }

    /// A length or count. More than there are bytes left can't be true, so nothing is set aside for it.
    fn length<const N: usize>(&mut self) -> Result<usize, BadPacket> {
        let length = usize::try_from(self.number::<N>()?).map_err(|_| BadPacket)?;
        if length > self.rest.len() { Err(BadPacket) } else { Ok(length) }
    }

    fn number<const N: usize>(&mut self) -> Result<u64, BadPacket> {
        let bytes: [u8; N] = self.bytes()?;
        Ok(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], BadPacket> {
        self.take(N)?.try_into().map_err(|_| BadPacket)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], BadPacket> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(BadPacket)?;
        self.rest = rest;
        Ok(taken)
    }
}
