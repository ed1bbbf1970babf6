//! permessage-deflate, RFC 7692: what is agreed on, and messages compressed and back.
//!
//! The library compresses and decompresses with a window of 2^15 bytes. A smaller window that a client asks of our messages is
//! kept to by emptying the dictionary often enough; a smaller window of its own messages needs nothing done.

mod agreement;
mod deflater;
mod inflater;

pub use agreement::{Agreement, Policy, negotiate};
pub use deflater::Deflater;
pub use inflater::Inflater;

/// What a sync flush ends with, which is not sent (section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
