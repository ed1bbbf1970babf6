//! From a request to a WebSocket: the answer to the handshake, and a task for what follows it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, Response};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use futures_util::future::OptionFuture;
use parlor_dialects::Bytes;
use parlor_websocket::deflate::{Agreement, Policy, negotiate};

use super::handshake;
use super::protocols;
use super::stream::{Stream, bare};

/// One compressor serves all connections of a thread, and a decompressor lives as long as a message.
const SPARING: Policy = Policy { server_context: false, client_context: false };

/// What a WebSocket is opened with.
pub struct Opened {
    pub stream: (Stream, Bytes),
    pub deflate: Option<Agreement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Off,
    /// For whoever offers it.
    Deflate,
}

/// Answers the handshake; `serve` is given what follows, in a task of its own. The origin was checked before.
pub fn open<F>(
    mut request: Request,
    compression: Compression,
    serve: impl FnOnce(Opened) -> F + Send + 'static,
) -> Response<Body>
where
    F: Future<Output = ()> + Send + 'static,
{
    let accept = match handshake::accept(&request) {
        Ok(accept) => accept,
        Err(refused) => return refused.into_response(),
    };
    let deflate = match compression {
        Compression::Deflate => agree(request.headers()),
        Compression::Off => None,
    };
    let protocol = protocols::agreed(request.headers());
    // Not an `async` block, which would keep the place of `serve` for as long as the connection lives. An error means that the
    // client went away before the answer was written.
    tokio::spawn(hyper::upgrade::on(&mut request).then(move |upgraded| {
        let opened = upgraded.ok().map(|upgraded| Opened { stream: bare(upgraded), deflate });
        OptionFuture::from(opened.map(serve))
    }));
    let mut answer = handshake::switching_protocols(&accept);
    answer.headers_mut().extend(protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let extension = deflate.and_then(|agreement| agreement.header_value().parse().ok());
    if let Some(extension) = extension {
        answer.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, extension);
    }
    answer
}

fn agree(headers: &HeaderMap) -> Option<Agreement> {
    let offers = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
    negotiate(offers.filter_map(|offer| offer.to_str().ok()), SPARING)
}
