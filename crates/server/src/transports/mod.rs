//! Bytes in and out: sockets, HTTP and what is carried on it.

pub mod engineio;
pub mod gate;
pub mod http;
pub mod listener;
mod peerjs;
pub mod sse;
pub mod websocket;
