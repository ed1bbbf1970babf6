//! The command line: which load, against whom.

use crate::Result;
use crate::floor::Floor;
use crate::process::Process;
use crate::report::Form;
use crate::signaling::{self, Dialect, Scenario};
use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use std::ffi::OsString;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

/// Longer than this nobody waits for one figure.
const LONGEST: Duration = Duration::from_secs(600);

const USAGE: &str = "\
PROGRAM signaling HOST:PORT [options]   members in rooms, over WebSocket
PROGRAM turn HOST:PORT [options]        allocations and packets, over UDP (Linux)
PROGRAM junk HOST:PORT [options]        what nobody should send, to see that others do not notice (Linux)
PROGRAM floor tcp|udp HOST:PORT         the least that a relay can cost: bytes from socket to socket

Each run warms up, measures, and prints what it found. Load hurts: aim it at servers of your own.

both:
  --seconds N        measured (3)
  --warmup N         seconds before that (1)
  --pid N            process of the server on this machine: adds its CPU time and memory (Linux)
  --json             one JSON object per line
signaling:
  --scenario NAME    relay: two in a room, each answers what it hears (default)
                     broadcast: one speaks, the rest of the room listens
                     stalled: the same without and with --stalled readers who read nothing
                     idle: members who say nothing; storm: everybody comes, and leaves again
  --dialect NAME     native (default), json, socketio, peerjs; raw for the floor
  --connections N    altogether (100)
  --room N           members of one room when idle (10)
  --window N         messages on their way in each room (1)
  --bytes N          of a message (300)
  --stalled N        listeners of a broadcast that read nothing (0)
  --over SECONDS     how long it takes until a storm has come; 0: as fast as they are let in (0)
  --settle SECONDS   the server's time to give back memory and sockets (40)
  --insecure         over TLS, whatever certificate the server has
  --rate N           messages per second at most; 0: as many as arrive (0)
turn:
  --user NAME:PASSWORD   long-term credentials; without: the floor is spoken to
  --allocations N        (100)
  --path NAME            up: client to peer (default); down: peer to client; pairs: client to client.
                         Several are measured one after the other.
  --rate N               packets per second altogether (20000)
  --bytes N              of payload (170)
  --burst N              packets that are sent at once by one client (1)
junk:
  --kind NAME            http (default), frames, tls, stun
  --rate N               requests, connections or datagrams per second (10000)
  --connections N        senders (64)
";

pub enum Command {
    Print(String),
    Signaling(signaling::Plan),
    #[cfg(target_os = "linux")]
    Turn(crate::turn::Plan),
    #[cfg(target_os = "linux")]
    Junk(crate::junk::Plan),
    Floor(Floor, SocketAddr),
}

impl Command {
    pub fn run(self) -> Result {
        match self {
            // A closed pipe (`… --help | head`) is no reason to fail.
            Self::Print(text) => _ = std::io::stdout().write_all(text.as_bytes()),
            Self::Signaling(plan) => signaling::run(plan)?,
            #[cfg(target_os = "linux")]
            Self::Turn(plan) => crate::turn::run(&plan)?,
            #[cfg(target_os = "linux")]
            Self::Junk(plan) => crate::junk::run(&plan)?,
            Self::Floor(floor, listen) => floor.run(listen)?,
        }
        Ok(())
    }
}

/// What the measured part of a run is.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    pub warmup: Duration,
    pub seconds: Duration,
    pub server: Option<Process>,
    pub form: Form,
}

/// Every option, with its default: each kind of load takes what it knows.
struct Options {
    measure: Measure,
    scenario: Scenario,
    dialect: Dialect,
    connections: Option<usize>,
    room: usize,
    window: usize,
    kind: Option<String>,
    bytes: Option<usize>,
    stalled: usize,
    rate: Option<u32>,
    over: Duration,
    settle: Duration,
    tls: Option<signaling::Tls>,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "TURN load needs Linux"))]
    turn: TurnOptions,
}

struct TurnOptions {
    user: Option<String>,
    allocations: usize,
    paths: Vec<String>,
    burst: usize,
}

pub fn parse(program: &str, arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = Parser::from_args(arguments);
    let mut words = Vec::new();
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(told)? {
        match argument {
            Value(word) => words.push(word.string().map_err(told)?),
            Short('h') | Long("help") => return Ok(Command::Print(usage(program))),
            Long(name) => {
                let name = name.to_owned();
                options.take(&name, &mut parser)?;
            }
            Short(_) => return Err(told(argument.unexpected())),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["signaling", target] => Ok(Command::Signaling(options.signaling(address(target)?)?)),
        #[cfg(target_os = "linux")]
        ["turn", target] => Ok(Command::Turn(options.turn(address(target)?)?)),
        #[cfg(target_os = "linux")]
        ["junk", target] => Ok(Command::Junk(options.junk(address(target)?)?)),
        ["floor", kind, listen] => Ok(Command::Floor(kind.parse()?, address(listen)?)),
        _ => Err(format!("what to do?\n\n{}", usage(program))),
    }
}

fn usage(program: &str) -> String {
    USAGE.replace("PROGRAM", program)
}

impl Options {
    fn take(&mut self, name: &str, parser: &mut Parser) -> Result {
        match name {
            "json" => self.measure.form = Form::Json,
            "seconds" => self.measure.seconds = duration(parser)?,
            "warmup" => self.measure.warmup = duration(parser)?,
            "pid" => self.measure.server = Some(Process(value(parser)?)),
            "scenario" => self.scenario = value(parser)?,
            "dialect" => self.dialect = value(parser)?,
            "connections" => self.connections = Some(value(parser)?),
            "kind" => self.kind = Some(value(parser)?),
            "room" => self.room = value(parser)?,
            "window" => self.window = value(parser)?,
            "bytes" => self.bytes = Some(value(parser)?),
            "stalled" => self.stalled = value(parser)?,
            "rate" => self.rate = Some(value(parser)?),
            "over" => self.over = duration(parser)?,
            "settle" => self.settle = duration(parser)?,
            "insecure" => self.tls = Some(signaling::Tls::insecure()?),
            "user" => self.turn.user = Some(value(parser)?),
            "allocations" => self.turn.allocations = value(parser)?,
            "path" => self.turn.paths.push(value(parser)?),
            "burst" => self.turn.burst = value(parser)?,
            other => return Err(format!("there is no option --{other}; --help lists them")),
        }
        Ok(())
    }

    fn signaling(self, target: SocketAddr) -> Result<signaling::Plan> {
        signaling::Plan {
            target,
            measure: self.measure,
            scenario: self.scenario,
            dialect: self.dialect,
            connections: self.connections.unwrap_or(signaling::CONNECTIONS),
            room: self.room,
            window: self.window,
            bytes: self.bytes.unwrap_or(signaling::MESSAGE_BYTES),
            stalled: self.stalled,
            rate: self.rate.unwrap_or(0),
            over: self.over,
            settle: self.settle,
            tls: self.tls,
        }
        .checked()
    }

    #[cfg(target_os = "linux")]
    fn junk(self, target: SocketAddr) -> Result<crate::junk::Plan> {
        use crate::junk::{Kind, PER_SECOND, Plan, SENDERS};
        Plan {
            target,
            kind: self.kind.as_deref().map_or(Ok(Kind::Http), str::parse)?,
            rate: self.rate.unwrap_or(PER_SECOND),
            senders: self.connections.unwrap_or(SENDERS),
            seconds: self.measure.seconds,
            form: self.measure.form,
        }
        .checked()
    }

    #[cfg(target_os = "linux")]
    fn turn(self, target: SocketAddr) -> Result<crate::turn::Plan> {
        use crate::turn::{PACKETS_PER_SECOND, PAYLOAD_BYTES, Path, Plan};
        let TurnOptions { user, allocations, paths, burst } = self.turn;
        let mut paths = paths.iter().map(|path| path.parse()).collect::<Result<Vec<Path>>>()?;
        if paths.is_empty() {
            paths.push(Path::Up);
        }
        Plan {
            target,
            measure: self.measure,
            user: user.as_deref().map(str::parse).transpose()?,
            allocations,
            paths,
            rate: self.rate.unwrap_or(PACKETS_PER_SECOND),
            bytes: self.bytes.unwrap_or(PAYLOAD_BYTES),
            burst,
        }
        .checked()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            measure: Measure {
                warmup: Duration::from_secs(1),
                seconds: Duration::from_secs(3),
                server: None,
                form: Form::Lines,
            },
            scenario: Scenario::Relay,
            dialect: Dialect::Native,
            connections: None,
            room: 10,
            window: 1,
            kind: None,
            bytes: None,
            stalled: 0,
            rate: None,
            over: Duration::ZERO,
            settle: Duration::from_secs(40),
            tls: None,
            turn: TurnOptions { user: None, allocations: 100, paths: Vec::new(), burst: 1 },
        }
    }
}

fn value<T: FromStr<Err: std::fmt::Display>>(parser: &mut Parser) -> Result<T> {
    let text = parser.value().and_then(|value| value.string()).map_err(told)?;
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn duration(parser: &mut Parser) -> Result<Duration> {
    let seconds: f64 = value(parser)?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(told)?;
    if duration > LONGEST { Err(format!("at most {LONGEST:?}")) } else { Ok(duration) }
}

/// An URL's scheme and path are taken off, for who copies one.
fn address(text: &str) -> Result<SocketAddr> {
    let bare = ["ws://", "wss://", "http://", "https://", "turn:"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let bare = bare.unwrap_or(text).trim_end_matches('/');
    let mut found = bare.to_socket_addrs().map_err(|error| format!("{text}: {error}"))?;
    found.next().ok_or_else(|| format!("{text} has no address"))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse("loadtest", line.split(' ').map(OsString::from))
    }

    #[test]
    fn a_plan_is_what_was_asked_for() {
        let Ok(Command::Signaling(plan)) =
            parsed("signaling ws://127.0.0.1:8080/ --window 16 --dialect json --seconds 0.5")
        else {
            panic!("no signaling")
        };
        assert_eq!(plan.target, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((plan.window, plan.bytes, plan.connections), (16, 300, 100));
        assert_eq!(plan.measure.seconds, Duration::from_millis(500));
    }

    #[test]
    fn a_mistake_is_told_before_anything_is_sent() {
        for line in [
            "",
            "signaling",
            "signaling 127.0.0.1:1 --windows 2",
            "signaling 127.0.0.1:1 --window two",
            "signaling 127.0.0.1:1 --window 0",
            "signaling 127.0.0.1:1 --seconds 1e9",
            "signaling 127.0.0.1:1 --dialect klingon",
            "signaling nowhere",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
