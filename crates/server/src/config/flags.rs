//! The command line. Goes on after a mistake, so that all of them are reported.

use super::settings::{SETTINGS, Setting};
use super::value::{Raw, Shape, quoted};
use super::{FileChoice, Mistake, Source, nearest};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the program is to do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Mode {
    #[default]
    Run,
    Check,
    PrintExample,
    Version,
    Help,
}

#[derive(Default)]
pub struct Arguments {
    pub mode: Mode,
    pub config: FileChoice,
    pub values: Vec<(&'static Setting, Raw)>,
}

/// Flags that are no settings, with their sentence for the help.
pub const GENERAL: [(&str, &str); 5] = [
    ("--config", "Read settings from this TOML file (also PARLOR_CONFIG)."),
    ("--check-config", "Print the settings in force and where each comes from, and end."),
    ("--print-example-config", "Print a configuration file with every setting, and end."),
    ("--version", "Print the version, and end."),
    ("--help", "Print this, and end."),
];

/// Whether the word after this flag belongs to it; `None`: there is no such flag.
pub fn takes_value(flag: &str) -> Option<bool> {
    let general = || GENERAL.iter().any(|(name, _)| *name == flag).then_some(flag == "--config");
    let setting = SETTINGS.iter().find(|setting| setting.flag() == flag);
    setting.map(|setting| setting.shape != Shape::Switch).or_else(general)
}

pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    mistakes: &mut Vec<Mistake>,
) -> Arguments {
    let mut parser = Parser::from_args(arguments);
    let mut parsed = Arguments::default();
    loop {
        let flag = match parser.next() {
            Ok(None) => return parsed,
            Ok(Some(Arg::Long(name))) => format!("--{name}"),
            Ok(Some(Arg::Short(letter))) => match letter {
                'h' => "--help".into(),
                'V' => "--version".into(),
                _ => format!("-{letter}"),
            },
            Ok(Some(Arg::Value(value))) => {
                let text =
                    "this is neither a flag nor the value of one; parlor --help shows the flags";
                mistakes.push(Mistake::new(Source::Flag(quoted(&value.to_string_lossy())), text));
                continue;
            }
            Err(error) => {
                mistakes.push(Mistake::new(Source::Flag("command line".into()), error.to_string()));
                continue;
            }
        };
        if let Err(text) = take(&flag, &mut parser, &mut parsed) {
            mistakes.push(Mistake::new(Source::Flag(flag), text));
        }
    }
}

fn take(flag: &str, parser: &mut Parser, parsed: &mut Arguments) -> Result<(), String> {
    match flag {
        "--help" => raise(&mut parsed.mode, Mode::Help),
        "--version" => raise(&mut parsed.mode, Mode::Version),
        "--print-example-config" => raise(&mut parsed.mode, Mode::PrintExample),
        "--check-config" => raise(&mut parsed.mode, Mode::Check),
        "--config" => {
            let path = PathBuf::from(value_of(parser)?);
            parsed.config = Some((path, Source::Flag(flag.into())));
        }
        _ => return take_setting(flag, parser, &mut parsed.values),
    }
    Ok(())
}

/// The one that prints more wins, whatever their order.
fn raise(mode: &mut Mode, asked: Mode) {
    if (*mode as u8) < (asked as u8) {
        *mode = asked;
    }
}

fn take_setting(
    flag: &str,
    parser: &mut Parser,
    values: &mut Vec<(&'static Setting, Raw)>,
) -> Result<(), String> {
    let Some(setting) = SETTINGS.iter().find(|setting| setting.flag() == flag) else {
        // What follows was meant for it: one mistake, one line.
        _ = value_of(parser);
        let known = SETTINGS.iter().map(Setting::flag).chain(GENERAL.map(|(name, _)| name.into()));
        return Err(format!("there is no such flag{}", nearest(flag, known)));
    };
    let raw = match setting.shape {
        Shape::Switch => match parser.optional_value() {
            Some(value) => Raw::Word(text_of(value)?),
            None => Raw::Switch(true),
        },
        Shape::One | Shape::Many => Raw::Word(text_of(value_of(parser)?)?),
    };
    let earlier = values.iter_mut().find(|(known, _)| known.key == setting.key);
    match (earlier, setting.shape) {
        (Some((_, earlier)), Shape::Many) => add(earlier, raw),
        (Some(_), Shape::Switch | Shape::One) => return Err("is given twice".into()),
        (None, Shape::Many) => {
            let mut list = Raw::List(Vec::new());
            add(&mut list, raw);
            values.push((setting, list));
        }
        (None, Shape::Switch | Shape::One) => values.push((setting, raw)),
    }
    Ok(())
}

/// `--listen a,b --listen c` is a list of three.
fn add(list: &mut Raw, raw: Raw) {
    if let (Raw::List(items), Raw::Word(words)) = (list, raw) {
        let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
        items.extend(words.map(|word| Raw::Word(word.into())));
    }
}

/// The next word, unless it is a flag: `--log --listen x` lacks a value, and says so.
fn value_of(parser: &mut Parser) -> Result<OsString, String> {
    const MISSING: &str = "needs a value";
    if let Some(value) = parser.optional_value() {
        return Ok(value);
    }
    let mut rest = parser.try_raw_args().ok_or(MISSING)?;
    match rest.peek().map(|next| next.to_string_lossy().starts_with("--")) {
        Some(false) => rest.next().ok_or_else(|| MISSING.into()),
        Some(true) | None => Err(MISSING.into()),
    }
}

fn text_of(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|_| "the value is not valid UTF-8".into())
}
