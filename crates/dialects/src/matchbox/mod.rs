//! The signaling of matchbox: `ws://host/<room>?next=<n>`, ids as UUIDs, signals between two peers.
//!
//! These clients say nothing until they have got their id, so it is the path that tells them apart.

mod encode;
mod lobby;
mod read;
mod session;
mod uuid;

pub use encode::{encode_event, encode_reply};
pub use lobby::Lobby;
pub use session::Session;
pub(crate) use uuid::uuid;
