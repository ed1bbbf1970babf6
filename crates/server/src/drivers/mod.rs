//! What turns the pure engines: clocks, entropy, locks and queues.

pub mod rooms;
pub mod socketio;
pub mod turn;
