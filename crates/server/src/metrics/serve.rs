//! `GET /metrics`: on the port of everything else, or on one of its own that serves nothing else.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::access::{self, Denied};
use super::{collect, text};
use crate::config::Config;
use crate::node::Node;
use crate::shutdown::Stopper;
use crate::transports::gate::Gate;
use crate::transports::http::Client;
use crate::transports::listener::{self, BindError, Connection, Wanted};
use crate::web::{self, NOT_FOUND};

/// A handful of scrapers, each with a connection that it keeps.
const MAX_CONNECTIONS: usize = 64;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 16 << 10;

/// On the port of everything else, unless it has one of its own.
pub async fn answer(State(node): State<Arc<Node>>, request: Request) -> Response<Body> {
    if !node.config.metrics.listen.is_empty() {
        return web::text(StatusCode::NOT_FOUND, NOT_FOUND);
    }
    let client = request.extensions().get::<Client>();
    let from = client.map(|client| client.address.ip());
    respond(&node, from, request.headers())
}

fn respond(node: &Node, from: Option<IpAddr>, headers: &HeaderMap) -> Response<Body> {
    match access::check(&node.config.metrics, from, headers) {
        Ok(()) => {}
        Err(Denied::Forbidden) => {
            let sentence = "Only addresses in metrics.allow may read this.\n";
            return web::text(StatusCode::FORBIDDEN, sentence);
        }
        Err(Denied::Unauthorized) => {
            let sentence = "This is read with the token of metrics.token (Bearer).\n";
            let mut response = web::text(StatusCode::UNAUTHORIZED, sentence);
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
            return response;
        }
    }
    let mut response = Response::new(Body::from(collect::page(node).into_text()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Listeners of their own, bound before the server starts so that a port in use is told at once.
pub struct Separate(Vec<TcpListener>);

impl Separate {
    pub fn bind(config: &Config) -> Result<Self, BindError> {
        listener::bind(&config.metrics.listen, Wanted::Tcp).map(|bound| Self(bound.listeners))
    }

    /// Serves until the process ends: what happens while the server stops is worth reading too.
    pub fn serve(self, node: &Arc<Node>) {
        let gate = Gate::judged(MAX_CONNECTIONS, 0, Arc::clone(&node.guard) as _);
        for listener in self.0 {
            tokio::spawn(accept(listener, Arc::clone(&gate), Arc::clone(node)));
        }
    }
}

async fn accept(listener: TcpListener, gate: Arc<Gate>, node: Arc<Node>) {
    let never = Stopper::new();
    let serve = |connection| {
        tokio::spawn(serve_one(connection, Arc::clone(&node)));
    };
    listener::accept(listener, gate, never.listen(), serve).await;
}

async fn serve_one(connection: Connection, node: Arc<Node>) {
    let Connection { stream, address, permit, .. } = connection;
    if permit.over_limit() {
        return;
    }
    let answer = |request: hyper::Request<hyper::body::Incoming>| {
        let response = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => {
                respond(&node, Some(address.ip()), request.headers())
            }
            _ => web::text(StatusCode::NOT_FOUND, NOT_FOUND),
        };
        std::future::ready(Ok::<_, Infallible>(response))
    };
    // Who breaks HTTP off here hears nothing more.
    _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}
