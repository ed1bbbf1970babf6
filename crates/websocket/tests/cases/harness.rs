//! A server that hears what a client sends, whole and in pieces of every kind, and what it tells of it.

use parlor_websocket::deflate::{Agreement, Deflater};
use parlor_websocket::{
    Decoder, Error, Event, Head, Input, Limits, Opcode, Role, write_deflated, write_frame,
};

pub const KEY: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);
pub const ROOMY: Limits = Limits { frame: 32 << 20, message: 32 << 20 };

/// An event that owns what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Event<'_>> for Heard {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.into()),
            Event::Binary(bytes) => Self::Binary(bytes.into()),
            Event::Ping(bytes) => Self::Ping(bytes.into()),
            Event::Pong(bytes) => Self::Pong(bytes.into()),
            Event::Close(why) => Self::Close(why.map(|why| (why.code, why.text.into()))),
        }
    }
}

pub fn text(text: &str) -> Heard {
    Heard::Text(text.into())
}

pub fn binary(bytes: &[u8]) -> Heard {
    Heard::Binary(bytes.into())
}

/// What was told, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub heard: Vec<Heard>,
    pub error: Option<Error>,
}

impl Outcome {
    pub fn is(&self, heard: &[Heard]) {
        assert_eq!(*self, Self { heard: heard.to_vec(), error: None });
    }

    pub fn fails(&self, heard: &[Heard], error: Error) {
        assert_eq!(*self, Self { heard: heard.to_vec(), error: Some(error) });
    }
}

/// What a server hears of it with these limits, the same however the bytes are cut.
pub fn hear_within(limits: Limits, bytes: &[u8]) -> Outcome {
    hear_by(|| Decoder::new(Role::Client, limits), bytes)
}

pub fn hear(bytes: &[u8]) -> Outcome {
    hear_within(ROOMY, bytes)
}

pub fn hear_deflated(agreement: &Agreement, bytes: &[u8]) -> Outcome {
    hear_by(|| Decoder::new(Role::Client, ROOMY).with_deflate(agreement), bytes)
}

pub fn hear_by(decoder: impl Fn() -> Decoder, bytes: &[u8]) -> Outcome {
    let whole = feed(&mut decoder(), bytes, usize::MAX);
    let sizes: &[usize] =
        if bytes.len() < 10_000 { &[1, 2, 3, 7, 64, 1_000] } else { &[997, 65_536] };
    for size in sizes {
        assert_eq!(feed(&mut decoder(), bytes, *size), whole, "in pieces of {size}");
    }
    whole
}

fn feed(decoder: &mut Decoder, bytes: &[u8], size: usize) -> Outcome {
    let mut heard = Vec::new();
    for piece in bytes.chunks(size) {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        loop {
            match decoder.poll(&mut input) {
                Ok(Some(event)) => heard.push(event.into()),
                Ok(None) => break,
                Err(error) => return Outcome { heard, error: Some(error) },
            }
        }
        assert!(input.rest().is_empty());
    }
    Outcome { heard, error: None }
}

/// One frame of a client.
pub fn frame(opcode: Opcode, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(&mut out, opcode, payload.as_ref(), KEY);
    out
}

/// One frame that is not the last of its message.
pub fn begun(opcode: Opcode, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = frame(opcode, payload);
    bytes[0] &= !0x80;
    bytes
}

/// A close with a code and a reason.
pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    frame(Opcode::Close, [&code.to_be_bytes(), reason.as_ref()].concat())
}

/// A message in fragments of so many bytes.
pub fn fragments(opcode: Opcode, payload: &[u8], size: usize) -> Vec<u8> {
    let count = payload.chunks(size).count();
    let pieces = payload.chunks(size).enumerate().map(|(index, piece)| {
        let opcode = if index == 0 { opcode } else { Opcode::Continuation };
        if index + 1 == count { frame(opcode, piece) } else { begun(opcode, piece) }
    });
    pieces.collect::<Vec<_>>().concat()
}

/// The frame of a compressed message, cut into fragments of so many bytes.
pub fn deflated_fragments(
    opcode: Opcode,
    payload: &[u8],
    deflater: &mut Deflater,
    size: usize,
) -> Vec<u8> {
    let mut whole = Vec::new();
    write_deflated(&mut whole, opcode, payload, deflater, None);
    let (head, len) = Head::read(&whole).unwrap().unwrap();
    let mut bytes = fragments(opcode, &whole[len..], size);
    if head.compressed {
        bytes[0] |= 0x40;
    }
    bytes
}
