//! The small application that the protocol suites of Engine.IO and Socket.IO expect, on the product's own engines.
//!
//! For tests alone: `cargo xtask conformance serve --listen 127.0.0.1:3000`.

mod echo;
mod messages;
#[allow(dead_code, reason = "the product uses more of it")]
#[path = "../../src/transports"]
mod transports {
    pub mod engineio;
    pub mod gate;
    pub mod websocket {
        pub mod closing;
        pub mod handshake;
        pub mod rate;
    }
}

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::routing::any;
use parlor_dialects::socketio::engine::Settings;
use transports::engineio::guest::{Arrival, Guest, House};
use transports::engineio::{Carrier, Pace};
use transports::gate::Gate;

/// Short, so that the suites need not wait long; they know these numbers.
const PING_INTERVAL: Duration = Duration::from_millis(300);
const PING_TIMEOUT: Duration = Duration::from_millis(200);

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
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => address.parse()?,
        _ => return Err("usage: conformance --listen ADDRESS:PORT".into()),
    };
    let router = Router::new()
        .route("/engine.io/", at(Application::Echo))
        .route("/socket.io/", at(Application::Messages));
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}

fn at(application: Application) -> axum::routing::MethodRouter {
    let settings = Settings {
        ping_interval: PING_INTERVAL,
        ping_timeout: PING_TIMEOUT,
        ..Settings::default()
    };
    let pace = Pace { per_second: 100_000, burst: 100_000 };
    let carrier = Carrier::start((settings, pace), Arc::new(application), Gate::new(10_000, 0));
    any(move |ConnectInfo(client): ConnectInfo<SocketAddr>, request: Request| {
        let carrier = Arc::clone(&carrier);
        async move { carrier.handle(client.ip(), request).await }
    })
}
