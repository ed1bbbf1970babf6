//! WebSocket frames (RFC 6455) and permessage-deflate (RFC 7692): bytes to events and back. No sockets, no clock.
//!
//! A [`Decoder`] is given whatever was read, in a buffer that it may change: what lies in there whole is unmasked and told
//! in place, so that one buffer serves many connections. It keeps memory of its own only for what has come in part. It is
//! strict: the first rule that is broken ends it, with an [`Error`] that knows its close code.
//!
//! What is sent is appended to a buffer of the caller: [`write_frame`], [`write_close`], [`write_deflated`]. The keys that
//! mask what a client sends are arguments, so that a test can replay them.

mod close;
mod decoder;
pub mod deflate;
mod encode;
mod error;
mod head;
mod mask;

pub use close::CloseReason;
pub use decoder::{Decoder, Event, Input, Limits};
pub use encode::{write_close, write_deflated, write_frame};
pub use error::Error;
pub use head::{Head, Opcode};
pub use mask::Key;

/// Which end of a connection. Frames of a client are masked, those of a server are not (section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}
