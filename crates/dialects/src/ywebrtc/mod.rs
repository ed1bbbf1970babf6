//! The signaling of y-webrtc: `subscribe`, `unsubscribe`, `publish`, `ping`. A topic is a room.
//!
//! Whoever publishes hears it too, as these clients expect; they tell each other apart by ids of their own.

mod encode;
mod read;
mod session;

pub use encode::{encode_event, encode_reply};
pub use session::Session;
