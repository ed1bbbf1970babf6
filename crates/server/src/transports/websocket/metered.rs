//! Counts what is read until a message is whole, and stops an endless one: small fragments cost time, not memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Bytes read since the last whole message. Shared by the stream, which counts, and its reader, which starts anew.
#[derive(Clone, Debug)]
pub struct Meter {
    count: Arc<Count>,
    allowed: usize,
}

#[derive(Debug, Default)]
struct Count {
    read: AtomicUsize,
    exceeded: Notify,
}

impl Meter {
    /// Fragments may take as much again for their heads as for what is in them.
    pub fn new(max_message_bytes: usize) -> Self {
        const SLACK: usize = 64 * 1024;
        Self { count: Arc::default(), allowed: max_message_bytes.saturating_mul(2) + SLACK }
    }

    pub fn start_anew(&self) {
        self.count.read.store(0, Ordering::Relaxed);
    }

    /// Returns when a message took more than it may: nothing is read any more. May be dropped at any time.
    pub async fn exceeded(&self) {
        self.count.exceeded.notified().await;
    }
}

pub struct Metered<S> {
    stream: S,
    meter: Meter,
}

impl<S> Metered<S> {
    pub fn new(stream: S, meter: Meter) -> Self {
        Self { stream, meter }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.meter.count.read.load(Ordering::Relaxed) > self.meter.allowed {
            self.meter.count.exceeded.notify_one();
            return Poll::Pending; // For ever: whoever waits for the meter ends the connection.
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        self.meter.count.read.fetch_add(read, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn only_a_message_without_end_is_stopped() {
        let meter = Meter::new(100);
        let mut stream = Metered::new(tokio::io::repeat(b'x'), meter.clone());
        let mut part = vec![0; 40 * 1024];
        for _ in 0..10 {
            stream.read_exact(&mut part).await.unwrap();
            meter.start_anew();
        }
        let mut sink = tokio::io::sink();
        tokio::select! {
            ended = tokio::io::copy(&mut stream, &mut sink) => panic!("ended by itself: {ended:?}"),
            () = meter.exceeded() => {}
        }
    }
}
