//! What the server is told: file < environment < flags, all mistakes at once.

mod address;
mod admin_words;
mod certificate_rules;
mod document;
mod file;
mod flags;
mod help;
mod naming;
mod outside;
mod quantity;
mod relay;
mod rules;
mod settings;
mod templates;
mod tls_words;
mod token_rules;
mod token_words;
mod value;
mod watching;
mod words;

pub use address::{LOOPBACK, ListenAddress};
#[cfg(test)]
pub use admin_words::AdminToken;
pub use admin_words::TokenFile;
pub use flags::takes_value;
pub use outside::Ancestor;
pub use relay::Network;
pub use settings::{
    Acme, Admin, Config, Dialects, Limits, Metrics, Otel, Server, Tokens, Webhooks,
};
pub use templates::{PermanentRoom, Template, Templates};
#[cfg(test)]
pub use tls_words::Domain;
pub use token_words::KeySet;
#[cfg(test)]
pub use token_words::{Audience, Issuer, KeyFile};
pub use value::{Word, Wrong};
pub use words::{
    AdHocRooms, AddressDetail, AllowedOrigin, DialectPolicy, DuplicateIdentity, LogFormat,
    RelayPeers,
};

use flags::{Arguments, Mode};
use settings::{SETTINGS, Setting};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use value::Raw;

/// What the user asked for.
#[derive(Debug)]
pub enum Request {
    Run(Box<Config>),
    /// Print this and end.
    Print(String),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Default,
    File { path: PathBuf, line: usize },
    Variable(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One line for the user: where, and what is the matter.
#[derive(Debug, PartialEq)]
pub struct Mistake {
    source: Source,
    text: String,
}

impl Mistake {
    fn new(source: Source, text: impl Into<String>) -> Self {
        Self { source, text: text.into() }
    }

    /// Made by whoever typed the command, not by whoever wrote the configuration.
    pub fn is_of_command_line(&self) -> bool {
        match self.source {
            Source::Flag(_) => true,
            Source::Default | Source::File { .. } | Source::Variable(_) => false,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.text)
    }
}

/// Reads every source, the weakest first.
pub fn load(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Request, Vec<Mistake>> {
    let mut loading = Loading::default();
    let arguments = flags::parse(arguments, &mut loading.mistakes);
    match arguments.mode {
        Mode::Help => return Ok(Request::Print(help::text())),
        Mode::Version => {
            return Ok(Request::Print(format!("parlor {}\n", env!("CARGO_PKG_VERSION"))));
        }
        Mode::PrintExample => return Ok(Request::Print(document::example())),
        Mode::Run | Mode::Check => {}
    }
    let mode = arguments.mode;
    loading.read(arguments, environment);
    let Loading { mut config, sources, mut mistakes } = loading;
    if config.server.domain.0.is_some() && *sources.of("listen") == Source::Default {
        config.server.listen = ListenAddress::everywhere(HTTPS);
    }
    mistakes.extend(rules::broken(&config, &sources));
    match mode {
        _ if !mistakes.is_empty() => Err(mistakes),
        Mode::Check => Ok(Request::Print(document::effective(&config, &sources))),
        Mode::Run | Mode::Help | Mode::Version | Mode::PrintExample => {
            Ok(Request::Run(Box::new(config)))
        }
    }
}

/// A time as settings have it: 30s, 5m, 2h.
pub fn duration(text: &str) -> Option<Duration> {
    value::Value::parse(&Raw::Word(text.into())).ok()
}

/// The keys of what is not the same in both.
pub fn differences(one: &Config, other: &Config) -> Vec<&'static str> {
    let differs = |setting: &&Setting| (setting.differs)(one, other);
    SETTINGS.iter().filter(differs).map(|setting| setting.key).collect()
}

/// Which source each setting came from; what is absent has its default.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<&'static str, Source>);

impl Sources {
    fn of(&self, key: &str) -> &Source {
        self.0.get(key).unwrap_or(&Source::Default)
    }
}

#[derive(Default)]
struct Loading {
    config: Config,
    sources: Sources,
    mistakes: Vec<Mistake>,
}

impl Loading {
    fn read(
        &mut self,
        arguments: Arguments,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) {
        let (file, variables) = split_environment(environment, &mut self.mistakes);
        if let Some((path, source)) = arguments.config.or(file) {
            self.file(&path, source);
        }
        for (name, text) in variables {
            self.variable(name, text);
        }
        for (setting, raw) in arguments.values {
            self.set(setting, &raw, Source::Flag(setting.flag()));
        }
    }

    fn file(&mut self, path: &Path, source: Source) {
        let entries = match std::fs::read_to_string(path) {
            Ok(text) => file::entries(&text),
            Err(error) => {
                let text = format!("cannot read {}: {error}", path.display());
                return self.mistakes.push(Mistake::new(source, text));
            }
        };
        let at = |line| Source::File { path: path.into(), line };
        match entries {
            Ok(entries) => entries.iter().for_each(|entry| match Setting::find(&entry.key) {
                Some(setting) => self.set(setting, &entry.raw, at(entry.line)),
                // As in the example file, where every setting is commented out.
                None if entry.raw == Raw::EmptyTable && Setting::is_section(&entry.key) => {}
                None => {
                    let taken = self.config.room_templates.take(&entry.key, &entry.raw);
                    if let Some(taken) = taken {
                        let wrong = taken.err().map(|text| Mistake::new(at(entry.line), text));
                        return self.mistakes.extend(wrong);
                    }
                    let hint = nearest(&entry.key, SETTINGS.iter().map(|known| known.key.into()));
                    let text = format!("{} is not a setting{hint}", value::quoted(&entry.key));
                    self.mistakes.push(Mistake::new(at(entry.line), text));
                }
            }),
            Err(errors) => self
                .mistakes
                .extend(errors.into_iter().map(|error| Mistake::new(at(error.line), error.text))),
        }
    }

    fn variable(&mut self, name: String, text: String) {
        match SETTINGS.iter().find(|setting| setting.variable() == name) {
            Some(setting) => self.set(setting, &Raw::Word(text), Source::Variable(name)),
            None => {
                let known = SETTINGS.iter().map(Setting::variable).chain([CONFIG_VARIABLE.into()]);
                let text = format!("there is no such variable{}", nearest(&name, known));
                self.mistakes.push(Mistake::new(Source::Variable(name), text));
            }
        }
    }

    fn set(&mut self, setting: &'static Setting, raw: &Raw, source: Source) {
        match (setting.read)(raw, &mut self.config) {
            Ok(()) => {
                self.sources.0.insert(setting.key, source);
            }
            Err(wrong) => {
                let text = match wrong {
                    Wrong::Kind => {
                        format!("{} must be {}, not {raw}", setting.key, (setting.expected)())
                    }
                    Wrong::Because(why) => format!("{}: {why}", setting.key),
                };
                self.mistakes.push(Mistake::new(source, text));
            }
        }
    }
}

/// `; did you mean …?`, or nothing when no name is near.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    const NEAR: f64 = 0.75;
    known
        .map(|known| (strsim::jaro_winkler(bare(name), bare(&known)), known))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| format!("; did you mean {known}?"))
        .unwrap_or_default()
}

/// Without what all flags, or all variables, have in common.
fn bare(name: &str) -> &str {
    name.trim_start_matches("--").trim_start_matches("PARLOR_")
}

/// Where browsers look for a name, and certificate authorities for the proof that it is ours.
const HTTPS: u16 = 443;
const CONFIG_VARIABLE: &str = "PARLOR_CONFIG";

type FileChoice = Option<(PathBuf, Source)>;

/// The file that the environment names, and our variables in the order of their names.
fn split_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    mistakes: &mut Vec<Mistake>,
) -> (FileChoice, BTreeMap<String, String>) {
    let mut file = None;
    let mut variables = BTreeMap::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with("PARLOR_")) else {
            continue;
        };
        let source = Source::Variable(name.into());
        if name == CONFIG_VARIABLE {
            file = Some((PathBuf::from(value), source));
            continue;
        }
        match value.into_string() {
            Ok(text) => {
                variables.insert(name.into(), text);
            }
            Err(_) => mistakes.push(Mistake::new(source, "the value is not valid UTF-8")),
        }
    }
    (file, variables)
}

#[cfg(test)]
mod tests;
