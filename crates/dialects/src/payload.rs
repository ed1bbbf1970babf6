//! Arguments of named events with their binary parts put in, for dialects that speak JSON only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_rooms::{Attachments, Json};
use serde_json::{Value, json};

/// Each placeholder becomes `{"$binary": <base64>}`.
pub(crate) fn args_with_binary(args: &Json, attachments: &Attachments) -> Value {
    let mut value = serde_json::from_str(args.as_str()).unwrap_or(Value::Null);
    if attachments.iter().len() > 0 {
        fill(&mut value, attachments);
    }
    value
}

/// The nesting was limited when the frame was read.
fn fill(value: &mut Value, attachments: &Attachments) {
    if let Some(part) = placeholder(value).and_then(|num| attachments.iter().nth(num)) {
        *value = json!({ "$binary": STANDARD.encode(part) });
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, attachments)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, attachments)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn placeholder(value: &Value) -> Option<usize> {
    if value.get("_placeholder")? != &Value::Bool(true) {
        return None;
    }
    usize::try_from(value.get("num")?.as_u64()?).ok()
}
