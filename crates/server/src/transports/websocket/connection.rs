//! One WebSocket connection from its first frame to its close: reads while it writes, and never waits for ever.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use parlor_dialects::{Close, Dialect, Frame, Session, Step};
use parlor_rooms::ConnectionId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_websockets::{CloseCode, Limits, Message, ServerBuilder, WebSocketStream};

use super::rate::Bucket;
use super::{ConnectionLimits, Gate};
use crate::drivers::rooms::{Line, Next, Outbox, Sending};
use crate::shutdown::Stopping;

/// Written at once at most: a close doesn't have to wait behind more than this.
const WRITE_BATCH: usize = 64 * 1024;
/// How long a client may take to read its last frames.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of what a client still sends is thrown away after a close; closing a socket that has
/// unread bytes would reset the connection, and the client would never see the reason.
const LINGER_BYTES: u64 = 16 * 1024 * 1024;
/// Refused messages before a connection is closed, and how many are forgiven each second.
const MAX_REFUSALS: u32 = 2_000;
const FORGIVEN_PER_SECOND: u32 = 20;

pub async fn serve<S>(gate: &Gate, dialect: Dialect, id: ConnectionId, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = gate.limits;
    let outbox = Arc::new(Outbox::new(dialect, limits.outbox));
    let frame_limits = Limits::default().max_payload_len(Some(limits.max_frame_bytes));
    let socket = ServerBuilder::new().limits(frame_limits).serve(stream);
    let (mut sink, mut stream) = socket.split();
    let reader = Reader {
        gate,
        limits,
        line: Line { id, outbox: outbox.clone() },
        session: Session::new(dialect, id, gate.rooms.terms().clone()),
        rate: Bucket::new(limits.messages_per_second, limits.burst, now()),
        refusals: Bucket::new(FORGIVEN_PER_SECOND, MAX_REFUSALS, now()),
        heard_at: Instant::now(),
    };
    let stopping = gate.stopping.clone();
    // The reader ends by itself only when the client is gone; the writer ends when the reason to close is written.
    tokio::select! {
        () = reader.run(&mut stream) => {}
        () = write(&mut sink, &outbox) => {}
        () = announce_stop(stopping, &outbox) => {}
    }
    gate.rooms.disconnect(id);
    if let Ok(socket) = sink.reunite(stream) {
        linger(socket).await;
    }
}

struct Reader<'a> {
    gate: &'a Gate,
    limits: ConnectionLimits,
    line: Line,
    session: Session,
    rate: Bucket,
    refusals: Bucket,
    heard_at: Instant,
}

impl Reader<'_> {
    async fn run<S>(mut self, stream: &mut SplitStream<WebSocketStream<S>, Message>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
    }
}
