//! What each kind of client says: bytes to and from the inputs and outputs of rooms. No sockets, no clock.
//!
//! A dialect has two halves. A [`Session`] reads one client's frames and remembers who it is;
//! [`encode_event`] and [`encode_reply`] write what rooms put out and remember nothing, so that
//! an event is encoded once for all clients of a dialect. A dialect translates; it decides nothing about people.

pub mod channels;
mod close;
mod depth;
mod directory;
pub mod echo;
mod error;
mod ice;
pub mod json;
pub mod matchbox;
mod memberships;
pub mod native;
mod object;
mod payload;
pub mod peerjs;
mod root;
mod scan;
mod session;
pub mod socketio;
pub mod sse;
mod terms;
mod token;
mod words;
pub mod ywebrtc;

pub use bytes::Bytes;
pub use close::Close;
pub use error::Problem;
pub use ice::{Ice, IceServer};
pub use session::{Ask, Dialect, Door, Frame, Heard, LineId, Said, Session, Step};
pub use terms::Terms;
pub use token::JoinToken;
pub use words::{encode_event, encode_going_away, encode_ice_servers, encode_reply};
