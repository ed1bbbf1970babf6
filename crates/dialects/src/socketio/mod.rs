//! Socket.IO 5 over Engine.IO 4, as `socket.io-client` 3 and 4 and their like speak it.
//!
//! Each layer is driven like every engine here: [`engine`] carries messages over two transports, [`packet`] spells
//! packets, [`session`] holds one client's namespaces and what it may still have to be sent again, and [`member`]
//! says what a socket's events mean in rooms; [`rtcmulticonnection`] are those of one library, which are many.

pub mod engine;
pub mod member;
pub mod packet;
pub mod rtcmulticonnection;
pub mod session;
