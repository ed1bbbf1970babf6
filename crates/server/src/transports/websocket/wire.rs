//! A WebSocket on a stream: events in, frames out. An idle one has no buffer: all connections of a thread share two.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parlor_dialects::Bytes;
use parlor_websocket::deflate::{Agreement, Deflater};
use parlor_websocket::{
    Decoder, Error, Event, Head, Input, Limits, Opcode, Role, write_close, write_deflated,
    write_frame,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// Read at once at most.
const READ_BYTES: usize = 64 * 1024;
/// What the shared buffer for writing keeps after a batch that was larger.
const KEPT_FOR_WRITING: usize = 256 * 1024;
/// Payloads from here on are written from where they lie; copying shorter ones costs less than a call for each.
const LARGE: usize = 16 * 1024;
/// Shorter messages are not worth the compressing.
const DEFLATE_FROM: usize = 128;
/// How long a client may take to read its last frames, and then to end the connection.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of what a client still sends is thrown away after a close; closing a socket that has
/// unread bytes would reset the connection, and the client would never see the reason.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
    static WRITE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// 560 KiB, where messages are compressed at all. It remembers nothing from one message to the next.
    static DEFLATE: RefCell<Option<Deflater>> = const { RefCell::new(None) };
}

/// What goes out: a whole message, or a ping.
pub type Frame = (Opcode, Bytes);

pub struct Wire<S> {
    stream: S,
    /// Read, and not decoded yet.
    early: Bytes,
    decoder: Decoder,
    deflate: Option<Agreement>,
    /// What the stream has not taken yet, from `taken` on.
    unwritten: Vec<u8>,
    taken: usize,
    unflushed: bool,
}

/// What happened on the wire.
#[derive(Debug)]
pub enum Moved {
    /// The stream has taken everything.
    Written,
    /// Something was read, and the hearer told of it.
    Heard,
    /// The client broke a rule; nothing more can be read.
    Broken(Error),
    /// The stream has ended.
    Gone,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// `early` is what came right behind the handshake. What was agreed on keeps no context, in either direction.
    pub fn new((stream, early): (S, Bytes), limits: Limits, deflate: Option<Agreement>) -> Self {
        // An empty one may still hold the whole buffer that the handshake was read into.
        let early = Bytes::copy_from_slice(&early);
        let decoder = Decoder::new(Role::Client, limits);
        let decoder = match &deflate {
            Some(agreement) => decoder.with_deflate(agreement),
            None => decoder,
        };
        let (unwritten, taken, unflushed) = (Vec::new(), 0, false);
        Self { stream, early, decoder, deflate, unwritten, taken, unflushed }
    }

    /// Writes what is left to write, and reads once if `reading`. Every event is told to `hear`, until it has enough; the rest
    /// is told at the next reading. Pings and closes are answered.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
        reading: bool,
        hear: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Poll<Moved> {
        if !self.is_written() {
            match self.poll_flush(context) {
                Poll::Ready(Ok(())) => return Poll::Ready(Moved::Written),
                Poll::Ready(Err(_)) => return Poll::Ready(Moved::Gone),
                Poll::Pending => {}
            }
        }
        if reading { self.poll_read(context, hear) } else { Poll::Pending }
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        hear: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Poll<Moved> {
        READ.with_borrow_mut(|scratch| {
            let len = match ready!(self.poll_fill(context, scratch)) {
                Ok(0) | Err(_) => return Poll::Ready(Moved::Gone),
                Ok(len) => len,
            };
            let read = scratch.get_mut(..len).unwrap_or_default();
            Poll::Ready(self.decode(&mut Input::new(read), hear))
        })
    }

    fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(scratch);
        if self.early.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        } else {
            let len = self.early.len().min(READ_BYTES);
            buffer.put_slice(&self.early.split_to(len));
            if self.early.is_empty() {
                self.early = Bytes::new();
            }
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn decode(
        &mut self,
        input: &mut Input<'_>,
        mut hear: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Moved {
        loop {
            let event = match self.decoder.poll(input) {
                Ok(Some(event)) => event,
                Ok(None) => return Moved::Heard,
                Err(error) => return Moved::Broken(error),
            };
            answer(&event, &mut self.unwritten);
            if hear(event).is_break() {
                break;
            }
        }
        if !input.rest().is_empty() {
            self.early = [input.rest(), &self.early].concat().into();
        }
        Moved::Heard
    }

    /// Whether there is nothing left to write: only then more is to be given.
    pub fn is_written(&self) -> bool {
        self.unwritten.is_empty() && !self.unflushed
    }

    /// Writes all frames at once. What the stream does not take is kept until it does.
    pub async fn write(&mut self, frames: &[Frame]) {
        let all = || frames.iter().map(|(opcode, payload)| (*opcode, &**payload));
        std::future::poll_fn(|context| {
            self.write_all(context, all());
            Poll::Ready(())
        })
        .await;
    }

    /// The same.
    pub fn write_all<'f>(
        &mut self,
        context: &mut Context<'_>,
        frames: impl Iterator<Item = (Opcode, &'f [u8])>,
    ) {
        WRITE.with_borrow_mut(|scratch| {
            self.write_now(context, frames, scratch);
            scratch.clear();
            scratch.shrink_to(KEPT_FOR_WRITING);
        });
    }

    fn write_now<'f>(
        &mut self,
        context: &mut Context<'_>,
        frames: impl Iterator<Item = (Opcode, &'f [u8])>,
        scratch: &mut Vec<u8>,
    ) {
        for (opcode, payload) in frames {
            let deflated = self.deflate.filter(|_| payload.len() >= DEFLATE_FROM);
            if let Some(agreement) = deflated.filter(|_| !opcode.is_control()) {
                write_shared(scratch, (opcode, payload), &agreement);
            } else if payload.len() < LARGE {
                write_frame(scratch, opcode, payload, None);
            } else {
                Head::whole(opcode, payload.len()).write(scratch);
                self.hand_over(context, scratch, payload);
                scratch.clear();
            }
        }
        self.hand_over(context, scratch, &[]);
        if self.unwritten.is_empty() {
            // Where it does not come to an end at once, `poll` goes on with it.
            _ = self.poll_flush(context);
        }
    }

    /// Gives both to the stream in one go, and keeps what it does not take.
    fn hand_over(&mut self, context: &mut Context<'_>, first: &[u8], second: &[u8]) {
        let (mut first, mut second) = (first, second);
        self.unflushed = true;
        while self.unwritten.is_empty() && !(first.is_empty() && second.is_empty()) {
            let stream = Pin::new(&mut self.stream);
            // For one slice alone the kernel has a shorter way.
            let written = if second.is_empty() {
                stream.poll_write(context, first)
            } else {
                stream.poll_write_vectored(context, &[IoSlice::new(first), IoSlice::new(second)])
            };
            match written {
                Poll::Ready(Ok(taken)) if taken > 0 => {
                    let of_second = taken.saturating_sub(first.len());
                    first = first.get(taken..).unwrap_or_default();
                    second = second.get(of_second..).unwrap_or_default();
                }
                // If the stream is gone, the next flush says so.
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        self.unwritten.extend_from_slice(first);
        self.unwritten.extend_from_slice(second);
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.unwritten.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let taken = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += taken;
        }
        (self.unwritten, self.taken) = (Vec::new(), 0);
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Says why, if anything is to be said, and ends the connection once the client has read it or had the time to.
    pub async fn close(&mut self, why: Option<(u16, &str)>) {
        if why.is_some() {
            write_close(&mut self.unwritten, why, None);
        }
        let flushed = std::future::poll_fn(|context| self.poll_flush(context));
        // Who does not read it in time is cut off without.
        let flushed = timeout(CLOSE_TIMEOUT, flushed).await;
        if !matches!(flushed, Ok(Err(_))) {
            _ = timeout(CLOSE_TIMEOUT, self.linger()).await;
        }
    }

    async fn linger(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await?;
        let mut thrown_away = 0;
        while thrown_away < LINGER_BYTES {
            let read = std::future::poll_fn(|context| {
                READ.with_borrow_mut(|scratch| self.poll_fill(context, scratch))
            });
            match read.await? {
                0 => break,
                read => thrown_away += read,
            }
        }
        Ok(())
    }
}

/// Sections 5.5.1 to 5.5.3.
fn answer(event: &Event<'_>, out: &mut Vec<u8>) {
    match event {
        Event::Ping(payload) => write_frame(out, Opcode::Pong, payload, None),
        Event::Close(why) => write_close(out, why.map(|why| (why.code, "")), None),
        Event::Text(_) | Event::Binary(_) | Event::Pong(_) => {}
    }
}

fn write_shared(out: &mut Vec<u8>, (opcode, payload): (Opcode, &[u8]), agreement: &Agreement) {
    DEFLATE.with_borrow_mut(|deflater| {
        let deflater = deflater.get_or_insert_with(|| Deflater::new(Role::Server, agreement));
        deflater.serve(agreement);
        write_deflated(out, opcode, payload, deflater, None);
    });
}

#[cfg(test)]
mod tests;
