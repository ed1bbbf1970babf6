//! A WebSocket that carries a session, from its first frame or after polling.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::response::IntoResponse;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use parlor_dialects::Bytes;
use parlor_dialects::socketio::engine::{Closed, Message, Text, Transport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_websockets::{CloseCode, Error, Limits, ServerBuilder, WebSocketStream};

use super::Carrier;
use super::seat::{Next, Seat, SocketId};
use crate::transports::websocket::closing::{CLOSE_TIMEOUT, linger};
use crate::transports::websocket::handshake;
use crate::transports::websocket::rate::Bucket;

/// How long one batch may take: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Pings and pongs of WebSocket itself: these clients send none.
const CONTROL_FRAMES_PER_SECOND: usize = 10;
const CONTROL_FRAMES_BURST: usize = 100;

type Socket<S> = WebSocketStream<S>;
type Frame = tokio_websockets::Message;

/// For a session that polls. One that can't take a second WebSocket closes it at once.
pub fn upgrade(carrier: Arc<Carrier>, seat: Arc<Seat>, request: Request) -> Response<Body> {
    let now = carrier.now();
    serve_with(request, move |stream| async move {
        let taken = carrier.drive(&seat, |state| state.take_socket(now));
        run(&carrier, taken.ok().map(|socket| (&seat, socket)), stream).await;
    })
}

/// For a session that was opened by this request.
pub fn serve_new(carrier: Arc<Carrier>, seat: Arc<Seat>, request: Request) -> Response<Body> {
    let unserved = Unserved { carrier, seat };
    serve_with(request, move |stream| async move {
        run(&unserved.carrier, Some((&unserved.seat, SocketId::FIRST)), stream).await;
    })
}

/// Ends a session whose WebSocket never came to be, or has ended.
struct Unserved {
    carrier: Arc<Carrier>,
    seat: Arc<Seat>,
}

impl Drop for Unserved {
    fn drop(&mut self) {
        self.carrier.drive(&self.seat, |state| state.handle_socket_gone(SocketId::FIRST));
    }
}

fn serve_with<F>(
    mut request: Request,
    serve: impl FnOnce(TokioIo<hyper::upgrade::Upgraded>) -> F + Send + 'static,
) -> Response<Body>
where
    F: Future<Output = ()> + Send,
{
    let accept = match handshake::accept(&request) {
        Ok(accept) => accept,
        Err(refused) => return refused.into_response(),
    };
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // An error means that the client went away before the answer was written.
        if let Ok(upgraded) = upgrading.await {
            serve(TokioIo::new(upgraded)).await;
        }
    });
    handshake::switching_protocols(&accept)
}

async fn run<S>(carrier: &Arc<Carrier>, seat: Option<(&Arc<Seat>, SocketId)>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let limits = Limits::default().max_payload_len(Some(carrier.settings.max_payload));
    let (mut sink, mut stream) = ServerBuilder::new().limits(limits).serve(stream).split();
    match seat {
        None => say_goodbye(&mut sink, None).await,
        Some((seat, socket)) => {
            let place = Place { carrier, seat, socket };
            tokio::select! {
                () = read(&place, &mut stream) => {}
                () = write(&place, &mut sink) => {}
            }
            carrier.drive(seat, |state| state.handle_socket_gone(socket));
        }
    }
    if let Ok(socket) = sink.reunite(stream) {
        linger(socket.into_inner()).await;
    }
}

/// A WebSocket's place in its session.
struct Place<'a> {
    carrier: &'a Arc<Carrier>,
    seat: &'a Arc<Seat>,
    socket: SocketId,
}

async fn read<S>(place: &Place<'_>, stream: &mut SplitStream<Socket<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Place { carrier, seat, socket } = *place;
    let mut control = Bucket::new(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST, Instant::now());
    while let Some(frame) = stream.next().await {
        let frame = match frame {
            Ok(frame) if is_going_away(&frame) => {
                carrier.drive(seat, |state| state.end_socket(socket, Closed::PageGone));
                return;
            }
            Ok(frame) => frame,
            Err(error) => {
                let Some(why) = reason(&error) else { return };
                carrier.drive(seat, |state| state.end_socket(socket, why));
                // The writer has the last word.
                return std::future::pending().await;
            }
        };
        let Some(message) = message(frame) else {
            if control.take(Instant::now()).is_err() {
                return;
            }
            continue;
        };
        let now = carrier.now();
        carrier.drive(seat, |state| state.handle_frame(socket, message, now));
        let wait = seat.pace();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        while !seat.may_read() {
            seat.drained.notified().await;
        }
        if seat.is_ended() {
            return std::future::pending().await;
        }
    }
}

/// Why a session ends whose client speaks bad WebSocket; `None` when it is gone.
fn reason(error: &Error) -> Option<Closed> {
    match error {
        Error::PayloadTooLong { .. } => Some(Closed::TooLarge),
        Error::Protocol(_) => Some(Closed::ProtocolError),
        // Gone, or about handshakes, which are not made in this layer.
        Error::AlreadyClosed
        | Error::Io(_)
        | Error::CannotResolveHost
        | Error::DisallowedHeader
        | Error::Upgrade(_)
        | _ => None,
    }
}

/// What a browser says when its page is closed or left.
fn is_going_away(frame: &Frame) -> bool {
    frame.as_close().is_some_and(|(code, _)| code == CloseCode::GOING_AWAY)
}

/// `None` for the frames of WebSocket itself.
fn message(frame: Frame) -> Option<Message> {
    let (is_text, is_binary) = (frame.is_text(), frame.is_binary());
    let bytes = Bytes::from(frame.into_payload());
    match (is_text, is_binary) {
        (true, _) => Text::from_utf8(bytes).map(Message::Text),
        (_, true) => Some(Message::Binary(bytes)),
        (false, false) => None,
    }
}

async fn write<S>(place: &Place<'_>, sink: &mut SplitSink<Socket<S>, Frame>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Place { carrier, seat, socket } = *place;
    loop {
        let told = seat.probe_wake.notified();
        let why = match seat.next_for(socket) {
            Next::Write(frames) => {
                let written = tokio::select! {
                    written = timeout(WRITE_TIMEOUT, send(sink, frames)) => written,
                    () = given_up(carrier, seat) => return,
                };
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
                // The way is free for what waits elsewhere.
                carrier.drive(seat, |_| ());
                continue;
            }
            Next::Wait(Transport::WebSocket) => {
                seat.wake.notified().await;
                carrier.drive(seat, |_| ());
                continue;
            }
            Next::Wait(Transport::Polling) => {
                told.await;
                continue;
            }
            Next::Drop => None,
            Next::End(why) => Some(why),
        };
        return say_goodbye(sink, why).await;
    }
}

/// Returns when nobody has any use for what is being written.
async fn given_up(carrier: &Arc<Carrier>, seat: &Arc<Seat>) {
    while !seat.is_given_up() {
        seat.wake.notified().await;
    }
    if seat.is_ended() {
        // Most often the batch is on its way in a moment, and then the client is told why.
        tokio::time::sleep(CLOSE_TIMEOUT).await;
    }
    carrier.drive(seat, |state| state.engine.end_because(Closed::SlowReader));
}

async fn send<S>(
    sink: &mut SplitSink<Socket<S>, Frame>,
    messages: Vec<Message>,
) -> Result<(), tokio_websockets::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for message in messages {
        let frame = match message {
            Message::Text(text) => Frame::text(text.into_bytes()),
            Message::Binary(bytes) => Frame::binary(bytes),
        };
        sink.feed(frame).await?;
    }
    sink.flush().await
}

/// Who does not read it in time is cut off without.
async fn say_goodbye<S>(sink: &mut SplitSink<Socket<S>, Frame>, why: Option<Closed>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (code, reason) = match why {
        None | Some(Closed::ByClient | Closed::PageGone) => (CloseCode::NORMAL_CLOSURE, ""),
        Some(Closed::ByServer | Closed::TransportGone) => (CloseCode::GOING_AWAY, "closed"),
        Some(Closed::PingTimeout) => (CloseCode::GOING_AWAY, "ping-timeout"),
        Some(Closed::ProtocolError) => (CloseCode::PROTOCOL_ERROR, "protocol-error"),
        Some(Closed::TooLarge) => (CloseCode::MESSAGE_TOO_BIG, "payload-too-large"),
        Some(Closed::SlowReader) => (CloseCode::POLICY_VIOLATION, "slow-consumer"),
    };
    let goodbye = async {
        // Fails after bad WebSocket: then the frame layer has queued a close of its own, which is only to be flushed.
        _ = sink.send(Frame::close(Some(code), reason)).await;
        sink.flush().await
    };
    _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}
