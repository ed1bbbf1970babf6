//! Bytes in and out: sockets, HTTP and what is carried on it.

pub mod gate;
pub mod http;
pub mod listener;
pub mod websocket;
