//! What stays with the socket of an HTTP connection, also when it becomes a WebSocket: its permit, and how fast it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits::Pace;
use crate::transports::gate::Permit;
use crate::transports::through::Reading;

pub struct Metered {
    pace: Pace,
    /// Nothing is read until then.
    resting: Option<Pin<Box<Sleep>>>,
    _permit: Permit,
}

impl Metered {
    pub fn new(permit: Permit, bytes_per_second: usize) -> Self {
        Self { pace: Pace::new(bytes_per_second), resting: None, _permit: permit }
    }
}

impl Reading for Metered {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(resting) = &mut self.resting {
            ready!(resting.as_mut().poll(context));
            self.resting = None;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        if self.pace.note(buffer.filled().len() - before) {
            let wait = self.pace.settle(Instant::now().into_std());
            self.resting = wait.map(|wait| Box::pin(sleep(wait)));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transports::gate::Gate;
    use crate::transports::through::Through;
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    fn stream(bytes_per_second: usize) -> Through<tokio::io::Repeat, Metered> {
        let permit = Gate::new(1, 0).enter("::1".parse().unwrap()).unwrap();
        Through { stream: tokio::io::repeat(7), reading: Metered::new(permit, bytes_per_second) }
    }

    #[tokio::test]
    async fn who_sends_more_than_the_rate_is_not_read_for_a_while() {
        let (mut limited, mut free) = (stream(1), stream(0));
        let mut sink = vec![0; 128 << 10];
        assert!(limited.read(&mut sink).now_or_never().is_some());
        assert!(limited.read(&mut sink).now_or_never().is_none());
        assert!(free.read(&mut sink).now_or_never().is_some());
        assert!(free.read(&mut sink).now_or_never().is_some());
    }
}
