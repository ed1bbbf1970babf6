//! What is left of an HTTP connection that became a WebSocket: the socket itself wherever it can be had.

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use parlor_dialects::Bytes;
use tokio_util::either::Either;

use crate::transports::http::Socket;

/// The socket, without what HTTP has laid around it; or something that carries HTTP in another way.
pub type Stream = Either<Socket, TokioIo<Upgraded>>;

/// Also what the client sent right behind its handshake.
pub fn bare(upgraded: Upgraded) -> (Stream, Bytes) {
    match upgraded.downcast::<TokioIo<Socket>>() {
        Ok(parts) => (Either::Left(parts.io.into_inner()), parts.read_buf),
        Err(upgraded) => (Either::Right(TokioIo::new(upgraded)), Bytes::new()),
    }
}
