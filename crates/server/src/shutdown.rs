//! Stopping: who asks for it, and how everybody hears of it.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Asks everybody to stop. Once asked, always asked.
pub struct Stopper(watch::Sender<bool>);

/// Hears of it.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopper {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    pub fn listen(&self) -> Stopping {
        Stopping(self.0.subscribe())
    }
}

impl Stopping {
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once stopping has begun. May be dropped at any time.
    pub async fn begun(&mut self) {
        // Without a stopper nobody serves any more, which is the same to a listener.
        _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The exit code of a process that such a signal ends at once.
    pub async fn next(&mut self) -> u8 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_of_it_also_those_who_come_late() {
        let stopper = Stopper::new();
        let mut early = stopper.listen();
        assert!(!early.has_begun());
        stopper.stop();
        early.begun().await;
        let mut late = stopper.listen();
        late.begun().await;
        assert!(late.has_begun());
    }

    #[tokio::test]
    async fn a_stopper_that_is_gone_counts_as_stopped() {
        let mut stopping = Stopper::new().listen();
        stopping.begun().await;
    }
}
