//! The bodies of the fuzz targets. They live with the crates' tests, which replay the corpora with them.

#[path = "../../crates/dialects/tests/conversations/bodies.rs"]
mod bodies;
#[path = "../../crates/dialects/tests/streams/body.rs"]
mod requests;
#[path = "../../crates/rooms/tests/model/simulation/mod.rs"]
mod simulation;
#[path = "../../crates/dialects/tests/conversations/table.rs"]
#[allow(dead_code, reason = "the stories of the dialects use more of it")]
mod table;

pub use bodies::converse;
pub use requests::request;
pub use simulation::run_bytes;
