//! The signaling of PeerJS: a room is a `key`, an address is an id that the client chose, messages go to one peer.
//!
//! A message between two PeerJS clients goes through the room as a named event with its payload untouched. Members of
//! other dialects get and give plain offers, answers and candidates; which connection of the client these belong to
//! is remembered here. What the original lacks is mended: a client that comes back is always told `OPEN`,
//! those who talked with a peer that died are told `LEAVE`, and what waits for an absent peer has a bound.

mod absent;
mod conversations;
mod encode;
mod entrance;
mod hearing;
mod read;
mod relay;
mod session;
mod translate;

pub use entrance::{Entrance, fresh_id};
pub use session::Session;

/// How sessions know each other.
const KIND: &str = "peerjs";
