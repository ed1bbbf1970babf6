//! STUN and TURN: who may reach whom through which relayed address. No sockets, no clock.
//!
//! [`Turn`] has the face of every engine here:
//! - `handle_*(…, now)` takes what happened: a packet of a client or of a peer, a socket that was opened, a lost stream;
//! - `handle_timeout(now)` lets time pass;
//! - `poll_output()` gives what is to be done, until it gives `None`: call it after every `handle_*` of the slow path,
//!   and whenever [`Turn::has_output`] says so after a packet;
//! - `poll_timeout()` tells when `handle_timeout` is wanted next.
//!
//! The data path answers by return value: a packet in, at most one packet out ([`Delivery`]), framed in the caller's
//! buffer. A packet between two clients of the same engine goes to the other one at once, whichever transport either has.
//!
//! RFC 8489 (STUN), RFC 8656 (TURN) with both families, RFC 6062 (TCP allocations). Streams are cut into messages by
//! [`StreamDecoder`].

mod address;
mod allocation;
mod bucket;
mod counters;
mod credentials;
mod dice;
mod ids;
mod limiter;
mod nonce;
mod output;
mod peers;
mod policy;
mod ports;
mod refusal;
mod server;
mod settings;
mod slab;
mod stream;
mod wire;

pub use address::{ClientAddr, Family, PeerAddr, Transport};
pub use counters::{Counters, Denials, Drops, Traffic};
pub use credentials::{Credentials, Minted, mint};
pub use ids::{Arrival, PeerConnection, RelayId};
pub use output::{Delivery, Fragments, Output};
pub use parlor_rooms::Timestamp;
pub use policy::{Cidr, InvalidCidr, Peers, Policy};
pub use server::Turn;
pub use settings::{ChannelNumbers, Limits, Settings, TcpAllocations};
pub use stream::{NotTurn, StreamDecoder, begins_like_stun};
