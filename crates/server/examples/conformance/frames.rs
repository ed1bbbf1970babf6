//! WebSocket alone: every message comes back.

use std::ops::ControlFlow;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use parlor_dialects::Bytes;
use parlor_websocket::{Event, Limits, Opcode};

use crate::transports::websocket::opening::{Compression, Opened, open};
use crate::transports::websocket::wire::{Frame, Moved, Wire};

/// The largest messages of the suite have 16 MiB.
const LIMITS: Limits = Limits { frame: 32 << 20, message: 32 << 20 };

pub fn echo(request: Request, compression: Compression) -> Response<Body> {
    open(request, compression, serve)
}

async fn serve(opened: Opened) {
    let mut wire = Wire::new(opened.stream, LIMITS, opened.deflate);
    let mut has_left = false;
    while !has_left {
        let mut frames: Vec<Frame> = Vec::new();
        let moved = std::future::poll_fn(|context| {
            // What is not written yet is waited for: whoever reads nothing is not read.
            let reading = wire.is_written();
            wire.poll(context, reading, |event| {
                frames.extend(heard(&event));
                has_left |= matches!(event, Event::Close(_));
                ControlFlow::Continue(())
            })
        });
        match moved.await {
            Moved::Written => {}
            Moved::Heard => wire.write(&frames).await,
            Moved::Broken(error) => {
                wire.write(&frames).await;
                return wire.close(Some((error.close_code(), &error.to_string()))).await;
            }
            Moved::Gone => return,
        }
    }
    wire.close(None).await;
}

fn heard(event: &Event<'_>) -> Option<Frame> {
    match event {
        Event::Text(text) => Some((Opcode::Text, Bytes::copy_from_slice(text.as_bytes()))),
        Event::Binary(bytes) => Some((Opcode::Binary, Bytes::copy_from_slice(bytes))),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => None,
    }
}
