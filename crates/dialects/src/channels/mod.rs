//! `{open, channel}`, `{checkPresence, channel}`, `{data, channel}`: what the older WebSocket signaling examples speak.
//!
//! A channel is a room. What others send arrives bare, without an envelope, as these clients expect it.

mod encode;
mod read;
mod session;

pub use encode::{encode_event, encode_reply};
pub use session::Session;
