//! Counts what is read until a message is whole, and stops an endless one: small fragments cost time, not memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;

use crate::transports::through::Reading;

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

impl Reading for Meter {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.count.read.load(Ordering::Relaxed) > self.allowed {
            self.count.exceeded.notify_one();
            return Poll::Pending; // For ever: whoever waits for the meter ends the connection.
        }
        let before = buffer.filled().len();
        let polled = Pin::new(stream).poll_read(context, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        self.count.read.fetch_add(read, Ordering::Relaxed);
        polled
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::transports::through::Through;

    #[tokio::test]
    async fn only_a_message_without_end_is_stopped() {
        let meter = Meter::new(100);
        let mut stream = Through { stream: tokio::io::repeat(b'x'), reading: meter.clone() };
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
