//! The command line of `parlor token`: its own flags, and the server's, which say by which key.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{self, Config, Request};

pub const HELP: &str = "\
Usage: parlor token --room ROOM [FLAGS]     makes a token and prints it
       parlor token --check TOKEN           says what it lets somebody do, or why it doesn't
       parlor token --new-secret            prints a secret for tokens.secret

  --room <ROOM>...
        Rooms that it is for: names, or patterns such as team-*.
  --identity <ID>
        Who it is for (the claim sub).
  --name <NAME>
        How the others see them.
  --role <ROLE>
        listener, speaker, moderator or owner. Without it the room decides.
  --grant <WORD>...
        join, create, microphone, camera, screen, publish, data, subscribe, chat,
        signal, update, moderate, hidden, record, admin. Without any: what the role
        may do, and to join and make rooms.
  --ttl <TIME>
        How long it holds. [default: 10m]
  --id <ID>
        By which it can be revoked (the claim jti). [default: a new one]
  --issuer <TEXT>
        Who makes it (the claim iss).
  --key <FILE>
        Sign with this private key in PEM (RSA, P-256 or Ed25519) in place of the
        secret. --kid <ID> says which of the server's keys it belongs to.
  --check <TOKEN>
        \"-\" reads the token from standard input, where nobody sees it in the list
        of processes.
  -h, --help
        Print this, and end.

It also takes the flags, variables and the file of the server (parlor --help):
tokens.secret or tokens.secret_file sign, tokens.audience is the claim aud.
Exit codes: 0 made or good, 1 not good, 2 a mistake in the flags.
";

const TTL: Duration = Duration::from_secs(600);

#[derive(Debug, Default)]
pub struct Wishes {
    pub rooms: Vec<String>,
    pub identity: Option<String>,
    pub name: Option<String>,
    pub role: Option<String>,
    pub grants: Vec<String>,
    ttl: Option<String>,
    pub id: Option<String>,
    pub issuer: Option<String>,
    pub key: Option<PathBuf>,
    pub kid: Option<String>,
    check: Option<String>,
    new_secret: bool,
    help: bool,
    /// For the configuration of the server.
    servers: Vec<OsString>,
    mistakes: Vec<String>,
}

#[derive(Debug)]
pub enum Command {
    Print(String),
    NewSecret,
    Check { token: String, config: Box<Config> },
    Make { wishes: Box<Wishes>, ttl: Duration, config: Box<Config> },
}

/// Every mistake of the command line at once.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Command, Vec<String>> {
    let mut wishes = Wishes::default();
    wishes.take_all(arguments.into_iter());
    if wishes.help {
        return Ok(Command::Print(HELP.into()));
    }
    if wishes.new_secret && wishes.mistakes.is_empty() {
        return Ok(Command::NewSecret);
    }
    let ttl = wishes.ttl();
    let check = wishes.check.take();
    if check.is_none() && wishes.rooms.is_empty() {
        wishes.mistakes.push("--room: is needed, the name of a room or a pattern".into());
    }
    let loaded = config::load(std::mem::take(&mut wishes.servers), environment);
    let mut mistakes = std::mem::take(&mut wishes.mistakes);
    let config = match loaded {
        Ok(Request::Run(config)) => config,
        Ok(Request::Print(text)) => return Ok(Command::Print(text)),
        Err(more) => {
            mistakes.extend(more.iter().map(ToString::to_string));
            return Err(mistakes);
        }
    };
    match check {
        _ if !mistakes.is_empty() => Err(mistakes),
        Some(token) => Ok(Command::Check { token, config }),
        None => Ok(Command::Make { wishes: Box::new(wishes), ttl, config }),
    }
}

impl Wishes {
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
            if self.switch(flag) {
                continue;
            }
            if !self.knows(flag) {
                // The word after a flag that does not exist was meant for it: one mistake, one line.
                let takes = value.is_none() && config::takes_value(flag).unwrap_or(true);
                let value = arguments.next_if(|next| takes && !is_flag(next));
                self.servers.extend([argument].into_iter().chain(value));
                continue;
            }
            let next = || arguments.next_if(|next| !is_flag(next))?.into_string().ok();
            match value.or_else(next) {
                Some(value) => self.take(flag, value),
                None => self.mistakes.push(format!("{flag}: needs a value")),
            }
        }
    }

    fn switch(&mut self, flag: &str) -> bool {
        let switch = match flag {
            "--help" | "-h" => &mut self.help,
            "--new-secret" => &mut self.new_secret,
            _ => return false,
        };
        *switch = true;
        true
    }

    fn place(&mut self, flag: &str) -> Option<&mut Option<String>> {
        Some(match flag {
            "--identity" => &mut self.identity,
            "--name" => &mut self.name,
            "--role" => &mut self.role,
            "--ttl" => &mut self.ttl,
            "--id" => &mut self.id,
            "--issuer" => &mut self.issuer,
            "--kid" => &mut self.kid,
            "--check" => &mut self.check,
            _ => return None,
        })
    }

    fn knows(&mut self, flag: &str) -> bool {
        matches!(flag, "--room" | "--grant" | "--key") || self.place(flag).is_some()
    }

    fn take(&mut self, flag: &str, value: String) {
        let list = match flag {
            "--room" => &mut self.rooms,
            "--grant" => &mut self.grants,
            "--key" => return self.key = Some(value.into()),
            _ => {
                if self.place(flag).is_some_and(|place| place.replace(value).is_some()) {
                    self.mistakes.push(format!("{flag}: is given twice"));
                }
                return;
            }
        };
        list.extend(value.split(',').filter(|word| !word.is_empty()).map(Into::into));
    }

    fn ttl(&mut self) -> Duration {
        let Some(text) = &self.ttl else { return TTL };
        let ttl = config::duration(text).filter(|ttl| *ttl >= Duration::from_secs(1));
        if ttl.is_none() {
            self.mistakes.push(format!("--ttl: must be a time such as 10m or 2h, not {text}"));
        }
        ttl.unwrap_or(TTL)
    }
}

/// A single hyphen is a word: what to check comes from standard input.
fn is_flag(word: &OsString) -> bool {
    word.to_string_lossy().starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "--tokens-secret=0123456789abcdef0123456789abcdef";

    fn parsed(arguments: &[&str]) -> Result<Command, Vec<String>> {
        parse(arguments.iter().map(OsString::from), [])
    }

    #[test]
    fn what_is_wished_and_by_which_key() {
        let arguments =
            ["--room", "a,b", "--room=c", "--grant", "join,chat", "--ttl", "2m", SECRET];
        let Ok(Command::Make { wishes, ttl, config }) = parsed(&arguments) else {
            panic!("no wish")
        };
        assert_eq!(wishes.rooms, ["a", "b", "c"]);
        assert_eq!(wishes.grants, ["join", "chat"]);
        assert_eq!(ttl, Duration::from_secs(120));
        assert!(config.tokens.has_keys());
    }

    #[test]
    fn a_token_is_checked_from_the_command_line_or_from_standard_input() {
        for given in ["a.b.c", "-"] {
            let Ok(Command::Check { token, .. }) = parsed(&["--check", given, SECRET]) else {
                panic!("not checked")
            };
            assert_eq!(token, given);
        }
    }

    #[test]
    fn mistakes_are_all_told() {
        let told = parsed(&["--ttl", "soon", "--role", "--name", "a", "--name", "b", "--odd", "x"]);
        let told = told.unwrap_err().join("\n");
        for words in
            ["--ttl", "--role: needs", "--name: is given twice", "--odd", "--room: is needed"]
        {
            assert!(told.contains(words), "{told}");
        }
    }
}
