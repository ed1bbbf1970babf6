//! What dialects of JSON objects read alike: the object itself, and names of rooms that may be numbers.

use parlor_rooms::RoomName;
use serde_json::value::RawValue;

use crate::depth::is_too_deep;
use crate::error::Problem;

/// The same text, if it can be an object that is not nested too deeply.
pub(crate) fn object(text: &str) -> Result<&str, Problem> {
    if is_too_deep(text) {
        return Err(Problem::TooDeep);
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Problem::BadJson); // Serde would take an array for a struct.
    }
    Ok(text)
}

pub(crate) fn explain(why: &serde_json::Error) -> Problem {
    if why.is_data() { Problem::BadMessage(why.to_string()) } else { Problem::BadJson }
}

/// A string, or a number taken as its text.
pub(crate) fn room_name(field: &str, raw: &RawValue) -> Result<RoomName, Problem> {
    let text = raw.get();
    let name = match serde_json::from_str::<String>(text) {
        Ok(name) => name,
        Err(_) if text.parse::<f64>().is_ok() => text.to_owned(),
        Err(_) => return Err(Problem::BadMessage(format!("`{field}` must be a string"))),
    };
    RoomName::parse(&name).map_err(Problem::field(field))
}
