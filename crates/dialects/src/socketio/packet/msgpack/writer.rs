//! JSON text written as MessagePack, with attachments in the place of their placeholders.

use bytes::Bytes;
use serde_json::{Number, Value};

use super::super::Args;

#[derive(Default)]
pub(super) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// The packet up to the value of `data`, which follows if there is one.
    pub(super) fn start(&mut self, kind: u8, namespace: &str, id: Option<u64>, has_data: bool) {
        self.map(2 + usize::from(id.is_some()) + usize::from(has_data));
        self.text("type");
        self.out.push(kind);
        self.text("nsp");
        self.text(namespace);
        if let Some(id) = id {
            self.text("id");
            self.unsigned(id);
        }
        if has_data {
            self.text("data");
        }
    }

    /// An array of the name and the arguments.
    pub(super) fn event(&mut self, name: &str, args: &Args) {
        let items = match serde_json::from_str(args.json()) {
            Ok(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        self.array(items.len() + 1);
        self.text(name);
        items.iter().for_each(|item| self.value(item, args.attachments()));
    }

    /// What serde can't hold (a number out of every range) is written as nil.
    pub(super) fn json(&mut self, json: &str, attachments: &[Bytes]) {
        let value = serde_json::from_str(json).unwrap_or(Value::Null);
        self.value(&value, attachments);
    }

    /// The nesting was limited when the text was read.
    fn value(&mut self, value: &Value, attachments: &[Bytes]) {
        match value {
            Value::Null => self.out.push(0xc0),
            Value::Bool(value) => self.out.push(0xc2 + u8::from(*value)),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.array(items.len());
                items.iter().for_each(|item| self.value(item, attachments));
            }
            Value::Object(fields) => {
                if let Some(bytes) = placeholder(value).and_then(|num| attachments.get(num)) {
                    return self.binary(bytes);
                }
                self.map(fields.len());
                for (key, field) in fields {
                    self.text(key);
                    self.value(field, attachments);
                }
            }
        }
    }

    fn number(&mut self, number: &Number) {
        if let Some(number) = number.as_u64() {
            self.unsigned(number);
        } else if let Some(number) = number.as_i64() {
            self.signed(number);
        } else {
            self.out.push(0xcb);
            self.out.extend(number.as_f64().unwrap_or_default().to_be_bytes());
        }
    }

    fn unsigned(&mut self, number: u64) {
        match number {
            0..=0x7f => self.out.push(number as u8),
            0x80..=0xff => self.sized::<1>(0xcc, number),
            0x100..=0xffff => self.sized::<2>(0xcd, number),
            0x1_0000..=0xffff_ffff => self.sized::<4>(0xce, number),
            _ => self.sized::<8>(0xcf, number),
        }
    }

    fn signed(&mut self, number: i64) {
        self.out.push(0xd3);
        self.out.extend(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        let length = text.len() as u64;
        match length {
            0..=31 => self.out.push(0xa0 | text.len() as u8),
            32..=0xff => self.sized::<1>(0xd9, length),
            0x100..=0xffff => self.sized::<2>(0xda, length),
            _ => self.sized::<4>(0xdb, length),
        }
        self.out.extend(text.bytes());
    }

    fn binary(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        match length {
            0..=0xff => self.sized::<1>(0xc4, length),
            0x100..=0xffff => self.sized::<2>(0xc5, length),
            _ => self.sized::<4>(0xc6, length),
        }
        self.out.extend(bytes);
    }

    fn array(&mut self, items: usize) {
        match items {
            0..=15 => self.out.push(0x90 | items as u8),
            16..=0xffff => self.sized::<2>(0xdc, items as u64),
            _ => self.sized::<4>(0xdd, items as u64),
        }
    }

    fn map(&mut self, pairs: usize) {
        match pairs {
            0..=15 => self.out.push(0x80 | pairs as u8),
            16..=0xffff => self.sized::<2>(0xde, pairs as u64),
            _ => self.sized::<4>(0xdf, pairs as u64),
        }
    }

    /// A head byte and the lowest `N` bytes of a number.
    fn sized<const N: usize>(&mut self, head: u8, number: u64) {
        self.out.push(head);
        let bytes = number.to_be_bytes();
        self.out.extend(bytes.iter().skip(bytes.len() - N));
    }
}

fn placeholder(value: &Value) -> Option<usize> {
    let num = value.get("num").filter(|_| value.get("_placeholder") == Some(&Value::Bool(true)));
    usize::try_from(num?.as_u64()?).ok()
}
