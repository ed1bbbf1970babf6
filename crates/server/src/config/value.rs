//! What a setting's type must be able to do, and the plain types. No setting is named here.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

/// What a source gave for a setting, before it is understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// From a variable or a flag, where everything is text.
    Word(String),
    /// A TOML string.
    Text(String),
    Integer(i64),
    Switch(bool),
    List(Vec<Raw>),
    /// A section of the file with nothing in it.
    EmptyTable,
    /// Something that no setting takes, by its TOML name.
    Other(&'static str),
}

impl Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::List(_) => write!(f, "a list"),
            Self::EmptyTable => write!(f, "a table"),
            Self::Other(kind) => write!(f, "{kind}"),
        }
    }
}

/// Why a value was not taken.
#[derive(Debug, PartialEq)]
pub enum Wrong {
    /// It is not what `expected` says.
    Kind,
    /// It is of the right kind, but this is the matter with it.
    Because(String),
}

/// How a setting's value is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// `--flag`
    Switch,
    /// `--flag VALUE`
    One,
    /// `--flag VALUE`, as often as wanted
    Many,
}

pub trait Value: Sized {
    const SHAPE: Shape = Shape::One;
    const PLACEHOLDER: &'static str;

    /// Completes "must be …".
    fn expected() -> String;
    fn parse(raw: &Raw) -> Result<Self, Wrong>;
    /// As it is written in the file.
    fn show(&self) -> String;
}

pub fn parse_within<T: Value + PartialOrd>(
    raw: &Raw,
    range: &RangeInclusive<T>,
) -> Result<T, Wrong> {
    T::parse(raw).and_then(|value| range.contains(&value).then_some(value).ok_or(Wrong::Kind))
}

pub fn expected_within<T: Value>(range: &RangeInclusive<T>) -> String {
    let unquoted = |value: &T| value.show().replace('"', "");
    format!("{} from {} to {}", T::expected(), unquoted(range.start()), unquoted(range.end()))
}

/// For text of somebody else in a one-line message.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_default).collect();
    let rest = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("\"{shown}{rest}\"")
}

impl Value for bool {
    const SHAPE: Shape = Shape::Switch;
    const PLACEHOLDER: &'static str = "true|false";

    fn expected() -> String {
        "true or false".into()
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        match raw {
            Raw::Switch(on) => Ok(*on),
            Raw::Word(word) => word.parse().map_err(|_| Wrong::Kind),
            Raw::Text(_) | Raw::Integer(_) | Raw::List(_) | Raw::EmptyTable | Raw::Other(_) => {
                Err(Wrong::Kind)
            }
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    const PLACEHOLDER: &'static str = "NUMBER";

    fn expected() -> String {
        "a whole number".into()
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        match raw {
            Raw::Integer(number) => Self::try_from(*number).map_err(|_| Wrong::Kind),
            Raw::Word(word) => word.parse().map_err(|_| Wrong::Kind),
            Raw::Text(_) | Raw::Switch(_) | Raw::List(_) | Raw::EmptyTable | Raw::Other(_) => {
                Err(Wrong::Kind)
            }
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A value written as text, which says itself what is wrong with it.
pub trait Word: Sized + Display {
    const PLACEHOLDER: &'static str;
    fn expected() -> String;
    fn read(text: &str) -> Result<Self, Wrong>;
}

impl<T: Word> Value for T {
    const PLACEHOLDER: &'static str = T::PLACEHOLDER;

    fn expected() -> String {
        T::expected()
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        match raw {
            Raw::Word(text) | Raw::Text(text) => T::read(text),
            Raw::Integer(_) | Raw::Switch(_) | Raw::List(_) | Raw::EmptyTable | Raw::Other(_) => {
                Err(Wrong::Kind)
            }
        }
    }

    fn show(&self) -> String {
        toml_string(&self.to_string())
    }
}

impl<T: Word> Value for Vec<T> {
    const SHAPE: Shape = Shape::Many;
    const PLACEHOLDER: &'static str = T::PLACEHOLDER;

    fn expected() -> String {
        format!("a list, each {}", T::expected())
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        match raw {
            Raw::List(items) => items.iter().map(parse_item).collect(),
            Raw::Word(words) => words
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(|word| parse_item(&Raw::Word(word.into())))
                .collect(),
            Raw::Text(_) | Raw::Integer(_) | Raw::Switch(_) | Raw::EmptyTable | Raw::Other(_) => {
                Err(Wrong::Kind)
            }
        }
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Value::show).collect();
        format!("[{}]", items.join(", "))
    }
}

fn parse_item<T: Word>(raw: &Raw) -> Result<T, Wrong> {
    T::parse(raw).map_err(|wrong| match wrong {
        Wrong::Kind => Wrong::Because(format!("{raw} is not {}", T::expected())),
        Wrong::Because(_) => wrong,
    })
}

fn toml_string(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Raw {
        Raw::Word(text.into())
    }

    #[test]
    fn a_number_in_quotes_is_no_number_in_a_file() {
        assert_eq!(usize::parse(&Raw::Text("5".into())), Err(Wrong::Kind));
        assert_eq!(usize::parse(&word("5")), Ok(5));
        assert_eq!(usize::parse(&Raw::Integer(-5)), Err(Wrong::Kind));
    }

    #[test]
    fn ranges_include_their_ends() {
        assert_eq!(parse_within(&word("1"), &(1..=3)), Ok(1));
        assert_eq!(parse_within(&word("3"), &(1..=3)), Ok(3));
        assert_eq!(parse_within(&word("4"), &(1..=3)), Err(Wrong::Kind));
        assert_eq!(expected_within(&(1..=3)), "a whole number from 1 to 3");
    }

    #[test]
    fn foreign_text_stays_on_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m\"c"), r#""a\nb\u{1b}[31m\"c""#);
        assert!(quoted(&"x".repeat(1_000)).len() < 100);
        assert_eq!(toml_string("a\"b\\c\n"), r#""a\"b\\c\u000A""#);
    }
}
