//! One server from start to stop: puts the parts together and tells them when to end.

use crate::admin::Admin;
use crate::auth::Auth;
use crate::config::{Config, ListenAddress};
use crate::drivers::rooms::RoomsDriver;
use crate::drivers::socketio;
use crate::drivers::turn::{self, IceOffer, TurnDriver};
use crate::ending::Ending;
use crate::limits::Guard;
use crate::logs;
use crate::metrics;
use crate::origin::{Origin, OriginPolicy};
use crate::otel;
use crate::reload::{Live, Reload, Reread};
use crate::shutdown::{Signals, Stopper, Stopping};
use crate::tls::{self, Tls};
use crate::transports::demux::Demux;
use crate::transports::engineio::Carrier;
use crate::transports::gate::Gate;
use crate::transports::http::{self, Headers};
use crate::transports::listener::{self, BindError, Bound, Wanted};
use crate::web::Web;
use crate::webhooks::{self, SecretError, Webhooks};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::net::UdpSocket;
use std::sync::Arc;
use tokio::task::JoinSet;

/// File descriptors for what is not a connection: listeners, files, the runtime.
const RESERVED_FILES: usize = 64;

/// What every part of the server may look at.
pub struct Node {
    /// As it was at the start.
    pub config: Config,
    pub admin: Admin,
    /// As it is now.
    pub live: Live,
    pub headers: Headers,
    pub origins: Arc<OriginPolicy>,
    /// Limits by address.
    pub guard: Arc<Guard>,
    pub stopping: Stopping,
    pub web: Web,
    pub rooms: Arc<RoomsDriver>,
    pub auth: Arc<Auth>,
    pub socketio: Arc<Carrier>,
    /// None without a certificate.
    pub tls: Option<Arc<Tls>>,
    /// `None`: switched off.
    pub turn: Option<Arc<TurnDriver>>,
    /// `None`: nobody is told.
    pub webhooks: Option<Arc<Webhooks>>,
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
    Tokens(String),
    Webhooks(SecretError),
    Otel(String),
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
            Self::Tokens(error) => write!(f, "cannot verify tokens: {error}"),
            Self::Webhooks(error) => write!(f, "{error}"),
            Self::Otel(error) => write!(f, "cannot tell the collector: {error}"),
        }
    }
}

/// Runs until a signal says stop; the number is the exit code.
pub fn run(config: Config, reread: Reread) -> Result<u8, StartError> {
    let log = logs::start(&config);
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    if config.server.threads > 0 {
        threads.worker_threads(config.server.threads);
    }
    let runtime = threads.enable_all().build().map_err(StartError::Runtime)?;
    let code = runtime.block_on(serve(config, Reload::new(reread, log)));
    // Whoever had the whole grace time and is still here is not waited for any longer.
    runtime.shutdown_background();
    code
}

async fn serve(config: Config, reload: Reload) -> Result<u8, StartError> {
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let stopper = Stopper::new();
    let Doors { clients, watchers, administrators } = Doors::open(&config).await?;
    let Bound { listeners, datagrams, addresses } = clients;
    let Assembled { node, gate, relay } = assemble(config, datagrams, &stopper)?;
    watchers.serve(&node);
    otel::start(&node).map_err(StartError::Otel)?;
    let demux = Demux::new(Arc::clone(&node), http::router(Arc::clone(&node)));
    let apart = Demux::new(Arc::clone(&node), http::admin_router(&node));
    let mut accepting = JoinSet::new();
    for (listener, demux) in with(listeners, &demux).chain(with(administrators.listeners, &apart)) {
        let serve = move |connection| demux.serve(connection);
        accepting.spawn(listener::accept(listener, Arc::clone(&gate), stopper.listen(), serve));
    }
    announce(&node, &addresses, relay.as_ref().map(turn::Relay::summary));

    let asked = signals.next_end(|| reload.run(&node)).await;
    let ending = Ending { node: &node, gate: &gate, stopper: &stopper };
    tokio::select! {
        () = ending.run(asked, accepting) => {}
        forced = signals.next_end(|| ()) => return Ok(forced.code()),
    }
    webhooks::stop(&node).await;
    relay.into_iter().for_each(turn::Relay::stop);
    Ok(0)
}

/// Every address that is listened on, bound before anything else is started.
struct Doors {
    clients: Bound,
    watchers: metrics::Separate,
    administrators: Bound,
}

impl Doors {
    async fn open(config: &Config) -> Result<Self, StartError> {
        let wanted = if config.turn.enabled { Wanted::TcpAndUdp } else { Wanted::Tcp };
        let (listen, patience) = (&config.server.listen, config.server.port_wait);
        Ok(Self {
            clients: listener::bind_patiently(listen, wanted, patience)
                .await
                .map_err(StartError::Bind)?,
            watchers: metrics::Separate::bind(config).map_err(StartError::Bind)?,
            administrators: listener::bind(&config.admin.listen, Wanted::Tcp)
                .map_err(StartError::Bind)?,
        })
    }
}

/// All parts, put together.
struct Assembled {
    node: Arc<Node>,
    gate: Arc<Gate>,
    relay: Option<turn::Relay>,
}

fn assemble(
    config: Config,
    datagrams: Vec<UdpSocket>,
    stopper: &Stopper,
) -> Result<Assembled, StartError> {
    let web = Web::open(config.server.web_dir.0.as_deref()).map_err(StartError::Web)?;
    let tls = tls::start(&config).map_err(StartError::Tls)?;
    let Files { connections: max, relays } = Files::share_out(&config);
    let guard = Arc::new(Guard::new(&config.limits));
    let gate =
        Gate::judged(max, config.limits.max_connections_per_address, Arc::clone(&guard) as _);
    let origins = Arc::new(OriginPolicy::of(&config.server));
    let (relay, own) = if config.turn.enabled {
        let started = turn::Relay::start(&config, datagrams, relays, stopper.listen());
        started.map(|(relay, own)| (Some(relay), Some(own))).map_err(StartError::Relay)?
    } else {
        (None, None)
    };
    let auth = Auth::start(&config).map_err(StartError::Tokens)?;
    let webhooks = Webhooks::start(&config).map_err(StartError::Webhooks)?;
    let ice = IceOffer::new(&config, own, tls.clone());
    let rooms = RoomsDriver::start(&config, ice, Arc::clone(&auth));
    webhooks.iter().for_each(|webhooks| rooms.observed_by(webhooks));
    let sessions = (max, Arc::clone(&guard), Arc::clone(&origins));
    let node = Arc::new(Node {
        socketio: socketio::start(&config, Arc::clone(&rooms), Arc::clone(&auth), sessions),
        origins,
        guard,
        stopping: stopper.listen(),
        web,
        rooms,
        auth,
        tls,
        turn: relay.as_ref().map(|relay| Arc::clone(&relay.driver)),
        live: Live::new(&config),
        headers: Headers::new(&config),
        webhooks,
        admin: Admin::new(&config),
        config,
    });
    Ok(Assembled { node, gate, relay })
}

/// Who serves what comes in on each of them.
fn with<L>(listeners: Vec<L>, demux: &Arc<Demux>) -> impl Iterator<Item = (L, Arc<Demux>)> {
    listeners.into_iter().map(|listener| (listener, Arc::clone(demux)))
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
