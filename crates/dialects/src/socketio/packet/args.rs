//! The arguments of an event or acknowledgement: a JSON array, in which binary parts have placeholders.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::BadPacket;
use crate::depth::is_too_deep;

/// As many as `socket.io-client` takes in one packet; it closes the connection at more.
pub const MAX_ATTACHMENTS: usize = 10;

/// Checked once when it came in: whoever gets it can put its binary parts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    json: Arc<str>,
    attachments: Vec<Bytes>,
}

impl Args {
    /// A JSON array in which `{"_placeholder":true,"num":n}` stands for attachment `n`.
    pub fn checked(json: &str, attachments: Vec<Bytes>) -> Result<Self, BadPacket> {
        let is_array = json.starts_with('[') && json.ends_with(']');
        if !is_array || attachments.len() > MAX_ATTACHMENTS || !is_sound(json, attachments.len()) {
            return Err(BadPacket);
        }
        Ok(Self { json: json.into(), attachments })
    }

    /// The arguments that the server itself has put together from checked parts.
    #[must_use]
    pub fn trusted(json: impl Into<Arc<str>>, attachments: Vec<Bytes>) -> Self {
        Self { json: json.into(), attachments }
    }

    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// What stands between the brackets.
    #[must_use]
    pub fn inner(&self) -> &str {
        let inner = self.json.trim_ascii().strip_prefix('[');
        inner.and_then(|inner| inner.strip_suffix(']')).unwrap_or_default().trim_ascii()
    }
}

/// Whether a text is JSON, not nested too deeply, with placeholders only for attachments that are there.
/// Without any attachment nobody looks for placeholders.
pub(super) fn is_sound(json: &str, attachments: usize) -> bool {
    if is_too_deep(json) {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    Check { attachments }.deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Walks through a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Check {
    attachments: usize,
}

/// What a placeholder is told by.
enum Seen {
    True,
    Number(u64),
    Other,
}

impl<'de> DeserializeSeed<'de> for Check {
    type Value = Seen;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Seen, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose placeholders have attachments")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Seen, A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Seen, A::Error> {
        // Of a key that is there twice the last one counts, as in a browser.
        let (mut is_placeholder, mut num) = (false, None);
        while let Some(key) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            let seen = fields.next_value_seed(self)?;
            match (key.as_ref(), seen) {
                ("_placeholder", seen) => is_placeholder = matches!(seen, Seen::True),
                ("num", Seen::Number(number)) => num = Some(number),
                ("num", Seen::True | Seen::Other) => num = None,
                _ => {}
            }
        }
        let missing = num.is_none_or(|num| num >= self.attachments as u64);
        if is_placeholder && self.attachments > 0 && missing {
            return Err(A::Error::custom("a placeholder without an attachment"));
        }
        Ok(Seen::Other)
    }
}

/// Half of a surrogate pair, which JavaScript can write and nobody else can read, becomes U+FFFD.
pub(super) fn without_lone_surrogates(json: &str) -> std::borrow::Cow<'_, str> {
    if !may_have_surrogates(json) {
        return json.into();
    }
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').map(|at| rest.split_at(at)) {
        mended.push_str(before);
        let (escape, after) = next_escape(escape);
        mended.push_str(escape);
        rest = after;
    }
    mended.push_str(rest);
    mended.into()
}

/// Whether halves of surrogate pairs are written in a text, paired or not.
pub(super) fn may_have_surrogates(json: &str) -> bool {
    json.contains('\\') && (json.contains("\\ud") || json.contains("\\uD"))
}

/// An escape as it is to be written, and what follows it.
fn next_escape(text: &str) -> (&str, &str) {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let width = match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
        (Some(0xd800..=0xdfff), _) => return ("\\ufffd", text.get(6..).unwrap_or_default()),
        (Some(_), _) => 6,
        (None, _) => text.chars().take(2).map(char::len_utf8).sum(),
    };
    text.split_at_checked(width).unwrap_or((text, ""))
}

/// Whether a text is one JSON object.
pub(super) fn is_object(json: &str) -> bool {
    json.starts_with('{') && is_sound(json, 0)
}

/// The first element of an array, and the array without it.
pub(super) fn split_first(json: &str) -> Option<(String, String)> {
    let inner = json.strip_prefix('[')?;
    let mut first = serde_json::Deserializer::from_str(inner).into_iter::<Name>();
    let Name(name) = first.next()?.ok()?;
    let rest = inner.get(first.byte_offset()..)?.trim_ascii_start();
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_ascii_start();
    Some((name, format!("[{rest}")))
}

/// An event is named by a string, or by a number, which counts as its digits.
struct Name(String);

impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(reader)? {
            serde_json::Value::String(name) => Ok(Self(name)),
            serde_json::Value::Number(number) => Ok(Self(number.to_string())),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => Err(D::Error::custom("no name of an event")),
        }
    }
}

/// Whether a text is JSON at all.
#[cfg(test)]
pub(super) fn is_json(json: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_attachments_that_are_there() {
        let one = || vec![Bytes::from_static(&[1])];
        assert!(Args::checked(r#"[{"_placeholder":true,"num":0}]"#, one()).is_ok());
        assert!(Args::checked(r#"[{"a":[{"num":0,"_placeholder":true}]}]"#, one()).is_ok());
        assert!(Args::checked(r#"[{"_placeholder":false,"num":9}]"#, one()).is_ok());
        for json in [
            r#"[{"_placeholder":true,"num":1}]"#,
            r#"[{"_placeholder":true,"num":-1}]"#,
            r#"[{"_placeholder":true,"num":"0"}]"#,
            r#"[{"_placeholder":true}]"#,
            r#"[{"_placeholder":true,"num":0,"num":7}]"#,
            r#"[{"\u005fplaceholder":true,"num":7}]"#,
            r#"[[[{"x":{"_placeholder":true,"num":18446744073709551615}}]]]"#,
        ] {
            assert_eq!(Args::checked(json, one()), Err(BadPacket), "{json}");
        }
    }

    #[test]
    fn without_attachments_a_placeholder_is_plain_data() {
        assert!(Args::checked(r#"[{"_placeholder":true,"num":5}]"#, vec![]).is_ok());
    }

    #[test]
    fn only_arrays_of_bounded_depth_are_arguments() {
        for json in ["", "{}", "1", "[", "[1", "[1,]", "[1]]", "[1] [2]", "[1e999]", "[nul]"] {
            assert_eq!(Args::checked(json, vec![]), Err(BadPacket), "{json}");
        }
        let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Args::checked(&deep(64), vec![]).is_ok());
        assert!(Args::checked(&deep(65), vec![]).is_err());
        assert!(Args::checked(&deep(100_000), vec![]).is_err());
        assert!(Args::checked("[]", vec![Bytes::new(); MAX_ATTACHMENTS + 1]).is_err());
    }

    #[test]
    fn the_name_is_split_from_the_arguments() {
        let split = |json| split_first(json).map(|(name, args)| format!("{name} {args}"));
        assert_eq!(split(r#"["a"]"#).as_deref(), Some("a []"));
        assert_eq!(split(r#"[ "a" , 1, [2] ]"#).as_deref(), Some("a [1, [2] ]"));
        assert_eq!(split("[12,1]").as_deref(), Some("12 [1]"));
        for json in ["[]", "[null]", "[{}]", "[[\"a\"]]", "[true]"] {
            assert_eq!(split(json), None, "{json}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_mended() {
        for (text, wanted) in [
            (r#"["\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#),
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\uDE00x"]"#, r#"["\ufffdx"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\\ud83d"]"#, r#"["\\ud83d"]"#),
            (r#"["\"\ud83dé"]"#, r#"["\"\ufffdé"]"#),
        ] {
            let mended = without_lone_surrogates(text);
            assert_eq!(mended, wanted);
            assert!(is_json(&mended) && is_sound(&mended, 0), "{mended}");
        }
        assert_eq!(without_lone_surrogates(r#"["\ud8"#), r#"["\ud8"#);
    }
}
