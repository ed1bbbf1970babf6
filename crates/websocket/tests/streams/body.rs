//! The body of the fuzz target: any bytes, read whole and in pieces, tell the same; what was told is told again once it is written.

use parlor_websocket::deflate::{Agreement, Deflater};
use parlor_websocket::{
    Decoder, Event, Input, Limits, Opcode, Role, write_close, write_deflated, write_frame,
};

const LIMITS: Limits = Limits { frame: 3_000, message: 3_000 };

/// The first byte says how the rest is read.
pub fn read_and_write(input: &[u8]) {
    let Some((&how, bytes)) = input.split_first() else { return };
    let sender = if how & 1 == 0 { Role::Client } else { Role::Server };
    let agreement = (how & 2 != 0).then(|| Agreement {
        server_no_context_takeover: how & 4 != 0,
        client_no_context_takeover: how & 8 != 0,
        server_max_window_bits: 8 + (how >> 5),
    });
    let decoder = || match &agreement {
        Some(agreement) => Decoder::new(sender, LIMITS).with_deflate(agreement),
        None => Decoder::new(sender, LIMITS),
    };
    let whole = read(&mut decoder(), bytes, usize::MAX);
    for size in [1, 2, 5, 64] {
        let pieces = read(&mut decoder(), bytes, size);
        assert_eq!(pieces.told, whole.told, "in pieces of {size}");
        assert_eq!(pieces.failed, whole.failed, "in pieces of {size}");
    }
    let written = write(&whole.told, sender, agreement.as_ref());
    assert_eq!(read(&mut decoder(), &written, 7).told, whole.told);
}

type Told = (Opcode, Vec<u8>);

struct Outcome {
    told: Vec<Told>,
    failed: bool,
}

fn read(decoder: &mut Decoder, bytes: &[u8], size: usize) -> Outcome {
    let mut told = Vec::new();
    for piece in bytes.chunks(size) {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        loop {
            match decoder.poll(&mut input) {
                Ok(Some(event)) => told.push(owned(event)),
                Ok(None) => break,
                Err(error) => {
                    assert!([1002, 1007, 1009].contains(&error.close_code()));
                    return Outcome { told, failed: true };
                }
            }
        }
    }
    Outcome { told, failed: false }
}

fn owned(event: Event<'_>) -> Told {
    match event {
        Event::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        Event::Binary(bytes) => (Opcode::Binary, bytes.to_vec()),
        Event::Ping(bytes) => (Opcode::Ping, bytes.to_vec()),
        Event::Pong(bytes) => (Opcode::Pong, bytes.to_vec()),
        Event::Close(None) => (Opcode::Close, Vec::new()),
        Event::Close(Some(why)) => {
            (Opcode::Close, [&why.code.to_be_bytes(), why.text.as_bytes()].concat())
        }
    }
}

fn write(told: &[Told], sender: Role, agreement: Option<&Agreement>) -> Vec<u8> {
    let key = (sender == Role::Client).then_some([9, 8, 7, 6]);
    let mut deflater = agreement.map(|agreement| Deflater::new(sender, agreement));
    let mut out = Vec::new();
    for (opcode, payload) in told {
        match (&mut deflater, payload.split_first_chunk::<2>()) {
            (_, Some((code, reason))) if *opcode == Opcode::Close => {
                let reason = String::from_utf8_lossy(reason);
                write_close(&mut out, Some((u16::from_be_bytes(*code), &reason)), key);
            }
            (Some(deflater), _) if !opcode.is_control() => {
                write_deflated(&mut out, *opcode, payload, deflater, key);
            }
            _ => write_frame(&mut out, *opcode, payload, key),
        }
    }
    out
}
