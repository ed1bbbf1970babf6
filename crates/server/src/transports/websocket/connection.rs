//! One WebSocket connection from its first frame to its close: reads while it writes, and never waits for ever.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parlor_dialects::{Bytes, Close, Door, Frame, Session, Step};
use parlor_websocket::{CloseReason, Error, Event, Limits as FrameLimits, Opcode};
use tokio::time::{Instant, sleep_until};

use super::opening::Opened;
use super::rate::Bucket;
use super::stream::Stream;
use super::wire::{self, Moved};
use crate::config::Limits;
use crate::drivers::rooms::{Answer, IceRenewal, Line, Next, Outbox, RoomsDriver, Sending};
use crate::node::Node;

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

type Wire = wire::Wire<Stream>;

/// Serves what was opened. All that lasts is laid where the task keeps it, once: an idle connection is little more than this.
pub fn serve(
    node: &Arc<Node>,
    door: Door,
    line: Line,
    opened: Opened,
) -> impl Future<Output = ()> + Send + use<> {
    let max = node.config.limits.max_frame.0;
    let limits = FrameLimits { frame: max, message: max };
    let mut wire = Wire::new(opened.stream, limits, opened.deflate);
    let mut reader = Reader::new(node, door, line);
    async move {
        let why = talk(&mut reader, &mut wire).await;
        reader.rooms().disconnect(reader.line.id.connection);
        wire.close(why.map(|why| (why.code(), why.reason()))).await;
    }
}

/// Why the connection is to be closed, or `None` when the client has done so or is gone.
async fn talk(reader: &mut Reader, wire: &mut Wire) -> Option<Close> {
    reader.settle();
    // One timer for every deadline. It is set anew when one comes nearer; that others have moved away is noticed when it fires.
    let mut timer = pin!(sleep_until(reader.next_deadline()));
    let (outbox, mut stopping) = (Arc::clone(&reader.line.outbox), reader.node.stopping.clone());
    let mut stop = pin!(stopping.begun());
    let mut stopped = false;
    loop {
        let (idle, reading) = (wire.is_written(), !reader.is_closing());
        reader.note_writing(!idle);
        let deadline = reader.next_deadline();
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        tokio::select! {
            moved = std::future::poll_fn(|context| {
                wire.poll(context, reading, |event| reader.hear(event))
            }) => match moved {
                Moved::Heard if reader.has_left => return None,
                Moved::Written | Moved::Heard => {}
                Moved::Broken(error) => outbox.close(reason(error)),
                Moved::Gone => return None,
            },
            next = next(&outbox, idle) => match next {
                Next::Frames(frames) => wire.write(&texts(frames)).await,
                Next::Ping => wire.write(&[(Opcode::Ping, Bytes::new())]).await,
                Next::Close(why) => return Some(why),
            },
            () = outbox.told() => reader.wake(),
            () = timer.as_mut() => {
                if reader.is_stuck() {
                    return Some(Close::SlowConsumer);
                }
                reader.handle_deadline();
                timer.as_mut().reset(reader.next_deadline());
            }
            () = stop.as_mut(), if !stopped => {
                stopped = true;
                outbox.close(Close::ServerStopping);
            }
        }
    }
}

/// What is to be written next; while something is still being written, only that it is of no use any more.
async fn next(outbox: &Outbox, idle: bool) -> Next {
    if idle {
        return outbox.next(WRITE_BATCH).await;
    }
    outbox.given_up().await;
    Next::Close(Close::SlowConsumer)
}

fn texts(frames: Vec<Bytes>) -> Vec<wire::Frame> {
    frames.into_iter().map(|frame| (Opcode::Text, frame)).collect()
}

/// What the connection knows of its client.
struct Reader {
    node: Arc<Node>,
    line: Line,
    session: Session,
    rate: Bucket,
    refusals: Bucket,
    control_frames: Bucket,
    /// The join timeout counts from here.
    joins_since: Instant,
    heard_at: Instant,
    pinged_at: Instant,
    ice: IceRenewal,
    /// Since when something waits to be written.
    writing_since: Option<Instant>,
    /// The client has said that it closes the connection.
    has_left: bool,
}

impl Reader {
    fn new(node: &Arc<Node>, door: Door, line: Line) -> Self {
        let (limits, now) = (&node.config.limits, Instant::now());
        let bucket = |per_second, burst| Bucket::new(per_second, burst, now.into_std());
        Self {
            node: Arc::clone(node),
            session: Session::new(door, line.id, Arc::clone(node.rooms.terms())),
            line,
            rate: bucket(limits.messages_per_second, limits.burst),
            refusals: bucket(FORGIVEN_PER_SECOND, MAX_REFUSALS),
            control_frames: bucket(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST),
            joins_since: now,
            heard_at: now,
            pinged_at: now,
            ice: IceRenewal::default(),
            writing_since: None,
            has_left: false,
        }
    }

    fn rooms(&self) -> &RoomsDriver {
        &self.node.rooms
    }

    fn limits(&self) -> &Limits {
        &self.node.config.limits
    }

    /// Breaks off when nobody is heard any more.
    fn hear(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self.session.handle_timeout(self.node.rooms.now());
        self.heard_at = Instant::now();
        match event {
            Event::Text(text) => self.hear_message(Frame::Text(text)),
            Event::Binary(bytes) => self.hear_message(Frame::Binary(bytes)),
            Event::Ping(_) | Event::Pong(_) => self.hear_control_frame(),
            Event::Close(why) => self.hear_close(why),
        }
        if self.is_closing() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn hear_message(&mut self, frame: Frame<'_>) {
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

    /// Its answer is kept until it is read: a flood of them ends here.
    fn hear_control_frame(&mut self) {
        if self.control_frames.take(self.heard_at.into_std()).is_err() {
            self.line.outbox.close(Close::RateLimited);
        }
    }

    fn hear_close(&mut self, why: Option<CloseReason<'_>>) {
        self.has_left = true;
        self.session.handle_close(why.map(|why| why.code));
        self.settle();
    }

    fn is_closing(&self) -> bool {
        self.line.outbox.is_closing()
    }

    /// There is something to hear.
    fn wake(&mut self) {
        self.session.handle_timeout(self.node.rooms.now());
        self.settle();
    }

    /// Does what the session wants done, until it wants nothing more.
    fn settle(&mut self) {
        if let Some(dialect) = self.session.dialect() {
            self.line.outbox.speak(dialect);
            if !self.rooms().speaks(dialect) {
                return self.line.outbox.close(Close::DialectOff);
            }
        }
        while let Some(step) = self.next_step() {
            match step {
                Step::Send(frame) => self.line.outbox.push(frame, Sending::Reliable),
                Step::Close(why) => self.line.outbox.close(why),
                Step::Ask(ask) => {
                    let answers = self.rooms().ask(&self.line, ask);
                    answers.iter().for_each(|answer| self.take_note(answer));
                }
            }
        }
    }

    fn take_note(&mut self, answer: &Answer) {
        self.session.handle_reply(answer);
        if let Ok(reply) = answer {
            self.ice.handle_reply(&self.node.rooms, reply, Instant::now().into_std());
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

    fn note_writing(&mut self, writing: bool) {
        if writing {
            self.writing_since.get_or_insert_with(Instant::now);
        } else {
            self.writing_since = None;
        }
    }

    /// Whether the client takes nothing of what is written.
    fn is_stuck(&self) -> bool {
        self.writing_since.is_some_and(|since| Instant::now() >= since + WRITE_TIMEOUT)
    }

    fn next_deadline(&self) -> Instant {
        if self.is_closing() {
            return self.writing_since.unwrap_or_else(Instant::now) + WRITE_TIMEOUT;
        }
        let next = self.next_ping().min(self.heard_at + self.limits().idle_timeout);
        let wanted = self.session.poll_timeout().map(|at| Instant::now() + self.rooms().until(at));
        let written = self.writing_since.map(|since| since + WRITE_TIMEOUT);
        let join = self.session.must_join().then(|| self.joins_until());
        let renewal = self.ice.due().map(Instant::from_std);
        [wanted, written, join, renewal].into_iter().flatten().fold(next, Instant::min)
    }

    fn joins_until(&self) -> Instant {
        self.joins_since + self.limits().join_timeout
    }

    fn next_ping(&self) -> Instant {
        self.heard_at.max(self.pinged_at) + self.limits().idle_timeout / 3
    }

    fn handle_deadline(&mut self) {
        self.wake();
        let now = Instant::now();
        self.ice.handle_timeout(&self.node.rooms, &self.line, now.into_std());
        if self.session.must_join() && now >= self.joins_until() {
            self.line.outbox.close(Close::JoinTimeout);
        } else if now >= self.heard_at + self.limits().idle_timeout {
            self.line.outbox.close(Close::IdleTimeout);
        } else if now >= self.next_ping() {
            self.pinged_at = now;
            self.line.outbox.ping();
        }
    }
}

/// Why a connection is closed that speaks bad WebSocket.
fn reason(error: Error) -> Close {
    match error {
        Error::FrameTooLarge | Error::MessageTooLarge | Error::TooFragmented => {
            Close::FrameTooLarge
        }
        Error::InvalidUtf8 | Error::BadDeflate => Close::InvalidUtf8,
        Error::ReservedBit
        | Error::UnknownOpcode
        | Error::Unmasked
        | Error::Masked
        | Error::BadLength
        | Error::FragmentedControl
        | Error::LongControl
        | Error::NothingToContinue
        | Error::Unfinished
        | Error::BadClose => Close::ProtocolError,
    }
}
