//! One server from start to stop: puts the parts together and tells them when to end.

use crate::config::{Config, LogFormat};
use crate::drivers::rooms::RoomsDriver;
use crate::drivers::socketio;
use crate::origin::OriginPolicy;
use crate::shutdown::{Signals, Stopper, Stopping};
use crate::transports::engineio::Carrier;
use crate::transports::gate::Gate;
use crate::transports::http;
use crate::transports::listener::{self, BindError, Bound};
use crate::web::Web;
use axum::Router;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::{fmt, panic};
use tokio::task::JoinSet;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// File descriptors for what is not a connection: listeners, files, the runtime.
const RESERVED_FILES: usize = 64;

/// What every part of the server may look at.
pub struct Node {
    pub config: Config,
    pub origins: OriginPolicy,
    pub stopping: Stopping,
    pub web: Web,
    pub rooms: Arc<RoomsDriver>,
    pub socketio: Arc<Carrier>,
}

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    Runtime(io::Error),
    Signals(io::Error),
    Web(io::Error),
    Bind(BindError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "cannot start threads: {error}"),
            Self::Signals(error) => write!(f, "cannot listen for signals: {error}"),
            Self::Web(error) => write!(f, "cannot open the folder given as web_dir: {error}"),
            Self::Bind(error) => write!(f, "{error}"),
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
    let Bound { listeners, open_at } =
        listener::bind(&config.server.listen).map_err(StartError::Bind)?;
    let max = allowed_connections(config.limits.max_connections);
    let gate = Gate::new(max, config.limits.max_connections_per_address);
    let rooms = RoomsDriver::start(&config);
    let node = Arc::new(Node {
        socketio: socketio::start(&config, Arc::clone(&rooms), max),
        origins: OriginPolicy::new(&config.server.allow_origins),
        stopping: stopper.listen(),
        web,
        rooms,
        config,
    });
    let router = http::router(Arc::clone(&node));
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let serve = server_of(&router, &node);
        accepting.spawn(listener::accept(listener, Arc::clone(&gate), stopper.listen(), serve));
    }
    announce(&node.config, &open_at);

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
    Ok(0)
}

fn server_of(router: &Router, node: &Arc<Node>) -> impl Fn(listener::Connection) + use<> {
    let (router, node) = (router.clone(), Arc::clone(node));
    move |connection| {
        tokio::spawn(http::serve(connection, router.clone(), Arc::clone(&node)));
    }
}

/// As many connections as configured, if the system allows that many open files.
fn allowed_connections(wanted: usize) -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            return wanted;
        }
    };
    let possible = limit.saturating_sub(RESERVED_FILES).max(1);
    if possible < wanted {
        tracing::debug!(
            wanted,
            possible,
            "the system's limit of open files sets the number of connections"
        );
    }
    wanted.min(possible)
}

/// For the person at the terminal; a closed standard output is no reason not to serve.
fn announce(config: &Config, open_at: &[String]) {
    let mut out = io::stdout().lock();
    _ = writeln!(out, "Parlor {}", env!("CARGO_PKG_VERSION"));
    for address in open_at {
        _ = writeln!(out, "open http://{address}");
    }
    _ = out.flush();
    let exposed = config.server.listen.iter().any(|address| !address.is_loopback());
    if exposed && config.server.allow_origins.is_empty() {
        tracing::warn!(
            "pages opened from other machines cannot connect until their address is given with --allow-origin"
        );
    }
}

fn write_log(config: &Config) {
    use tracing_subscriber::{Layer, fmt::layer, registry};
    let lines = match config.server.log_format {
        LogFormat::Text => {
            layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => layer().json().with_writer(io::stderr).boxed(),
    };
    registry().with(lines.with_filter(config.server.log.targets.clone())).init();
    // One request or one room may fail alone; what is left of it is a line.
    panic::set_hook(Box::new(|bug| {
        tracing::error!("bug: {}", bug.to_string().replace('\n', ": "))
    }));
}
