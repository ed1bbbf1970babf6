//! The small applications that the suites for WebSocket, Engine.IO and Socket.IO expect, on the product's own engines.
//!
//! For tests alone: `cargo xtask conformance serve --listen 127.0.0.1:3000`, with `--deflate` for compressed WebSocket.

mod echo;
mod frames;
mod messages;
#[allow(dead_code, reason = "the product uses more of it")]
#[path = "../../src/transports"]
mod transports {
    pub mod engineio;
    pub mod gate;
    pub mod http {
        pub use tokio::net::TcpStream as Socket;
    }
    pub mod websocket {
        pub mod handshake;
        pub mod opening;
        pub mod protocols;
        pub mod rate;
        pub mod stream;
        pub mod wire;
    }
}

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::routing::{any, get};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use parlor_dialects::socketio::engine::Settings;
use tokio::net::TcpListener;
use transports::engineio::guest::{Arrival, Guest, House};
use transports::engineio::{Carrier, Pace};
use transports::gate::{Gate, Judge};
use transports::websocket::opening::Compression;

/// Short, so that the suites need not wait long; they know these numbers.
const PING_INTERVAL: Duration = Duration::from_millis(300);
const PING_TIMEOUT: Duration = Duration::from_millis(200);

/// Nobody is held back.
struct Everybody;

impl Judge for Everybody {
    fn is_one_client(&self, _: IpAddr) -> bool {
        false
    }

    fn is_hasty(&self, _: IpAddr) -> bool {
        false
    }
}

/// What its sessions are for.
#[derive(Clone, Copy)]
enum Application {
    Echo,
    Messages,
}

impl House for Application {
    fn receive(&self, arrival: Arrival<'_>) -> Option<Box<dyn Guest>> {
        Some(match self {
            Self::Echo => Box::new(echo::Echo::default()),
            Self::Messages => Box::new(messages::Messages::new(&arrival)),
        })
    }

    fn admit(&self, _: &HeaderMap) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (address, compression): (SocketAddr, _) = match arguments[..] {
        ["--listen", address] => (address.parse()?, Compression::Off),
        ["--listen", address, "--deflate"] => (address.parse()?, Compression::Deflate),
        _ => return Err("usage: conformance --listen ADDRESS:PORT [--deflate]".into()),
    };
    let listener = TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
    let router = Router::new()
        .route("/echo", get(async move |request| frames::echo(request, compression)))
        .route("/engine.io/", at(Application::Echo, compression))
        .route("/socket.io/", at(Application::Messages, compression));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A connection that fails is for the suites to judge.
        tokio::spawn(serving.with_upgrades());
    }
}

fn at(application: Application, compression: Compression) -> axum::routing::MethodRouter {
    let settings = Settings {
        ping_interval: PING_INTERVAL,
        ping_timeout: PING_TIMEOUT,
        ..Settings::default()
    };
    let pace = Pace { per_second: 100_000, burst: 100_000 };
    let (application, gate) = (Arc::new(application), Gate::judged(10_000, 0, Arc::new(Everybody)));
    let carrier = Carrier::start((settings, pace, compression), application, gate);
    any(move |request: Request| {
        let carrier = Arc::clone(&carrier);
        // All come from this machine.
        async move { carrier.handle(Ipv4Addr::LOCALHOST.into(), request).await }
    })
}
