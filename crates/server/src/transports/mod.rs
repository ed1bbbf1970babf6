//! Bytes in and out: sockets, HTTP and what is carried on it.

pub mod demux;
pub mod engineio;
pub mod gate;
pub mod http;
mod ice;
pub mod listener;
mod peerjs;
pub mod shown;
pub mod sse;
pub mod through;
pub mod websocket;
