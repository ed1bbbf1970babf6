//! Times and sizes: a number with a unit.

use super::value::{Raw, Value, Wrong};
use std::time::Duration;

/// Units of a quantity, largest first; the plain number is `base` of them.
fn parse_quantity(raw: &Raw, base: u64, units: &[(&str, u64)]) -> Result<u64, Wrong> {
    let text = match raw {
        Raw::Integer(number) => {
            let number = u64::try_from(*number).map_err(|_| Wrong::Kind)?;
            return number.checked_mul(base).ok_or(Wrong::Kind);
        }
        Raw::Word(text) | Raw::Text(text) => text.trim(),
        Raw::Switch(_) | Raw::List(_) | Raw::EmptyTable | Raw::Other(_) => return Err(Wrong::Kind),
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
}
