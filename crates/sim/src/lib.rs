//! A whole Parlor in virtual time: model clients, a network that fails, the real engines; in one thread, by seed.
//!
//! [`World`] is what a scenario drives. The server's rooms and dialects are the real ones, and every frame
//! crosses the network as the bytes that a socket would carry. What has no engine of its own is modelled after
//! `crates/server`: the outbox, the rate limit and the timers of a connection.

mod bucket;
pub mod checks;
mod client;
mod clock;
mod network;
mod outbox;
mod plan;
mod rng;
mod seeds;
mod server;
mod talk;
mod world;

pub use client::{Chat, Client, Message, Picture, Record};
pub use network::{Cut, Way, Weather};
pub use plan::{Order, Setup};
pub use rng::Rng;
pub use seeds::for_each_seed;
pub use talk::{Minutes, gather};
pub use world::{ClientId, World};

/// Virtual time: milliseconds since the world began.
pub type Millis = u64;
