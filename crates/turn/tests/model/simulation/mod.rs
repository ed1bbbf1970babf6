//! A random story: clients that ask and send, peers, time, and a reference that says what has to come out.

#[path = "../../stories/harness.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod harness;
mod op;
mod reference;
#[path = "../../stories/wire.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod wire;
mod world;

pub use op::{Op, Setup};

/// Plays a story to its end; panics when the engine breaks a promise.
pub fn run(setup: Setup, ops: &[Op]) {
    let mut world = world::World::new(setup);
    for op in ops {
        world.play(*op);
    }
    world.end();
}

/// The story that bytes tell.
pub fn run_bytes(bytes: &[u8]) {
    let Some((setup, ops)) = bytes.split_first_chunk::<2>() else { return };
    let ops: Vec<Op> =
        ops.as_chunks::<4>().0.iter().take(200).map(|bytes| Op::read(*bytes)).collect();
    run(Setup::read(*setup), &ops);
}
