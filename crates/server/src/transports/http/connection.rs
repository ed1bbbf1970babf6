//! One connection that speaks HTTP: versions, timeouts, and its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use axum::http::{Request, Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::metered::Metered;
use super::secure;
use super::{Client, MAX_HEAD_BYTES, MAX_HEADERS};
use crate::logs::{self, RequestLog};
use crate::metrics;
use crate::node::Node;
use crate::transports::demux::Stream;
use crate::transports::gate::Permit;
use crate::transports::through::Through;
use crate::web;

/// Requests at the same time on one connection of HTTP/2; a page with its event stream has a handful.
const MAX_STREAMS: u32 = 64;
/// What a client may send ahead of being read, on one stream and on all together.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;

/// Refusals that are answered on one connection of HTTP/2 before it is cut; that of HTTP/1.1 ends with the first.
const MAX_REFUSED: usize = 32;

/// Which version is spoken; told by the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Http1,
    Http2,
}

/// What carries HTTP, and what is left of it once it becomes a WebSocket.
pub type Socket = Through<Stream, Metered>;

pub struct Connection {
    pub stream: Stream,
    pub permit: Permit,
    pub client: Client,
    pub version: Wire,
    pub is_tls: bool,
}

/// Ends the connection of a request whose answer nobody reads; an extension of every request.
#[derive(Debug, Clone, Default)]
pub struct HangUp(Arc<Notify>);

impl HangUp {
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// Serves one connection until it ends, becomes a WebSocket, or the server stops.
pub async fn serve(connection: Connection, router: Router, node: Arc<Node>) {
    let Connection { stream, permit, client, version, is_tls } = connection;
    let reading = Metered::new(permit, node.live.config().limits.bytes_per_second.0);
    let io = TokioIo::new(Through { stream, reading });
    let hang_up = HangUp::default();
    let desk = Arc::new(Desk {
        routes: TowerToHyperService::new(router),
        node,
        client,
        hang_up: hang_up.clone(),
        is_tls,
        open: Open::default(),
        refused: AtomicUsize::new(0),
    });
    let ended = async {
        match version {
            Wire::Http1 => desk.http1(io).await,
            Wire::Http2 => desk.http2(io).await,
        }
    };
    let ended = tokio::select! {
        ended = ended => ended,
        () = hang_up.0.notified() => return,
    };
    if let Err(error) = ended {
        let address = logs::shown(client.address);
        tracing::debug!(%address, %error, "connection ended");
    }
}

type Io = TokioIo<Socket>;

/// Where the requests of one connection are answered.
struct Desk {
    routes: TowerToHyperService<Router>,
    node: Arc<Node>,
    client: Client,
    hang_up: HangUp,
    is_tls: bool,
    open: Open,
    /// Requests that were too many.
    refused: AtomicUsize,
}

impl Desk {
    async fn http1(self: &Arc<Self>, io: Io) -> hyper::Result<()> {
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience())
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(io, service_fn(|request| Arc::clone(self).answer(request)))
            .with_upgrades();
        let mut serving = pin!(serving);
        let mut stopping = self.node.stopping.clone();
        tokio::select! {
            ended = serving.as_mut() => return ended,
            () = stopping.begun() => serving.as_mut().graceful_shutdown(),
        }
        serving.await
    }

    /// A head that is never finished is no request: such a connection counts as unused.
    async fn http2(self: &Arc<Self>, io: Io) -> hyper::Result<()> {
        let serving = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEAD_BYTES as u32)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .serve_connection(io, service_fn(|request| Arc::clone(self).answer(request)));
        let mut serving = pin!(serving);
        let mut stopping = self.node.stopping.clone();
        tokio::select! {
            ended = serving.as_mut() => return ended,
            () = stopping.begun() => serving.as_mut().graceful_shutdown(),
            () = self.open.unused_for(self.patience()) => {
                serving.as_mut().graceful_shutdown();
                return timeout(self.patience(), serving).await.unwrap_or(Ok(()));
            }
        }
        serving.await
    }

    fn patience(&self) -> Duration {
        self.node.config.limits.header_timeout
    }

    /// Who asks: behind a proxy that is trusted, whoever it says.
    fn client<B>(&self, request: &Request<B>) -> Client {
        let mut client = self.client;
        client.address.set_ip(self.node.guard.client(client.address.ip(), request.headers()));
        client
    }

    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Counted>, Infallible> {
        let route = metrics::route(request.uri().path());
        let log = RequestLog::begin(&mut request, route);
        let mut response = self.route(request).await?;
        metrics::answered(route, response.status().as_u16());
        log.end(&mut response);
        Ok(response)
    }

    async fn route(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Counted>, Infallible> {
        let counted = self.open.count();
        let tls = self.node.tls.as_deref();
        if let Some(tls) = tls.filter(|_| !self.is_tls)
            && let Some(elsewhere) =
                secure::redirect(&request, self.client.address.ip(), tls.domain.as_deref())
        {
            return Ok(self.finish(elsewhere, counted));
        }
        let client = self.client(&request);
        if let Err(wait) = self.node.guard.take_request(client.address.ip(), Instant::now()) {
            if self.refused.fetch_add(1, Ordering::Relaxed) >= MAX_REFUSED {
                self.hang_up.now();
            }
            return Ok(self.finish(too_fast(wait), counted));
        }
        if self.is_tls {
            secure::forget_own_origin(&mut request);
        }
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(self.hang_up.clone());
        let mut response = self.routes.call(request).await?;
        if self.is_tls && tls.is_some_and(|tls| tls.is_trusted()) {
            secure::come_by_https_alone(&mut response);
        }
        Ok(response.map(|body| Counted { body, _count: counted }))
    }

    /// Of an answer that no route has given.
    fn finish(&self, mut response: Response<Body>, counted: Count) -> Response<Counted> {
        self.node.headers.protect(&mut response);
        response.map(|body| Counted { body, _count: counted })
    }
}

/// Asks for a connection anew, which costs who floods more than it costs us.
fn too_fast(wait: Duration) -> Response<Body> {
    let sentence = "Your address makes too many requests. Try again in a moment.\n";
    let mut response = web::text(StatusCode::TOO_MANY_REQUESTS, sentence);
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, (wait.as_secs() + 1).into());
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// How many requests are being answered.
#[derive(Debug)]
struct Open(watch::Sender<usize>);

impl Default for Open {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Open {
    fn count(&self) -> Count {
        self.0.send_modify(|open| *open += 1);
        Count(self.0.clone())
    }

    /// Returns when no request came for so long, and none is being answered. May be dropped at any time.
    async fn unused_for(&self, patience: Duration) {
        let mut open = self.0.subscribe();
        loop {
            if *open.borrow_and_update() > 0 {
                _ = open.changed().await;
            } else if timeout(patience, open.changed()).await.is_err() {
                return;
            }
        }
    }
}

/// One request, until its answer is dropped.
struct Count(watch::Sender<usize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// An answer that counts until its end.
struct Counted {
    body: Body,
    _count: Count,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
