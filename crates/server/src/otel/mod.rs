//! What the server counts and how long it takes, told to a collector of OpenTelemetry: OTLP over HTTP in JSON.
//!
//! Written here: the crates of OpenTelemetry bring an HTTP client and Protocol Buffers with them, for two kinds of messages.
//! A span is a value in a bounded queue; without a collector it is not even made.

mod encode;
mod export;
mod span;

pub use export::start;
pub use span::{Kind, Span, Status, record};
