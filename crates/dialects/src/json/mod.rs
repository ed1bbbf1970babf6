//! What the common WebSocket tutorials teach: `join{roomId}`, `user-joined`, `offer`, `answer`, `ice-candidate`.
//!
//! Their servers' bugs are mended here: a message never comes back to its author, the sender is stamped by us,
//! only members are heard, `existing-user` is sent, `leave` works. `chat` and `message` are our additions.

mod encode;
mod quick;
mod read;
mod session;

pub use encode::{encode_event, encode_reply};
pub use session::Session;
