//! The bodies of the fuzz targets. They live with the crates' tests, which replay the corpora with them.

#[path = "../../crates/dialects/tests/conversations/bodies.rs"]
mod bodies;
#[path = "../../crates/server/src/auth/claims.rs"]
#[allow(dead_code, reason = "the server looks at every claim")]
mod claims;
#[path = "../../crates/server/src/auth/compact.rs"]
#[allow(dead_code, reason = "the server looks at the header")]
mod compact;
#[path = "../../crates/server/src/transports/demux/first.rs"]
mod first;
#[path = "../../crates/websocket/tests/streams/body.rs"]
mod frames;
#[path = "../../crates/server/src/transports/demux/fuzzed.rs"]
mod fuzzed;
#[path = "../../crates/turn/tests/corpora/packets/mod.rs"]
mod packets;
#[path = "../../crates/turn/tests/model/simulation/mod.rs"]
mod relaying;
#[path = "../../crates/server/src/auth/pattern.rs"]
#[allow(dead_code, reason = "the server matches rooms with it")]
mod pattern;
#[path = "../../crates/dialects/tests/streams/body.rs"]
mod requests;
#[path = "../../crates/rooms/tests/model/simulation/mod.rs"]
mod simulation;
#[path = "../../crates/server/src/auth/strict.rs"]
mod strict;
#[path = "../../crates/dialects/tests/conversations/table.rs"]
#[allow(dead_code, reason = "the stories of the dialects use more of it")]
mod table;
#[path = "../../crates/server/src/auth/fuzzed.rs"]
mod tokens;

pub use bodies::converse;
pub use frames::read_and_write;
pub use fuzzed::what_was_told_stays_told;
pub use packets::{message as turn_message, stream as turn_stream};
pub use relaying::run_bytes as relay;
pub use requests::request;
pub use simulation::run_bytes;
pub use tokens::a_token_is_read_in_one_way;
