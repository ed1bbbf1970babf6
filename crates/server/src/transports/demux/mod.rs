//! A connection from its acceptance to the point where it is told what it speaks: by its first bytes, and again
//! within TLS. Whoever takes long for that costs a place on the porch and nothing else.

mod first;
#[cfg(test)]
mod fuzzed;
mod porch;
mod prefix;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use parlor_turn::{ClientAddr, Transport};
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::gate::Judge;
use super::http;
use super::listener::Connection;
use super::through::Through;
use crate::drivers::turn;
use crate::logs;
use crate::metrics::{self, Handshake};
use crate::node::Node;
use first::Kind;
use porch::{Place, Porch};
use prefix::{Prefix, look};

/// What is spoken on a connection, from the first byte on; with or without TLS around it.
pub type Stream = Through<Either<TcpStream, Box<TlsStream<Through<TcpStream, Prefix>>>>, Prefix>;

pub struct Demux {
    node: Arc<Node>,
    router: Router,
    porch: Arc<Porch>,
}

impl Demux {
    pub fn new(node: Arc<Node>, router: Router) -> Arc<Self> {
        let limits = &node.config.limits;
        let porch = Porch::new(limits.max_half_open, limits.max_half_open_per_address);
        Arc::new(Self { node, router, porch })
    }

    /// Takes a connection in, in the order of their coming, and serves it until it ends.
    pub fn serve(self: &Arc<Self>, connection: Connection) {
        let address = connection.address.ip();
        let place = self.porch.enter(address, self.node.guard.is_one_client(address));
        tokio::spawn(Arc::clone(self).serve_one(connection, place));
    }

    async fn serve_one(self: Arc<Self>, connection: Connection, place: Place) {
        let Connection { stream, address, local, permit } = connection;
        notice_silence(&stream, self.node.config.limits.idle_timeout);
        let Some((kind, stream)) = self.told(stream, address, place).await else {
            // Browsers open connections that they may need; nobody has to hear of it.
            let address = logs::shown(address);
            return tracing::trace!(%address, "closed before it was told what it speaks");
        };
        let is_tls = matches!(stream.stream, Either::Right(_));
        match kind {
            Kind::Http1 | Kind::Http2 => {
                let over_limit = permit.over_limit();
                let client = http::Client { address, came_in_at: Some(local), over_limit };
                let version =
                    if kind == Kind::Http2 { http::Wire::Http2 } else { http::Wire::Http1 };
                let connection = http::Connection { stream, permit, client, version, is_tls };
                http::serve(connection, self.router.clone(), Arc::clone(&self.node)).await;
            }
            Kind::Stun => {
                let Some(turn) = &self.node.turn else { return };
                let transport = if is_tls { Transport::Tls } else { Transport::Tcp };
                let (remote, local) = (turn::canonical(address), turn::canonical(local));
                let client = ClientAddr { remote, local, transport };
                turn::serve_stream(Arc::clone(turn), stream, client, permit).await;
            }
            // TLS within TLS is nobody's; ICE over TCP needs a media server.
            Kind::Tls | Kind::FramedStun => {}
        }
    }

    /// Until it is told, or it takes too long, or somebody else needs the place, or the server stops.
    async fn told(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        mut place: Place,
    ) -> Option<(Kind, Stream)> {
        let mut stopping = self.node.stopping.clone();
        tokio::select! {
            told = self.unwrap(stream, address) => told,
            () = place.lost() => None,
            () = stopping.begun() => None,
        }
    }

    async fn unwrap(&self, stream: TcpStream, address: SocketAddr) -> Option<(Kind, Stream)> {
        let (kind, stream) = self.look(stream).await?;
        if kind != Kind::Tls {
            let Through { stream, reading } = stream;
            return Some((kind, Through { stream: Either::Left(stream), reading }));
        }
        let tls = self.node.tls.as_ref()?;
        let patience = self.node.config.tls.handshake_timeout;
        let shaken = timeout(patience, tls.accept(stream)).await;
        metrics::shaken(match &shaken {
            Ok(Ok(Some(_))) => Handshake::Done,
            Ok(Ok(None)) => Handshake::Challenge,
            Ok(Err(_)) => Handshake::Failed,
            Err(_) => Handshake::TooSlow,
        });
        let shaken = match shaken.ok()? {
            Ok(shaken) => shaken?,
            Err(error) => {
                tracing::debug!(address = %logs::shown(address), %error, "no TLS handshake");
                return None;
            }
        };
        let (kind, stream) = self.look(Either::Right(Box::new(shaken))).await?;
        Some((kind, stream))
    }

    async fn look<S: AsyncRead + Unpin>(&self, stream: S) -> Option<(Kind, Through<S, Prefix>)> {
        timeout(self.node.config.limits.header_timeout, look(stream)).await.ok()?
    }
}

/// A client that has vanished acknowledges nothing; TCP alone would go on trying for a quarter of an hour, and whoever
/// reads a stream answers nothing else.
fn notice_silence(stream: &TcpStream, after: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(after)) {
        tracing::debug!(%error, "a vanished client will be noticed late");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, after);
}
