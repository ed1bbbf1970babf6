//! The native protocol, `docs/protocol.md`: one JSON object with a `type` per text frame.

mod encode;
mod messages;
mod read;
mod schema;
mod session;

pub(crate) use encode::raw;
pub use encode::{encode_event, encode_reply};
pub use messages::{ClientMessage, ServerMessage};
pub(crate) use read::candidate_init;
pub use schema::schema;
pub use session::Session;

/// The only version so far.
pub const PROTOCOL: u64 = 1;
