//! The command line of `parlor doctor`: its own flags, and the server's, which say what to check beside it.

use super::relays::Offer;
use super::target::Target;
use super::turn_client::Credentials;
use crate::config::{self, Config, Mistake, Request};
use std::ffi::OsString;
use std::time::Duration;

pub const HELP: &str = "\
Usage: parlor doctor [URL] [FLAGS]

Says whether calls will work, and if not, why, and the one thing that mends it.
With a URL (https://meet.example.org) it checks any Parlor from outside; without,
the server that the flags, the environment and the file describe, on this machine.

  --json
        Print the report as JSON.
  --turn <URL>...
        Check this relay in place of those that the server offers, such as
        turn:192.0.2.1:3478?transport=udp or turns:turn.example.org:443.
  --user <NAME:PASSWORD>
        What opens the relays given with --turn.
  --timeout <SECONDS>
        How long each check may take. [default: 5]
  -h, --help
        Print this, and end.

Without a URL it also takes the flags of the server: parlor --help shows them.
Exit codes: 0 all is well (warnings too), 1 a check failed, 2 a mistake in the flags.
";

const TIMEOUT: Duration = Duration::from_secs(5);
/// Within less than that even a good relay can't show what it carries.
const TIMEOUTS: std::ops::RangeInclusive<f64> = 0.5..=60.0;

#[derive(Debug, PartialEq)]
pub enum Subject {
    /// A Parlor somewhere.
    Address(Target),
    /// The one that this machine's configuration describes.
    Local(Box<Config>),
    /// What this machine's configuration describes is none.
    Broken(Vec<String>),
}

#[derive(Debug, PartialEq)]
pub struct Asked {
    pub subject: Subject,
    pub json: bool,
    /// In place of what the server offers.
    pub relays: Option<Offer>,
    pub deadline: Duration,
}

#[derive(Debug)]
pub enum Command {
    Print(String),
    Examine(Box<Asked>),
}

/// Every mistake of the command line at once.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Command, Vec<String>> {
    let mut own = Own::default();
    own.take_all(arguments.into_iter());
    if own.help {
        return Ok(Command::Print(HELP.into()));
    }
    let relays = own.relays();
    let deadline = own.deadline();
    let subject = own.subject(environment);
    if !own.mistakes.is_empty() {
        return Err(own.mistakes);
    }
    Ok(match subject {
        Some(Ok(subject)) => {
            Command::Examine(Box::new(Asked { subject, json: own.json, relays, deadline }))
        }
        Some(Err(text)) => Command::Print(text),
        None => Command::Print(HELP.into()),
    })
}

#[derive(Default)]
struct Own {
    help: bool,
    json: bool,
    turn: Vec<String>,
    user: Option<String>,
    timeout: Option<String>,
    urls: Vec<String>,
    /// For the configuration of the server.
    servers: Vec<OsString>,
    mistakes: Vec<String>,
}

impl Own {
    fn take_all(&mut self, arguments: impl Iterator<Item = OsString>) {
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            let Some(text) = argument.to_str() else {
                self.mistakes.push(format!("{}: this is not valid UTF-8", argument.display()));
                continue;
            };
            let (flag, value) = match text.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                Some(_) | None => (text, None),
            };
            let given = value.is_some();
            match flag {
                "--help" | "-h" => self.help = true,
                "--json" => self.json = true,
                "--turn" | "--user" | "--timeout" => match value.or_else(|| next(&mut arguments)) {
                    Some(value) => self.take(flag, value),
                    None => self.mistakes.push(format!("{flag}: needs a value")),
                },
                _ if !flag.starts_with('-') => self.urls.push(text.into()),
                _ => {
                    // The word after a flag that does not exist was meant for it: one mistake, one line.
                    let takes = !given && config::takes_value(flag).unwrap_or(true);
                    let value = arguments.next_if(|next| takes && is_value(next));
                    self.servers.extend([argument].into_iter().chain(value));
                }
            }
        }
    }

    fn take(&mut self, flag: &str, value: String) {
        let place = match flag {
            "--turn" => return self.turn.push(value),
            "--user" => &mut self.user,
            _ => &mut self.timeout,
        };
        if place.replace(value).is_some() {
            self.mistakes.push(format!("{flag}: is given twice"));
        }
    }

    fn relays(&mut self) -> Option<Offer> {
        let credentials = self.user.as_ref().map(|user| {
            // The name of time-limited credentials is a time, a colon and more; their password has no colon.
            let timed = user.split(':').next().is_some_and(|first| first.parse::<u64>().is_ok());
            let parts = if timed { user.rsplit_once(':') } else { user.split_once(':') };
            let (name, password) = parts.unwrap_or((user, ""));
            Credentials { name: name.into(), password: password.into() }
        });
        if self.turn.is_empty() {
            if self.user.is_some() {
                self.mistakes.push("--user: is for the relays given with --turn".into());
            }
            return None;
        }
        let mut offer = Offer::default();
        for url in &self.turn {
            offer.add(url, credentials.as_ref());
        }
        for url in &offer.unusable {
            let why = match credentials {
                Some(_) => {
                    "must be turn:HOST:PORT?transport=udp (or tcp), turns:HOST:PORT or stun:HOST:PORT"
                }
                None => "needs --user NAME:PASSWORD",
            };
            self.mistakes.push(format!("--turn: {url} {why}"));
        }
        Some(offer)
    }

    fn deadline(&mut self) -> Duration {
        let Some(text) = &self.timeout else { return TIMEOUT };
        let seconds = text.trim_end_matches('s').parse().ok();
        let seconds = seconds.filter(|seconds| TIMEOUTS.contains(seconds));
        if seconds.is_none() {
            self.mistakes.push(format!("--timeout: must be seconds from 0.5 to 60, not {text}"));
        }
        seconds.map_or(TIMEOUT, Duration::from_secs_f64)
    }

    /// `Err`: only to be printed.
    fn subject(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Option<Result<Subject, String>> {
        match self.urls.as_slice() {
            [] => self.local(environment),
            [url] => {
                let target = Target::parse(url);
                if target.is_none() {
                    self.mistakes.push(format!(
                        "{url}: must be an address without a path, such as https://meet.example.org"
                    ));
                }
                if let Some(flag) = self.servers.first() {
                    self.mistakes.push(format!(
                        "{}: is a flag of the server on this machine, but {url} is to be checked",
                        flag.display()
                    ));
                }
                target.map(|target| Ok(Subject::Address(target)))
            }
            [_, more, ..] => {
                self.mistakes.push(format!("{more}: one address is checked at a time"));
                None
            }
        }
    }

    fn local(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Option<Result<Subject, String>> {
        match config::load(std::mem::take(&mut self.servers), environment) {
            Ok(Request::Run(config)) if config.server.listen.iter().any(|at| at.port() == 0) => {
                self.mistakes.push(
                    "listen: port 0 is any port; give the address of the server instead".into(),
                );
                None
            }
            Ok(Request::Run(config)) => Some(Ok(Subject::Local(config))),
            Ok(Request::Print(text)) => Some(Err(text)),
            Err(mistakes) if mistakes.iter().any(Mistake::is_of_command_line) => {
                self.mistakes.extend(mistakes.iter().map(ToString::to_string));
                None
            }
            Err(mistakes) => {
                Some(Ok(Subject::Broken(mistakes.iter().map(ToString::to_string).collect())))
            }
        }
    }
}

fn is_value(word: &OsString) -> bool {
    !word.to_string_lossy().starts_with("--")
}

fn next(arguments: &mut impl Iterator<Item = OsString>) -> Option<String> {
    arguments.next()?.into_string().ok().filter(|value| !value.starts_with("--"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::target::Scheme;

    fn parsed(arguments: &[&str]) -> Result<Command, Vec<String>> {
        parse(arguments.iter().map(OsString::from), [])
    }

    fn asked_of(arguments: &[&str]) -> Asked {
        match parsed(arguments) {
            Ok(Command::Examine(asked)) => *asked,
            other => panic!("{other:?}"),
        }
    }

    fn mistakes(arguments: &[&str]) -> String {
        parsed(arguments).unwrap_err().join("\n")
    }

    #[test]
    fn a_url_is_what_is_checked() {
        let Subject::Address(target) = asked_of(&["--json", "https://meet.example.org"]).subject
        else {
            panic!("not an address");
        };
        assert_eq!((target.scheme, target.port), (Scheme::Https, 443));
        assert!(asked_of(&["https://meet.example.org", "--json"]).json);
    }

    #[test]
    fn without_a_url_the_flags_of_the_server_describe_it() {
        let asked = asked_of(&[
            "--listen",
            "localhost:9000",
            "--allow-origin",
            "https://a.example",
            "--timeout=2",
        ]);
        let Subject::Local(config) = asked.subject else { panic!("not local") };
        assert_eq!(config.server.listen[0].port(), 9000);
        assert_eq!(config.server.allow_origins.len(), 1);
        assert_eq!(asked.deadline, Duration::from_secs(2));
    }

    #[test]
    fn relays_are_given_with_what_opens_them() {
        let asked = asked_of(&[
            "--turn",
            "turn:a:1?transport=tcp",
            "--turn=turns:b:2",
            "--user",
            "18000:x:pw",
        ]);
        let relays = asked.relays.unwrap().relays;
        assert_eq!(relays.len(), 2);
        assert_eq!(
            relays[0].credentials,
            Credentials { name: "18000:x".into(), password: "pw".into() }
        );
    }

    #[test]
    fn mistakes_of_the_command_line_are_all_told() {
        let told = mistakes(&["http://a/b", "--timeout", "0", "--turn", "turn:a", "--listen", "x"]);
        for words in ["http://a/b", "--timeout", "needs --user", "--listen"] {
            assert!(told.contains(words), "{told}");
        }
        assert!(mistakes(&["--lisen", "x"]).contains("did you mean --listen"));
        assert!(mistakes(&["http://a", "http://b"]).contains("one address"));
        assert!(mistakes(&["--user", "a:b"]).contains("--turn"));
        assert!(mistakes(&["--json", "--turn"]).contains("--turn: needs a value"));
        assert!(mistakes(&["--listen", "localhost:0"]).contains("port 0"));
    }

    #[test]
    fn a_mistake_in_a_variable_is_a_finding_and_not_a_mistake_of_usage() {
        let environment = [("PARLOR_ROOMS_GRACE".into(), "soon".into())];
        let Ok(Command::Examine(asked)) = parse([], environment) else { panic!("refused") };
        let Subject::Broken(mistakes) = asked.subject else { panic!("not broken") };
        assert!(mistakes[0].contains("PARLOR_ROOMS_GRACE"), "{mistakes:?}");
    }

    #[test]
    fn help_is_printed() {
        assert!(matches!(parsed(&["--help", "--odd"]), Ok(Command::Print(text)) if text == HELP));
    }
}
