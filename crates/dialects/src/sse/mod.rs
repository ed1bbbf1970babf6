//! The native protocol without WebSocket, `docs/sse.md`: events as an event stream (WHATWG HTML, section 9.2), requests as POSTs.
//!
//! There is no session to drive here: a stream is opened by one request, each POST is another, and what they have
//! in common is kept by whoever carries them. What is said is what `native` reads and writes.

mod encode;
mod entrance;
mod ids;
mod post;
mod trouble;

pub use encode::{
    Tail, encode_answer, encode_closing, encode_entered, encode_event, encode_going_away,
    encode_ice_servers, encode_problem, encode_waiting, opening,
};
pub use entrance::{Entrance, MAX_WAIT};
pub use ids::{EventId, Token};
pub use post::{BodyKind, MAX_MESSAGES, Post, Posted, What, read_post};
pub use trouble::Trouble;

#[cfg(test)]
mod tests;
