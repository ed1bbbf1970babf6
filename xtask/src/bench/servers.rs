//! The servers that are compared: how each is started, and when it is ready.

use super::children::{Children, Running};
use super::rounds::{Cores, Run};
use super::setup::Programs;
use crate::Result;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long any of them takes at most, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The user of every TURN server here.
pub const USER: &str = "load:test";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Server {
    Parlor,
    /// The same, for what it does with more threads.
    OneThread,
    Coturn,
    /// Our own, of `parlor-loadtest floor`: what the kernel costs.
    UdpFloor,
    TcpFloor,
    Ws,
    SocketIo,
    PeerJs,
}

impl Server {
    const ALL: [Self; 8] = [
        Self::Parlor,
        Self::OneThread,
        Self::Coturn,
        Self::UdpFloor,
        Self::TcpFloor,
        Self::Ws,
        Self::SocketIo,
        Self::PeerJs,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Parlor => "parlor",
            Self::OneThread => "one thread",
            Self::Coturn => "coturn",
            Self::UdpFloor => "forwarder",
            Self::TcpFloor => "raw relay",
            Self::Ws => "ws",
            Self::SocketIo => "socket.io",
            Self::PeerJs => "peer",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.name() == name)
    }

    /// The file of a server that is written in JavaScript.
    pub fn script(self) -> Option<&'static str> {
        match self {
            Self::Ws => Some("ws.js"),
            Self::SocketIo => Some("socket.io.js"),
            Self::PeerJs => Some("peer.js"),
            Self::Parlor | Self::OneThread | Self::Coturn | Self::UdpFloor | Self::TcpFloor => None,
        }
    }

    /// A new process, ready to serve at the address.
    pub fn start(
        self,
        run: &Run,
        programs: &Programs,
        children: &Children,
    ) -> Result<(Running, SocketAddr)> {
        let address = free_address()?;
        let mut command = self.command(address, run.cores, programs)?;
        command.args(&run.flags).current_dir(&programs.scratch).stdin(Stdio::piped());
        let log = programs.scratch.join(format!("{}.log", self.name()));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let copy = file.try_clone().map_err(|error| error.to_string())?;
        let running = children.start(command.stdout(file).stderr(copy))?;
        wait_for(address, &running).map_err(|reason| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{} {reason}\n{}", self.name(), said.trim())
        })?;
        Ok((running, address))
    }

    fn command(self, address: SocketAddr, cores: Cores, programs: &Programs) -> Result<Command> {
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let at = address.to_string();
        Ok(match self {
            Self::Parlor | Self::OneThread => {
                let mut command = programs.on_cores(cores, &programs.parlor);
                // What configures somebody's own server is not what is compared here.
                for (name, _) in std::env::vars_os().filter(is_ours) {
                    command.env_remove(name);
                }
                command.args(["--listen", &at]);
                command
            }
            Self::Coturn => {
                let mut command = programs.on_server_core("turnserver");
                command.args(["--listening-ip", &host, "--listening-port", &port]);
                command.args(["--relay-ip", &host]).args(COTURN);
                command
            }
            Self::UdpFloor | Self::TcpFloor => {
                let kind = if self == Self::UdpFloor { "udp" } else { "tcp" };
                let mut command = programs.on_server_core(&programs.load_client);
                command.args(["floor", kind, &at]);
                command
            }
            Self::Ws | Self::SocketIo | Self::PeerJs => {
                let script = self.script().ok_or("no script")?;
                let mut command = programs.on_server_core("node");
                command.arg(programs.peers.join(script)).args([&host, &port]);
                command
            }
        })
    }
}

fn is_ours((name, _): &(OsString, OsString)) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("PARLOR_"))
}

/// As it is installed, with what a test on loopback needs; its files go into the folder of the run.
const COTURN: [&str; 19] = [
    "-n",
    "--lt-cred-mech",
    "--user",
    USER,
    "--realm",
    "parlor",
    "--allow-loopback-peers",
    "--no-cli",
    "--no-tls",
    "--no-dtls",
    "--no-software-attribute",
    "--no-multicast-peers",
    "--simple-log",
    "--log-file",
    "stdout",
    "--pidfile",
    "turnserver.pid",
    "--userdb",
    "turndb",
];

impl Programs {
    fn on_cores(&self, cores: Cores, program: impl AsRef<OsStr>) -> Command {
        match cores {
            Cores::Own => self.on_server_core(program),
            Cores::All => Command::new(program),
        }
    }

    /// On a core of its own where there are several, so that the load takes no time from the server.
    pub fn on_server_core(&self, program: impl AsRef<OsStr>) -> Command {
        pinned(program, self.cores.map(|(server, _)| server))
    }

    pub fn on_client_core(&self, program: impl AsRef<OsStr>) -> Command {
        pinned(program, self.cores.map(|(_, client)| client))
    }
}

fn pinned(program: impl AsRef<OsStr>, core: Option<usize>) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// One that nobody listens at; it is free again when this returns.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener.and_then(|listener| listener.local_addr()).map_err(|error| error.to_string())
}

/// All of them listen on TCP too, whatever they are measured with.
fn wait_for(address: SocketAddr, running: &Running) -> Result {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = running.ended() {
            return Err(format!("ended ({status}) instead of serving"));
        }
        if TcpStream::connect_timeout(&address, LOOK_AGAIN).is_ok() {
            return Ok(());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Err(format!("is not ready after {PATIENCE:?}"))
}
