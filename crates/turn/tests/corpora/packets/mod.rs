//! Packets and streams through the engine, as bytes tell them.

mod bodies;
#[path = "../../stories/harness.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod harness;
#[path = "../../stories/wire.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod wire;

pub use bodies::{message, stream};
