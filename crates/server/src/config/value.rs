//! The types that a setting can have: how each is written, read and shown. No setting is named here.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::time::Duration;

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
            Raw::Text(_) | Raw::Integer(_) | Raw::List(_) | Raw::Other(_) => Err(Wrong::Kind),
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
            Raw::Text(_) | Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => Err(Wrong::Kind),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Units of a quantity, largest first; the plain number is `base` of them.
fn parse_quantity(raw: &Raw, base: u64, units: &[(&str, u64)]) -> Result<u64, Wrong> {
    let text = match raw {
        Raw::Integer(number) => {
            let number = u64::try_from(*number).map_err(|_| Wrong::Kind)?;
            return number.checked_mul(base).ok_or(Wrong::Kind);
        }
        Raw::Word(text) | Raw::Text(text) => text.trim(),
        Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => return Err(Wrong::Kind),
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let scale = match units.iter().find(|(name, _)| *name == unit) {
        Some((_, scale)) => *scale,
        None if unit.is_empty() => base,
        None => return Err(Wrong::Kind),
    };
    let number: u64 = number.parse().map_err(|_| Wrong::Kind)?;
    number.checked_mul(scale).ok_or(Wrong::Kind)
}

fn show_quantity(amount: u64, units: &[(&str, u64)]) -> String {
    let whole = units.iter().find(|(_, scale)| amount >= *scale && amount.is_multiple_of(*scale));
    match whole {
        Some((unit, scale)) => format!("\"{}{unit}\"", amount / scale),
        None => amount.to_string(),
    }
}

const TIME_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Value for Duration {
    const PLACEHOLDER: &'static str = "TIME";

    fn expected() -> String {
        "a time such as \"30s\" or \"500ms\"".into()
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        parse_quantity(raw, 1_000, &TIME_UNITS).map(Self::from_millis)
    }

    fn show(&self) -> String {
        show_quantity(u64::try_from(self.as_millis()).unwrap_or(u64::MAX), &TIME_UNITS)
    }
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

impl Bytes {
    pub const fn kib(number: usize) -> Self {
        Self(number << 10)
    }

    pub const fn mib(number: usize) -> Self {
        Self(number << 20)
    }
}

const SIZE_UNITS: [(&str, u64); 4] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Value for Bytes {
    const PLACEHOLDER: &'static str = "SIZE";

    fn expected() -> String {
        "a size such as \"256KiB\" or \"4MiB\"".into()
    }

    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        let bytes = parse_quantity(raw, 1, &SIZE_UNITS)?;
        usize::try_from(bytes).map(Self).map_err(|_| Wrong::Kind)
    }

    fn show(&self) -> String {
        show_quantity(self.0 as u64, &SIZE_UNITS)
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
            Raw::Integer(_) | Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => Err(Wrong::Kind),
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
            Raw::Text(_) | Raw::Integer(_) | Raw::Switch(_) | Raw::Other(_) => Err(Wrong::Kind),
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
    fn times_have_units_and_a_plain_number_is_seconds() {
        let cases = [
            (word("500ms"), 500),
            (word("30s"), 30_000),
            (Raw::Text("5 m".into()), 300_000),
            (word("2h"), 7_200_000),
            (word("7"), 7_000),
            (Raw::Integer(7), 7_000),
            (word("0"), 0),
        ];
        for (raw, millis) in cases {
            assert_eq!(Duration::parse(&raw), Ok(Duration::from_millis(millis)), "{raw}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "30S",
            "1s2",
            "99999999999999999999s",
            "9999999999999999h",
        ] {
            assert_eq!(Duration::parse(&word(text)), Err(Wrong::Kind), "{text}");
        }
        assert_eq!(Duration::parse(&Raw::Integer(-1)), Err(Wrong::Kind));
        assert_eq!(Duration::parse(&Raw::Switch(true)), Err(Wrong::Kind));
    }

    #[test]
    fn sizes_have_binary_units_and_a_plain_number_is_bytes() {
        assert_eq!(Bytes::parse(&word("256KiB")), Ok(Bytes::kib(256)));
        assert_eq!(Bytes::parse(&word("4MiB")), Ok(Bytes::mib(4)));
        assert_eq!(Bytes::parse(&Raw::Integer(5)), Ok(Bytes(5)));
        for text in ["256KB", "256k", "-1", "1e3"] {
            assert_eq!(Bytes::parse(&word(text)), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back_the_same() {
        for millis in [0, 1, 500, 1_500, 30_000, 90_000, 3_600_000] {
            let time = Duration::from_millis(millis);
            assert_eq!(Duration::parse(&word(&time.show().replace('"', ""))), Ok(time));
        }
        for bytes in [0, 1, 1_000, 1 << 10, 3 << 20, (1 << 20) + 1] {
            assert_eq!(
                Bytes::parse(&word(&Bytes(bytes).show().replace('"', ""))),
                Ok(Bytes(bytes))
            );
        }
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
