//! One event stream from its first event to the end of what it stood for: writes, never waits for ever, and keeps the
//! member's place while the client comes back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream::unfold;
use parlor_dialects::sse::{encode_closing, opening};
use parlor_dialects::{Close, Dialect};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, sleep, timeout};

use super::seats::{Seated, Seats};
use crate::drivers::rooms::{Frames, Line, Next};
use crate::metrics::{self, Direction};
use crate::node::Node;
use crate::transports::http::HangUp;

/// How often a silent stream says that it is there: proxies give up after a minute or so.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// When an `EventSource` comes back after a cut, and when after an answer that has ended as it should.
pub const RETRY: Duration = Duration::from_millis(500);
const RETRY_AFTER_POLL: Duration = Duration::from_millis(10);
/// How long nobody is told that a stream was cut: most are open again before.
const UNNOTICED_CUT: Duration = Duration::from_secs(5);
/// Written at once at most.
const WRITE_BATCH: usize = 64 * 1024;
/// What one answer of a poll holds at most, by and large; the rest comes with the next.
const MAX_POLL_BYTES: usize = 1024 * 1024;
/// How long one batch may take: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take to read why its stream ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

pub struct Stream {
    pub node: Arc<Node>,
    pub seats: Arc<Seats>,
    pub seated: Seated,
    pub line: Line,
    pub hang_up: HangUp,
}

/// Why nothing more is written.
enum End {
    /// With what the server has to say about it.
    Closed(Close),
    /// The client is gone, for now.
    Cut,
    /// The answer has what it is to have.
    PollOver,
}

/// Starts the task of a stream; what it writes is the body.
pub fn start(stream: Stream, wait: Option<Duration>) -> Body {
    body_of(|sender| stream.run(sender, wait))
}

/// The body that a task writes.
pub fn body_of<T>(task: impl FnOnce(Sender<Bytes>) -> T) -> Body
where
    T: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(task(sender));
    let next = |mut receiver: Receiver<Bytes>| async {
        let chunk = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), receiver))
    };
    Body::from_stream(unfold(receiver, next))
}

impl Stream {
    pub async fn run(mut self, sender: Sender<Bytes>, wait: Option<Duration>) {
        let mut stopping = self.node.stopping.clone();
        let outbox = Arc::clone(&self.line.outbox);
        let closed = tokio::select! {
            closed = self.serve(sender, wait) => closed,
            () = async {
                stopping.begun().await;
                outbox.close(Close::ServerStopping);
                std::future::pending().await
            } => None,
        };
        let connection = self.line.id.connection;
        self.node.rooms.disconnect(connection);
        // Who has the session by other means needs no token. Else it is kept until the rooms forget the session too.
        if closed != Some(Close::Replaced) {
            sleep(self.node.config.rooms.grace).await;
        }
        self.seats.free(&self.seated.seat, connection);
    }

    /// Until the rooms have to know that nobody reads any more; with the reason, if it is the server's.
    async fn serve(&mut self, sender: Sender<Bytes>, wait: Option<Duration>) -> Option<Close> {
        let patience = match self.write(&sender, wait).await {
            End::Closed(why) => {
                self.say_goodbye(&sender, why).await;
                return Some(why);
            }
            End::Cut => UNNOTICED_CUT,
            End::PollOver => self.node.config.limits.idle_timeout,
        };
        drop(sender);
        timeout(patience, self.drain()).await.ok()
    }

    async fn write(&mut self, sender: &Sender<Bytes>, wait: Option<Duration>) -> End {
        let retry = if wait.is_some() { RETRY_AFTER_POLL } else { RETRY };
        let mut chunk = opening(retry, wait.is_none()).into_bytes();
        chunk.append(&mut self.seated.first);
        let mut poll = wait.map(|wait| Poll::new(wait, self.seated.has_news));
        loop {
            let bytes = chunk.len();
            self.seated.seat.renew_ice(&self.node.rooms, &self.line);
            if let Err(end) = self.send(sender, chunk).await {
                return end;
            }
            if poll.as_ref().is_some_and(Poll::is_full) {
                return End::PollOver;
            }
            let patience = poll.as_mut().map_or(HEARTBEAT, |poll| poll.patience(bytes));
            let next = tokio::select! {
                next = timeout(patience, self.line.outbox.next(WRITE_BATCH)) => next,
                () = sender.closed() => return End::Cut,
            };
            chunk = match next {
                Ok(Next::Close(why)) => return End::Closed(why),
                Ok(Next::Frames(frames)) => {
                    poll.iter_mut().for_each(Poll::has_news);
                    self.complete(&frames)
                }
                Err(_) if poll.as_ref().is_some_and(Poll::is_over) => return End::PollOver,
                Ok(Next::Ping) | Err(_) => b":\n\n".to_vec(),
            };
        }
    }

    async fn send(&self, sender: &Sender<Bytes>, chunk: Vec<u8>) -> Result<(), End> {
        let sent = tokio::select! {
            sent = timeout(WRITE_TIMEOUT, sender.send(chunk.into())) => sent,
            () = self.line.outbox.given_up() => return Err(End::Closed(Close::SlowConsumer)),
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Cut),
            Err(_) => {
                metrics::closed(Close::SlowConsumer);
                Err(End::Closed(Close::SlowConsumer))
            }
        }
    }

    fn complete(&self, frames: &Frames) -> Vec<u8> {
        let bytes = frames.iter().map(Bytes::len).sum();
        metrics::passed(Dialect::Sse, Direction::Out, frames.iter().len(), bytes);
        let mut chunk = Vec::with_capacity(frames.iter().map(|frame| frame.len() + 80).sum());
        frames.iter().for_each(|frame| self.seated.tail.complete(frame, &mut chunk));
        chunk
    }

    /// Who does not read it in time is cut off without.
    async fn say_goodbye(&self, sender: &Sender<Bytes>, why: Close) {
        let goodbye = async {
            sender.send(encode_closing(why)).await?;
            // There is room again when it is on its way.
            sender.reserve().await.map(drop).map_err(|_| SendError(Bytes::new()))
        };
        if timeout(CLOSE_TIMEOUT, goodbye).await.is_err() {
            self.hang_up.now();
        }
    }

    /// What comes now is in the room's log, where the next stream finds it. Returns when there is no next one to wait for.
    async fn drain(&self) -> Close {
        loop {
            match self.line.outbox.next(WRITE_BATCH).await {
                Next::Close(why) => return why,
                Next::Frames(_) | Next::Ping => {}
            }
        }
    }
}

/// An answer that ends: with the first news and what else waits by then, or when its time is over.
struct Poll {
    ends_at: Instant,
    written: usize,
}

impl Poll {
    fn new(wait: Duration, has_news: bool) -> Self {
        let wait = if has_news { Duration::ZERO } else { wait };
        Self { ends_at: Instant::now() + wait, written: 0 }
    }

    fn has_news(&mut self) {
        self.ends_at = Instant::now();
    }

    /// How long to wait for more after so many bytes.
    fn patience(&mut self, bytes: usize) -> Duration {
        self.written += bytes;
        self.ends_at.saturating_duration_since(Instant::now()).min(HEARTBEAT)
    }

    fn is_full(&self) -> bool {
        self.written > MAX_POLL_BYTES
    }

    fn is_over(&self) -> bool {
        self.ends_at <= Instant::now()
    }
}
