//! The command line of the commands that act on a running server.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use axum::http::Method;
use lexopt::{Arg, Parser};
use serde_json::json;

use super::acts::{act, lock, on, with};
use super::commands::{Command, NewRoom};
use crate::config::{self, Config, Request, TokenFile};
use crate::doctor::target::{Scheme, Target};

pub const HELP: &str = "\
Usage: parlor rooms [list] [--prefix TEXT]
       parlor rooms show|end|lock|unlock|waiting|bans ROOM
       parlor rooms create [ROOM] [--permanent] [--locked] [--waiting-room]
                           [--mute-on-entry] [--max-members NUMBER] [--role ROLE]
       parlor rooms admit|deny|unban ROOM PEER
       parlor members ROOM
       parlor kick ROOM PEER [--ban 1h]
       parlor mute ROOM [PEER] [--source microphone|camera|screen]
       parlor say ROOM TEXT [--name NAME]
       parlor revoke JTI
       parlor stats

They ask the admin API of a running server. PEER is an id that `parlor members`
shows, or a name or identity that only one member has. Without PEER, mute is for
everybody who does not moderate.

  --server <URL>
        Which server, such as https://meet.example.org. [default: the one that the
        configuration of this machine describes]
  --token-file <FILE>
        File with the token of the admin API. [default: admin.token_file of the
        configuration, also as PARLOR_ADMIN_TOKEN_FILE or PARLOR_ADMIN_TOKEN]
  --config <FILE>
        The configuration to read (also PARLOR_CONFIG).
  --json
        Print what the server answers, as JSON.
  -h, --help
        Print this, and end.

Exit codes: 0 done, 1 refused or not reached, 2 a mistake in the arguments.
";

/// All that one call of the program needs.
#[derive(Debug)]
pub struct Asked {
    pub command: Command,
    pub server: Target,
    pub token: String,
    pub json: bool,
}

#[derive(Debug)]
pub enum Parsed {
    Print(String),
    Ask(Box<Asked>),
}

/// What was written, in no order.
#[derive(Debug, Default)]
struct Written {
    words: Vec<String>,
    flags: Vec<(String, Option<String>)>,
}

const WITH_VALUE: [&str; 9] =
    ["server", "token-file", "config", "prefix", "max-members", "role", "ban", "source", "name"];
const SWITCHES: [&str; 6] =
    ["json", "help", "permanent", "locked", "waiting-room", "mute-on-entry"];
/// For every command.
const COMMON: [&str; 5] = ["server", "token-file", "config", "json", "help"];

pub fn parse(
    word: &str,
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Parsed, String> {
    let written = Written::read(arguments)?;
    if written.has("help") {
        return Ok(Parsed::Print(HELP.into()));
    }
    let command = written.command(word)?;
    let config = written.config(environment)?;
    let server = match written.value("server") {
        Some(url) => Target::parse(url).ok_or_else(|| {
            format!("--server: {url} must be an address without a path, such as https://meet.example.org")
        })?,
        None => server_of(&config)?,
    };
    let token = token(written.value("token-file"), &config)?;
    Ok(Parsed::Ask(Box::new(Asked { command, server, token, json: written.has("json") })))
}

impl Written {
    fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut parser = Parser::from_args(arguments);
        let mut written = Self::default();
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            match argument {
                Arg::Short('h') => written.flags.push(("help".into(), None)),
                Arg::Value(word) => written.words.push(utf8(word)?),
                Arg::Long(flag) if SWITCHES.contains(&flag) => {
                    written.flags.push((flag.into(), None));
                }
                Arg::Long(flag) if WITH_VALUE.contains(&flag) => {
                    let flag = flag.to_owned();
                    let value = parser.value().map_err(|error| error.to_string())?;
                    written.flags.push((flag, Some(utf8(value)?)));
                }
                other @ (Arg::Long(_) | Arg::Short(_)) => {
                    return Err(format!(
                        "{}; parlor rooms --help shows the flags",
                        other.unexpected()
                    ));
                }
            }
        }
        Ok(written)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|(name, _)| name == flag)
    }

    fn value(&self, flag: &str) -> Option<&str> {
        self.flags.iter().find(|(name, _)| name == flag)?.1.as_deref()
    }

    fn command(&self, word: &str) -> Result<Command, String> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let text = |word: &&str| (*word).to_owned();
        let (command, own): (Command, &[&str]) = match (word, words.as_slice()) {
            ("rooms", [] | ["list"]) => {
                (Command::Rooms { prefix: self.value("prefix").map(Into::into) }, &["prefix"])
            }
            ("rooms", ["show", room]) => (Command::Show(text(room)), &[]),
            ("rooms", ["create", name @ ..]) if name.len() < 2 => {
                let flags = &[
                    "permanent",
                    "locked",
                    "waiting-room",
                    "mute-on-entry",
                    "max-members",
                    "role",
                ];
                (Command::Create(self.new_room(name.first().map(text))?), flags)
            }
            ("rooms", ["end", room]) => (act(Method::DELETE, room, "", "is over"), &[]),
            ("rooms", ["lock", room]) => (lock(room, true), &[]),
            ("rooms", ["unlock", room]) => (lock(room, false), &[]),
            ("rooms", ["waiting", room]) => (Command::Waiting(text(room)), &[]),
            ("rooms", ["admit", room, peer]) => {
                (on(Method::POST, room, ("waiting", peer), "/admit", "is in"), &[])
            }
            ("rooms", ["deny", room, peer]) => {
                (on(Method::POST, room, ("waiting", peer), "/deny", "was sent away"), &[])
            }
            ("rooms", ["bans", room]) => (Command::Bans(text(room)), &[]),
            ("rooms", ["unban", room, peer]) => {
                (on(Method::DELETE, room, ("bans", peer), "", "may come in again"), &[])
            }
            ("members", [room]) => (Command::Members(text(room)), &[]),
            ("kick", [room, peer]) => (self.kick(room, peer)?, &["ban"]),
            ("mute", [room, peer @ ..]) if peer.len() < 2 => {
                (self.mute(room, peer.first().copied()), &["source"])
            }
            ("say", [room, said @ ..]) if !said.is_empty() => {
                (self.say(room, &said.join(" ")), &["name"])
            }
            ("revoke", [jti]) => (Command::Revoke(text(jti)), &[]),
            ("stats", []) => (Command::Stats, &[]),
            _ => {
                return Err(format!(
                    "parlor {word} is not used like that; parlor {word} --help shows how"
                ));
            }
        };
        let stray = self
            .flags
            .iter()
            .find(|(flag, _)| !own.contains(&flag.as_str()) && !COMMON.contains(&flag.as_str()));
        match stray {
            Some((flag, _)) => Err(format!("--{flag}: is for another command")),
            None => Ok(command),
        }
    }

    fn kick(&self, room: &str, peer: &str) -> Result<Command, String> {
        let ban = self.value("ban").map(duration).transpose()?;
        let tail = ban.map(|ban| format!("?ban_ms={}", ban.as_millis())).unwrap_or_default();
        Ok(on(Method::DELETE, room, ("members", peer), &tail, "is out"))
    }

    fn mute(&self, room: &str, peer: Option<&str>) -> Command {
        let source = self.value("source").unwrap_or("microphone");
        let (command, body) = match peer {
            Some(peer) => {
                let command = on(Method::PATCH, room, ("members", peer), "", "is silent");
                (command, json!({ "mute": [source] }))
            }
            None => (act(Method::POST, room, "/mute", "is silent"), json!({ "source": source })),
        };
        with(command, body)
    }

    fn say(&self, room: &str, said: &str) -> Command {
        let mut body = json!({ "text": said });
        if let (Some(name), Some(body)) = (self.value("name"), body.as_object_mut()) {
            body.insert("name".into(), name.into());
        }
        with(act(Method::POST, room, "/chat", "has heard it"), body)
    }

    fn new_room(&self, name: Option<String>) -> Result<NewRoom, String> {
        let number =
            |text: &str| text.parse().map_err(|_| format!("--max-members: {text} is no number"));
        Ok(NewRoom {
            name,
            permanent: self.has("permanent"),
            locked: self.has("locked"),
            waiting_room: self.has("waiting-room"),
            mute_on_entry: self.has("mute-on-entry"),
            max_members: self.value("max-members").map(number).transpose()?,
            role: self.value("role").map(Into::into),
        })
    }

    fn config(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Config, String> {
        let file = self.value("config").map(|file| ["--config", file]);
        match config::load(file.into_iter().flatten().map(OsString::from), environment) {
            Ok(Request::Run(config)) => Ok(*config),
            Ok(Request::Print(_)) => Ok(Config::default()),
            // What is asked may not need it.
            Err(_) if self.has("server") && self.has("token-file") => Ok(Config::default()),
            Err(mistakes) => {
                let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                Err(mistakes.join("\nparlor: "))
            }
        }
    }
}

fn utf8(word: OsString) -> Result<String, String> {
    word.into_string().map_err(|word| format!("{}: this is not valid UTF-8", word.display()))
}

/// Where the configuration has the API listen.
fn server_of(config: &Config) -> Result<Target, String> {
    let own = config.admin.listen.first();
    if let (None, Some(domain)) = (own, &config.server.domain.0) {
        return Target::parse(&format!("https://{domain}"))
            .ok_or_else(|| format!("{domain} is no name"));
    }
    let address = own.or(config.server.listen.first());
    let address = address.ok_or("the configuration listens nowhere; give --server URL")?;
    if address.port() == 0 {
        return Err("port 0 is any port; give --server URL".into());
    }
    // From loopback the API may be asked without TLS, whatever else the port speaks.
    let scheme =
        if config.speaks_tls() && !address.is_loopback() { Scheme::Https } else { Scheme::Http };
    let url = format!("{}://{}", scheme.name(), address.reachable());
    Target::parse(&url).ok_or_else(|| format!("{url} is no address; give --server URL"))
}

fn token(file: Option<&str>, config: &Config) -> Result<String, String> {
    let token = match (file, &config.admin.token_file.0) {
        (Some(file), _) => TokenFile::token_in(Path::new(file))?,
        (None, Some(file)) => TokenFile::token_in(file)?,
        (None, None) => config.admin.token.clone(),
    };
    let missing = "which token? Give --token-file FILE, or set PARLOR_ADMIN_TOKEN_FILE";
    token.reveal().map(Into::into).ok_or_else(|| missing.into())
}

/// `90s`, `15m`, `1h`, `30d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("--ban: {text} must be a time such as 90s, 15m, 1h or 30d");
    let (digits, seconds) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3_600),
        Some((at, 'd')) => (text.get(..at), 86_400),
        Some(_) | None => (None, 0),
    };
    let number: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Asked, String> {
        let mut words = line.split(' ').map(OsString::from);
        let word = words.next().unwrap().into_string().unwrap();
        let token = OsString::from("t".repeat(32));
        match parse(&word, words, [("PARLOR_ADMIN_TOKEN".into(), token)])? {
            Parsed::Ask(asked) => Ok(*asked),
            Parsed::Print(text) => Err(text),
        }
    }

    fn command(line: &str) -> Command {
        parsed(line).unwrap().command
    }

    #[test]
    fn each_command_takes_what_it_needs() {
        assert_eq!(command("rooms"), Command::Rooms { prefix: None });
        assert_eq!(command("rooms list --prefix a"), Command::Rooms { prefix: Some("a".into()) });
        let acted = |line: &str| {
            let Command::Act(act) = command(line) else { panic!("{line}") };
            (act.method.to_string() + &act.tail, act.somebody, act.body)
        };
        assert_eq!(
            acted("rooms lock a"),
            ("PATCH/rules".into(), None, Some(json!({ "locked": true })))
        );
        let grace = || Some(("members", "Grace".to_owned()));
        assert_eq!(acted("kick a Grace --ban 1h"), ("DELETE?ban_ms=3600000".into(), grace(), None));
        let mute = json!({ "mute": ["camera"] });
        assert_eq!(acted("mute a Grace --source camera"), ("PATCH".into(), grace(), Some(mute)));
        let (said, words) = ("POST/chat".into(), json!({ "text": "good morning" }));
        assert_eq!(acted("say a good morning"), (said, None, Some(words)));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for line in [
            "rooms dance",
            "members",
            "kick a",
            "kick a b --ban soon",
            "kick a b --ban 0s",
            "say a",
            "stats now",
            "members a --ban 1h",
            "stats --loud",
            "rooms create a b",
            "stats --server x",
            "rooms create --max-members many",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_configuration_tells_the_server() {
        assert_eq!(parsed("stats").unwrap().server.origin(), "http://localhost:8080");
        let other = parsed("stats --server https://meet.example.org").unwrap();
        assert_eq!(other.server.origin(), "https://meet.example.org");
    }
}
