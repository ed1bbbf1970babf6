//! The native protocol, `docs/protocol.md`: one JSON object with a `type` per text frame.

mod encode;
mod messages;
mod order;
mod parts;
mod quick;
mod read;
mod schema;
mod session;

pub use encode::{encode_event, encode_going_away, encode_ice_servers, encode_reply};
pub(crate) use encode::{encode_problem, member_json, raw, rules_json, write};
pub use messages::{ClientMessage, ServerMessage};
pub(crate) use order::{RaiseHand, moderate, publish, unpublish};
pub(crate) use read::{Request, candidate_init, read_text};
pub use schema::schema;
pub use session::Session;

/// The only version so far.
pub const PROTOCOL: u64 = 1;
