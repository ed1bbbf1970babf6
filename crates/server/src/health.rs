//! `parlor health`: asks the server that the same flags and variables start whether it takes new clients, or with `--live`
//! whether it is there at all. For containers that have no other program to ask with.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::config::{self, ListenAddress, Request};

const PATIENCE: Duration = Duration::from_secs(5);
/// Asks only whether it is alive.
const LIVE: &str = "--live";
/// Of `HTTP/1.1 200`.
const STATUS: std::ops::Range<usize> = 9..12;
const MAX_ANSWER: u64 = 4096;

const HEALTHY: u8 = 0;
const UNHEALTHY: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;

/// The arguments are those of the server.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let (live, arguments): (Vec<_>, Vec<_>) =
        arguments.into_iter().partition(|argument| argument == LIVE);
    let path = if live.is_empty() { "/readyz" } else { "/livez" };
    let (code, words) = match config::load(arguments, environment) {
        Ok(Request::Run(config)) => {
            match config.server.listen.first().map(|listen| ask(at(listen), path)) {
                Some(Ok(status)) if is_healthy(&status) => (HEALTHY, "healthy".into()),
                Some(Ok(status)) => (UNHEALTHY, format!("{path} says {status}")),
                Some(Err(error)) => (UNHEALTHY, format!("no answer: {error}")),
                None => (UNHEALTHY, "it listens nowhere".into()),
            }
        }
        Ok(Request::Print(text)) => (HEALTHY, text.trim_end().into()),
        Err(mistakes) => {
            let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            (BAD_CONFIGURATION, lines.join("\n"))
        }
    };
    _ = writeln!(io::stdout(), "{words}");
    code.into()
}

/// Where this machine reaches it.
fn at(listen: &ListenAddress) -> SocketAddr {
    match listen {
        ListenAddress::Localhost(port) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port),
        ListenAddress::Ip(address) if address.ip().is_unspecified() => {
            let loopback: IpAddr = match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            };
            SocketAddr::new(loopback, address.port())
        }
        ListenAddress::Ip(address) => *address,
    }
}

fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let question = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(answer.get(STATUS).unwrap_or_default()).into_owned())
}

/// Who does not come over loopback is sent to https, which shows at least that somebody is there.
fn is_healthy(status: &str) -> bool {
    matches!(status, "200" | "308")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_where_this_machine_reaches_it() {
        let place = |text: &str| at(&ListenAddress::Ip(text.parse().unwrap())).to_string();
        assert_eq!(place("0.0.0.0:443"), "127.0.0.1:443");
        assert_eq!(place("[::]:443"), "[::1]:443");
        assert_eq!(place("192.0.2.1:8080"), "192.0.2.1:8080");
        assert_eq!(at(&ListenAddress::Localhost(8080)).to_string(), "127.0.0.1:8080");
    }
}
