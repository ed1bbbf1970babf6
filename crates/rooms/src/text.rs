//! Texts that clients send, checked once at the border: an invalid one can't be written down.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Why a text was not accepted; reads on after the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    Empty,
    TooLong { max_chars: usize },
    ControlCharacter,
    TooShort { min_chars: usize },
    TooMany { max: usize },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "must not be empty"),
            Self::TooLong { max_chars } => write!(f, "has more than {max_chars} characters"),
            Self::ControlCharacter => write!(f, "has a control character"),
            Self::TooShort { min_chars } => write!(f, "has fewer than {min_chars} characters"),
            Self::TooMany { max } => write!(f, "has more than {max} entries"),
        }
    }
}

/// Accepts a text that people read: something visible, no control characters.
pub(crate) fn check_name(text: &str, max_chars: usize) -> Result<&str, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::Empty);
    }
    check_line(text, max_chars)
}

fn check_line(text: &str, max_chars: usize) -> Result<&str, Invalid> {
    if text.chars().nth(max_chars).is_some() {
        return Err(Invalid::TooLong { max_chars });
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::ControlCharacter);
    }
    Ok(text)
}

macro_rules! line_of_text {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub const MAX_CHARS: usize = $max;

            pub fn parse(text: &str) -> Result<Self, Invalid> {
                check_name(text, Self::MAX_CHARS).map(|text| Self(text.into()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

line_of_text!(
    /// How a member wants to be called.
    DisplayName,
    64
);
line_of_text!(
    /// Who a member is to the application; two members may claim the same, and a policy decides.
    Identity,
    128
);
line_of_text!(
    /// The sender's own mark on a chat message, delivered with it.
    ChatKey,
    64
);

line_of_text!(
    /// An address that a member chose, unique in its room.
    Alias,
    128
);
line_of_text!(
    /// The name of an event among clients whose messages have names.
    EventName,
    128
);

impl Default for DisplayName {
    /// For clients that have no names, such as the tutorials'.
    fn default() -> Self {
        Self("Guest".into())
    }
}

/// Made by the client for one join, so that the join can be repeated. As good as a secret until the first command.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(Arc<str>);

impl Nonce {
    pub const MIN_CHARS: usize = 16;
    pub const MAX_CHARS: usize = 128;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = check_name(text, Self::MAX_CHARS)?;
        if text.chars().nth(Self::MIN_CHARS - 1).is_none() {
            return Err(Invalid::TooShort { min_chars: Self::MIN_CHARS });
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(…)")
    }
}

/// What members tell of themselves to everybody in the room: strings by string.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Attributes(BTreeMap<Arc<str>, Arc<str>>);

impl Attributes {
    pub const MAX_ENTRIES: usize = 32;
    pub const MAX_KEY_CHARS: usize = 64;
    pub const MAX_VALUE_CHARS: usize = 1024;

    /// Sets a key, or removes it with `None`.
    pub fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), Invalid> {
        let key = check_name(key, Self::MAX_KEY_CHARS)?;
        let Some(value) = value else {
            self.0.remove(key);
            return Ok(());
        };
        if value.chars().nth(Self::MAX_VALUE_CHARS).is_some() {
            return Err(Invalid::TooLong { max_chars: Self::MAX_VALUE_CHARS });
        }
        if !self.0.contains_key(key) && self.0.len() >= Self::MAX_ENTRIES {
            return Err(Invalid::TooMany { max: Self::MAX_ENTRIES });
        }
        self.0.insert(key.into(), value.into());
        Ok(())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

/// Binary arguments of a named event. In its JSON they stand as `{"_placeholder":true,"num":<index>}`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Attachments(Arc<[Arc<[u8]>]>);

impl Attachments {
    #[must_use]
    pub fn new(parts: Vec<Arc<[u8]>>) -> Self {
        Self(parts.into())
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<[u8]>> {
        self.0.iter()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.iter().map(|part| part.len()).sum()
    }
}

/// A JSON text that the dialect has read already; rooms carry it and never look inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    #[must_use]
    pub fn from_checked(text: &str) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_merge_and_have_limits() {
        let mut attributes = Attributes::default();
        attributes.set("mic", Some("on")).unwrap();
        attributes.set("mic", Some("")).unwrap();
        attributes.set("camera", Some("on")).unwrap();
        attributes.set("camera", None).unwrap();
        assert_eq!(attributes.iter().collect::<Vec<_>>(), [("mic", "")]);

        for n in 1..Attributes::MAX_ENTRIES {
            attributes.set(&n.to_string(), Some("x")).unwrap();
        }
        assert_eq!(attributes.set("one more", Some("x")), Err(Invalid::TooMany { max: 32 }));
        assert_eq!(attributes.set("mic", Some("still")), Ok(()));
        assert!(attributes.set("mic", Some(&"x".repeat(1025))).is_err());
    }

    #[test]
    fn a_nonce_is_long_enough_to_be_unguessable() {
        assert_eq!(Nonce::parse("short"), Err(Invalid::TooShort { min_chars: 16 }));
        assert!(Nonce::parse("0123456789abcdef").is_ok());
    }
}
