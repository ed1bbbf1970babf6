//! One WebSocket connection from its first frame to its close: reads while it writes, and never waits for ever.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parlor_dialects::{Bytes, Close, Door, Said};
use parlor_websocket::{Error, Limits as FrameLimits, Opcode};
use tokio::time::{Instant, sleep_until};

use super::alarm::Alarm;
use super::opening::Opened;
use super::reader::Reader;
use super::stream::Stream;
use super::wire::{self, Moved};
use crate::drivers::rooms::{Line, Next};
use crate::metrics::{self, Direction};
use crate::node::Node;

/// Written at once at most: a close doesn't have to wait behind more than this.
const WRITE_BATCH: usize = 64 * 1024;

thread_local! {
    /// What was said by whoever is being read, empty in between.
    static SAID: RefCell<Vec<Said>> = const { RefCell::new(Vec::new()) };
}

type Wire = wire::Wire<Stream>;

/// Serves what was opened. All that lasts is laid where the task keeps it, once: an idle connection is little more than this.
pub fn serve(
    node: &Arc<Node>,
    (door, from): (Door, Option<IpAddr>),
    line: Line,
    opened: Opened,
) -> impl Future<Output = ()> + Send + use<> {
    let max = node.config.limits.max_frame.0;
    let limits = FrameLimits { frame: max, message: max };
    let mut wire = Wire::new(opened.stream, limits, opened.deflate);
    let mut reader = Reader::new(node, (door, from), line);
    async move {
        let why = talk(&mut reader, &mut wire).await;
        reader.rooms().disconnect(reader.line.id.connection);
        wire.close(why.map(|why| (why.code(), why.reason()))).await;
    }
}

/// Why the connection is to be closed, or `None` when the client has done so or is gone.
async fn talk(reader: &mut Reader, wire: &mut Wire) -> Option<Close> {
    reader.settle();
    let mut stopping = reader.node.stopping.clone();
    let (timer, stop) = (pin!(sleep_until(reader.next_deadline())), pin!(stopping.begun()));
    let mut talk = Talk { reader, wire, alarm: Alarm::new(timer, stop) };
    poll_fn(|context| talk.poll(context)).await
}

struct Talk<'a, F> {
    reader: &'a mut Reader,
    wire: &'a mut Wire,
    alarm: Alarm<'a, F>,
}

/// Whether something was done, so that it is worth to look for more.
struct Busy(bool);

impl<F: Future<Output = ()>> Talk<'_, F> {
    /// Does all that there is to do, until nothing is left but to wait. The stream itself asks for a pause when other tasks have
    /// waited long enough.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Close>> {
        let now = Instant::now();
        // What this task itself lays into its outbox is taken before it waits again.
        self.reader.line.outbox.stop_waiting();
        loop {
            match self.take_turn(context, now) {
                ControlFlow::Break(why) => return Poll::Ready(why),
                ControlFlow::Continue(Busy(true)) => {}
                ControlFlow::Continue(Busy(false)) => return Poll::Pending,
            }
        }
    }

    fn take_turn(
        &mut self,
        context: &mut Context<'_>,
        now: Instant,
    ) -> ControlFlow<Option<Close>, Busy> {
        let Busy(read) = self.read(context, now)?;
        if self.reader.line.outbox.has_heard() {
            self.reader.wake();
        }
        let Busy(written) = self.write(context)?;
        let Self { reader, wire, alarm } = self;
        reader.note_writing(!wire.is_written(), now);
        if alarm.poll_stop(context, &reader.node.stopping) {
            reader.line.outbox.close(Close::ServerStopping);
            return ControlFlow::Continue(Busy(true));
        }
        if !alarm.poll_timer(context, reader.next_deadline(), now) {
            return ControlFlow::Continue(Busy(read || written));
        }
        if reader.is_stuck() {
            metrics::closed(Close::SlowConsumer);
            return ControlFlow::Break(Some(Close::SlowConsumer));
        }
        reader.handle_deadline();
        alarm.set(reader.next_deadline());
        ControlFlow::Continue(Busy(true))
    }

    /// Reads, and writes what is left to write.
    fn read(
        &mut self,
        context: &mut Context<'_>,
        now: Instant,
    ) -> ControlFlow<Option<Close>, Busy> {
        let Self { reader, wire, .. } = self;
        reader.let_pass();
        let reading = !reader.is_closing();
        let moved = SAID.with_borrow_mut(|said| {
            let moved = wire.poll(context, reading, |event| reader.hear(event, said, now));
            reader.pass_on(said);
            moved
        });
        match moved {
            Poll::Pending => return ControlFlow::Continue(Busy(false)),
            Poll::Ready(Moved::Gone) => return ControlFlow::Break(None),
            Poll::Ready(Moved::Heard) if reader.has_left => return ControlFlow::Break(None),
            Poll::Ready(Moved::Written | Moved::Heard) => {}
            Poll::Ready(Moved::Broken(error)) => reader.line.outbox.close(reason(error)),
        }
        ControlFlow::Continue(Busy(true))
    }

    /// Writes what waits; while something is still being written, only sees whether that is of any use.
    fn write(&mut self, context: &mut Context<'_>) -> ControlFlow<Option<Close>, Busy> {
        let Self { reader, wire, .. } = self;
        let outbox = &reader.line.outbox;
        if !wire.is_written() {
            return match outbox.poll_given_up(context) {
                Poll::Ready(()) => ControlFlow::Break(Some(Close::SlowConsumer)),
                Poll::Pending => ControlFlow::Continue(Busy(false)),
            };
        }
        match outbox.poll_next(context, WRITE_BATCH) {
            Poll::Pending => return ControlFlow::Continue(Busy(false)),
            Poll::Ready(Next::Close(why)) => return ControlFlow::Break(Some(why)),
            Poll::Ready(Next::Ping) => {
                wire.write_all(context, std::iter::once((Opcode::Ping, [].as_slice())));
            }
            Poll::Ready(Next::Frames(frames)) => {
                let bytes = frames.iter().map(Bytes::len).sum();
                reader.count(Direction::Out, frames.iter().len(), bytes);
                wire.write_all(context, frames.iter().map(|frame| (Opcode::Text, &**frame)));
            }
        }
        ControlFlow::Continue(Busy(true))
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
