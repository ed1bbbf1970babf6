//! The machine-readable description of the protocol.

use schemars::generate::SchemaSettings;

use super::messages::{ClientMessage, ServerMessage};

/// A JSON Schema (2020-12) whose `$defs` hold `ClientMessage`, `ServerMessage` and what they are made of.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<ClientMessage<'_>>();
    generator.subschema_for::<ServerMessage<'_>>();
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parlor's native protocol, version 1",
        "$defs": generator.take_definitions(true),
    })
}
