//! A random story: clients that lose connections and frames, the rooms, and a reference that says what has to come out.

mod client;
mod op;
mod reference;
mod world;

pub use op::{Op, Setup};

/// Plays a story to its end; panics when the rooms break a promise.
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
