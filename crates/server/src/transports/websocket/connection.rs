//! One WebSocket connection from its first frame to its close: reads while it writes, and never waits for ever.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use parlor_dialects::{Close, Door, Frame, Session, Step};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_websockets::proto::ProtocolError;
use tokio_websockets::{
    CloseCode, Error, Limits as FrameLimits, Message, ServerBuilder, WebSocketStream,
};

use super::closing::{CLOSE_TIMEOUT, linger};
use super::metered::Meter;
use super::rate::Bucket;
use crate::config::Limits;
use crate::drivers::rooms::{Answer, IceRenewal, Line, Next, Outbox, RoomsDriver, Sending};
use crate::node::Node;
use crate::shutdown::Stopping;
use crate::transports::through::Through;

/// Written at once at most: a close doesn't have to wait behind more than this.
const WRITE_BATCH: usize = 64 * 1024;
/// How long one batch may take: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Refused messages before a connection is closed, and how many are forgiven each second.
const MAX_REFUSALS: usize = 2_000;
const FORGIVEN_PER_SECOND: usize = 20;
/// Pings and pongs: no honest client needs more than a few a minute.
const CONTROL_FRAMES_PER_SECOND: usize = 10;
const CONTROL_FRAMES_BURST: usize = 100;

pub async fn serve<S>(node: &Node, door: Door, line: Line, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (limits, outbox) = (&node.config.limits, Arc::clone(&line.outbox));
    let frame_limits = FrameLimits::default().max_payload_len(Some(limits.max_frame.0));
    let meter = Meter::new(limits.max_frame.0);
    let stream = Through { stream, reading: meter.clone() };
    let socket = ServerBuilder::new().limits(frame_limits).serve(stream);
    let (mut sink, mut stream) = socket.split();
    let (now, id) = (Instant::now(), line.id);
    let reader = Reader {
        rooms: &node.rooms,
        limits,
        session: Session::new(door, id, Arc::clone(node.rooms.terms())),
        line,
        rate: Bucket::new(limits.messages_per_second, limits.burst, now.into_std()),
        refusals: Bucket::new(FORGIVEN_PER_SECOND, MAX_REFUSALS, now.into_std()),
        meter,
        control_frames: Bucket::new(
            CONTROL_FRAMES_PER_SECOND,
            CONTROL_FRAMES_BURST,
            now.into_std(),
        ),
        joins_since: now,
        heard_at: now,
        pinged_at: now,
        ice: IceRenewal::default(),
    };
    // The reader ends when the client is gone, the writer when it has written why the connection is closed.
    tokio::select! {
        () = reader.run(&mut stream) => {}
        () = write(&mut sink, &outbox) => {}
        () = close_at_stop(node.stopping.clone(), &outbox) => {}
    }
    node.rooms.disconnect(id.connection);
    if let Ok(socket) = sink.reunite(stream) {
        linger(socket.into_inner().stream).await;
    }
}

struct Reader<'a> {
    rooms: &'a RoomsDriver,
    limits: &'a Limits,
    line: Line,
    session: Session,
    rate: Bucket,
    refusals: Bucket,
    control_frames: Bucket,
    meter: Meter,
    /// The join timeout counts from here.
    joins_since: Instant,
    heard_at: Instant,
    pinged_at: Instant,
    ice: IceRenewal,
}

impl Reader<'_> {
    async fn run<S>(mut self, stream: &mut SplitStream<WebSocketStream<S>>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.settle();
        loop {
            let max_len = self.limits.max_frame.0;
            let next = tokio::select! {
                next = timeout_at(self.next_deadline(), stream.next()) => Some(next),
                () = self.line.outbox.told() => None,
                () = self.meter.exceeded() => {
                    Some(Ok(Some(Err(Error::PayloadTooLong { len: usize::MAX, max_len }))))
                }
            };
            self.session.handle_timeout(self.rooms.now());
            match next {
                None => self.settle(),
                Some(Ok(Some(Ok(message)))) => self.hear(&message),
                Some(Ok(Some(Err(error)))) => match reason(&error) {
                    Some(why) => self.line.outbox.close(why),
                    None => return,
                },
                Some(Ok(None)) => return,
                Some(Err(_)) => self.handle_deadline(),
            }
            if self.line.outbox.is_closing() {
                // Nobody is heard any more; the writer ends this connection.
                return std::future::pending().await;
            }
        }
    }

    fn hear(&mut self, message: &Message) {
        self.heard_at = Instant::now();
        let frame = match message.as_text() {
            Some(text) => Frame::Text(text),
            None if message.is_binary() => Frame::Binary(message.as_payload()),
            None => return self.hear_control_frame(message),
        };
        self.meter.start_anew();
        match self.rate.take(self.heard_at.into_std()) {
            Ok(()) => {
                self.session.handle_frame(frame);
                if self.session.never_joins() {
                    self.joins_since = self.heard_at;
                }
            }
            Err(retry_after) => {
                if self.refusals.take(self.heard_at.into_std()).is_err() {
                    return self.line.outbox.close(Close::RateLimited);
                }
                self.session.handle_excess(frame, retry_after);
            }
        }
        self.settle();
    }

    /// Answered by the frame layer, which keeps every answer that is not read: a flood of them ends here.
    fn hear_control_frame(&mut self, message: &Message) {
        if self.control_frames.take(self.heard_at.into_std()).is_err() {
            return self.line.outbox.close(Close::RateLimited);
        }
        if let Some((code, _)) = message.as_close() {
            let code = Some(code).filter(|code| *code != CloseCode::NO_STATUS_RECEIVED);
            self.session.handle_close(code.map(u16::from));
            self.settle();
        }
    }

    /// Does what the session wants done, until it wants nothing more.
    fn settle(&mut self) {
        if let Some(dialect) = self.session.dialect() {
            self.line.outbox.speak(dialect);
            if !self.rooms.speaks(dialect) {
                return self.line.outbox.close(Close::DialectOff);
            }
        }
        while let Some(step) = self.next_step() {
            match step {
                Step::Send(frame) => self.line.outbox.push(frame, Sending::Reliable),
                Step::Close(why) => self.line.outbox.close(why),
                Step::Ask(ask) => {
                    let answers = self.rooms.ask(&self.line, ask);
                    answers.iter().for_each(|answer| self.take_note(answer));
                }
            }
        }
    }

    fn take_note(&mut self, answer: &Answer) {
        self.session.handle_reply(answer);
        if let Ok(reply) = answer {
            self.ice.handle_reply(self.rooms, reply, Instant::now().into_std());
        }
    }

    /// What the session wants, or what it wants once it has heard what happened.
    fn next_step(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.session.poll_output() {
                return Some(step);
            }
            self.session.handle_heard(&self.line.outbox.take_heard()?);
        }
    }

    fn next_deadline(&self) -> Instant {
        let next = self.next_ping().min(self.heard_at + self.limits.idle_timeout);
        let wanted = self.session.poll_timeout().map(|at| Instant::now() + self.rooms.until(at));
        let renewal = self.ice.due().map(Instant::from_std);
        let next = wanted.into_iter().chain(renewal).fold(next, Instant::min);
        if self.session.must_join() {
            next.min(self.joins_since + self.limits.join_timeout)
        } else {
            next
        }
    }

    fn next_ping(&self) -> Instant {
        self.heard_at.max(self.pinged_at) + self.limits.idle_timeout / 3
    }

    fn handle_deadline(&mut self) {
        self.settle();
        let now = Instant::now();
        self.ice.handle_timeout(self.rooms, &self.line, now.into_std());
        if self.session.must_join() && now >= self.joins_since + self.limits.join_timeout {
            self.line.outbox.close(Close::JoinTimeout);
        } else if now >= self.heard_at + self.limits.idle_timeout {
            self.line.outbox.close(Close::IdleTimeout);
        } else if now >= self.next_ping() {
            self.pinged_at = now;
            self.line.outbox.ping();
        }
    }
}

async fn write<S>(sink: &mut SplitSink<WebSocketStream<S>, Message>, outbox: &Outbox)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let why = write_until_close(sink, outbox).await;
    let goodbye = async {
        if let Ok(code) = CloseCode::try_from(why.code()) {
            // Fails after bad WebSocket: then the frame layer has queued a close of its own, which is only to be flushed.
            _ = sink.send(Message::close(Some(code), why.reason())).await;
        }
        sink.flush().await
    };
    // Who does not read it in time is cut off without.
    _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}

async fn write_until_close<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    outbox: &Outbox,
) -> Close
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let batch = match outbox.next(WRITE_BATCH).await {
            Next::Frames(frames) => frames.into_iter().map(Message::text).collect(),
            Next::Ping => vec![Message::ping("")],
            Next::Close(why) => return why,
        };
        let written = tokio::select! {
            written = timeout(WRITE_TIMEOUT, send(sink, batch)) => written,
            () = outbox.given_up() => return Close::SlowConsumer,
        };
        match written {
            Ok(Ok(())) => {}
            // Closing already, or gone.
            Ok(Err(_)) => return Close::ProtocolError,
            Err(_) => return Close::SlowConsumer,
        }
    }
}

async fn send<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    batch: Vec<Message>,
) -> Result<(), tokio_websockets::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for message in batch {
        sink.feed(message).await?;
    }
    sink.flush().await
}

async fn close_at_stop(mut stopping: Stopping, outbox: &Outbox) {
    stopping.begun().await;
    outbox.close(Close::ServerStopping);
    std::future::pending().await
}

/// Why a connection is closed that speaks bad WebSocket; `None` when it is gone.
fn reason(error: &Error) -> Option<Close> {
    match error {
        Error::PayloadTooLong { .. } => Some(Close::FrameTooLarge),
        Error::Protocol(ProtocolError::InvalidUtf8) => Some(Close::InvalidUtf8),
        Error::Protocol(_) => Some(Close::ProtocolError),
        // Gone, or about handshakes, which are not made in this layer.
        Error::AlreadyClosed
        | Error::Io(_)
        | Error::CannotResolveHost
        | Error::DisallowedHeader
        | Error::Upgrade(_)
        | _ => None,
    }
}
