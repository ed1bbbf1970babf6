//! One server from start to stop: puts the parts together and tells them when to end.

use crate::config::{Config, ListenAddress, LogFormat};
use crate::drivers::rooms::RoomsDriver;
use crate::drivers::socketio;
use crate::drivers::turn::{self, IceOffer, TurnDriver};
use crate::origin::{Origin, OriginPolicy};
use crate::shutdown::{Signals, Stopper, Stopping};
use crate::tls::{self, Tls};
use crate::transports::demux::Demux;
use crate::transports::engineio::Carrier;
use crate::transports::gate::Gate;
use crate::transports::http;
use crate::transports::listener::{self, BindError, Bound, Wanted};
use crate::web::Web;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::{fmt, panic};
use tokio::task::JoinSet;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// File descriptors for what is not a connection: listeners, files, the runtime.
const RESERVED_FILES: usize = 64;
/// Codecs that write a line for each packet that is none, at levels of their choice.
const MALFORMED_INPUT: [&str; 2] = ["stun_types", "turn_types"];

/// What every part of the server may look at.
pub struct Node {
    pub config: Config,
    pub origins: OriginPolicy,
    pub stopping: Stopping,
    pub web: Web,
    pub rooms: Arc<RoomsDriver>,
    pub socketio: Arc<Carrier>,
    /// None without a certificate.
    pub tls: Option<Arc<Tls>>,
    /// `None`: switched off.
    pub turn: Option<Arc<TurnDriver>>,
}

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    Runtime(io::Error),
    Signals(io::Error),
    Web(io::Error),
    Bind(BindError),
    Tls(tls::StartError),
    Relay(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "cannot start threads: {error}"),
            Self::Signals(error) => write!(f, "cannot listen for signals: {error}"),
            Self::Web(error) => write!(f, "cannot open the folder given as web_dir: {error}"),
            Self::Bind(error) => write!(f, "{error}"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::Relay(error) => write!(f, "cannot start the relay: {error}"),
        }
    }
}

/// Runs until a signal says stop; the number is the exit code.
pub fn run(config: Config) -> Result<u8, StartError> {
    write_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let code = runtime.block_on(serve(config));
    // Whoever had the whole grace time and is still here is not waited for any longer.
    runtime.shutdown_background();
    code
}

async fn serve(config: Config) -> Result<u8, StartError> {
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let stopper = Stopper::new();
    let web = Web::open(config.server.web_dir.0.as_deref()).map_err(StartError::Web)?;
    let tls = tls::start(&config).map_err(StartError::Tls)?;
    let wanted = if config.turn.enabled { Wanted::TcpAndUdp } else { Wanted::Tcp };
    let Bound { listeners, datagrams, addresses } =
        listener::bind(&config.server.listen, wanted).map_err(StartError::Bind)?;
    let Files { connections: max, relays } = Files::share_out(&config);
    let gate = Gate::new(max, config.limits.max_connections_per_address);
    let (relay, own) = if config.turn.enabled {
        let started = turn::Relay::start(&config, datagrams, relays, stopper.listen());
        started.map(|(relay, own)| (Some(relay), Some(own))).map_err(StartError::Relay)?
    } else {
        (None, None)
    };
    let rooms = RoomsDriver::start(&config, IceOffer::new(&config, own, tls.clone()));
    let node = Arc::new(Node {
        socketio: socketio::start(&config, Arc::clone(&rooms), max),
        origins: OriginPolicy::of(&config.server),
        stopping: stopper.listen(),
        web,
        rooms,
        tls,
        turn: relay.as_ref().map(|relay| Arc::clone(&relay.driver)),
        config,
    });
    let demux = Demux::new(Arc::clone(&node), http::router(Arc::clone(&node)));
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let demux = Arc::clone(&demux);
        let serve = move |connection| demux.serve(connection);
        accepting.spawn(listener::accept(listener, Arc::clone(&gate), stopper.listen(), serve));
    }
    announce(&node, &addresses, relay.as_ref().map(turn::Relay::summary));

    signals.next().await;
    tracing::info!(open = gate.open(), "stopping");
    stopper.stop();
    node.socketio.stop();
    let ended = async {
        while accepting.join_next().await.is_some() {}
        gate.empty().await;
    };
    tokio::select! {
        () = ended => {}
        () = tokio::time::sleep(node.config.limits.shutdown_grace) => {
            tracing::warn!(open = gate.open(), "stopped without waiting for the rest");
        }
        code = signals.next() => return Ok(code),
    }
    relay.into_iter().for_each(turn::Relay::stop);
    Ok(0)
}

/// How many of the files that the system lets us open are for what.
struct Files {
    connections: usize,
    /// Sockets towards peers that are not clients of ours.
    relays: usize,
}

impl Files {
    /// As many as configured, if the system allows that many.
    fn share_out(config: &Config) -> Self {
        let wanted = config.limits.max_connections;
        // Each may have one of either family.
        let relays = if turn::needs_sockets(config) { 2 * config.turn.max_allocations } else { 0 };
        let limit = match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
            Err(error) => {
                tracing::warn!(%error, "cannot raise the limit of open files");
                return Self { connections: wanted, relays };
            }
        };
        let possible = limit.saturating_sub(RESERVED_FILES).max(1);
        let relays = relays.min(possible / 2);
        let possible = (possible - relays).max(1);
        if possible < wanted {
            tracing::debug!(
                wanted,
                possible,
                "the system's limit of open files sets the number of connections"
            );
        }
        Self { connections: wanted.min(possible), relays }
    }
}

/// For the person at the terminal; a closed standard output is no reason not to serve.
fn announce(node: &Node, listening: &[ListenAddress], relay: Option<String>) {
    let config = &node.config;
    let mut out = io::stdout().lock();
    _ = writeln!(out, "Parlor {}", env!("CARGO_PKG_VERSION"));
    for url in urls(node, listening) {
        _ = writeln!(out, "open {url}");
    }
    if let Some(tls) = node.tls.as_ref().filter(|_| config.tls.self_signed) {
        let picture = config.tls.show_qr || out.is_terminal();
        _ = write!(out, "{}", tls::phone::invitation(tls, listening, picture));
    }
    if let Some(relay) = relay {
        _ = writeln!(out, "{relay}");
    }
    _ = out.flush();
    let exposed = config.server.listen.iter().any(|address| !address.is_loopback());
    if exposed && config.server.allow_origins.is_empty() && node.tls.is_none() {
        tracing::warn!(
            "pages opened from other machines cannot connect until their address is given with --allow-origin"
        );
    }
}

/// Each once, in the order of the settings. With TLS, the port of plain HTTP is there to send people elsewhere.
fn urls(node: &Node, listening: &[ListenAddress]) -> Vec<String> {
    const HTTP: u16 = 80;
    let mut urls = Vec::new();
    let opened = |address: &&ListenAddress| node.tls.is_none() || address.port() != HTTP;
    for address in listening.iter().filter(opened) {
        let url = match (&node.config.server.domain.0, &node.tls) {
            (Some(domain), _) => Origin::https(domain, Some(address.port())).to_string(),
            (None, Some(_)) => format!("https://{}", address.reachable()),
            (None, None) => format!("http://{}", address.reachable()),
        };
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn write_log(config: &Config) {
    use tracing_subscriber::{Layer, fmt::layer, registry};
    let lines = match config.server.log_format {
        LogFormat::Text => {
            layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => layer().json().with_writer(io::stderr).boxed(),
    };
    let quiet = MALFORMED_INPUT.map(|target| (target, LevelFilter::OFF));
    let wanted = config.server.log.targets.clone().with_targets(quiet);
    registry().with(lines.with_filter(wanted)).init();
    // One request or one room may fail alone; what is left of it is a line.
    panic::set_hook(Box::new(|bug| {
        tracing::error!("bug: {}", bug.to_string().replace('\n', ": "))
    }));
}
