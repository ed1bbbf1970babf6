//! Stopping: who asks for it, and how everybody hears of it.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How far the end is. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// What is there goes on, and nobody new is to be sent here.
    Draining,
    Stopping,
}

/// Asks everybody to stop. Once asked, always asked.
pub struct Stopper {
    sender: watch::Sender<Phase>,
    begun: Arc<AtomicBool>,
}

/// Hears of it.
#[derive(Debug, Clone)]
pub struct Stopping {
    receiver: watch::Receiver<Phase>,
    /// For those who look often: a look at the receiver is a lock that all threads share.
    begun: Arc<AtomicBool>,
}

impl Stopper {
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(Phase::Running), begun: Arc::default() }
    }

    /// Stopping is near.
    pub fn drain(&self) {
        self.sender.send_replace(Phase::Draining);
    }

    pub fn stop(&self) {
        self.begun.store(true, Ordering::Release);
        self.sender.send_replace(Phase::Stopping);
    }

    pub fn listen(&self) -> Stopping {
        Stopping { receiver: self.sender.subscribe(), begun: Arc::clone(&self.begun) }
    }
}

impl Stopping {
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether somebody new would soon have to go again.
    pub fn is_near(&self) -> bool {
        *self.receiver.borrow() != Phase::Running
    }

    /// Returns once stopping has begun. May be dropped at any time.
    pub async fn begun(&mut self) {
        // Without a stopper nobody serves any more, which is the same to a listener.
        _ = self.receiver.wait_for(|phase| *phase == Phase::Stopping).await;
    }
}

/// How a signal asks for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// SIGTERM, of service managers.
    Drain,
    /// SIGINT, of a person at the terminal.
    Stop,
}

impl Asked {
    /// The exit code of a process that such a signal ends at once.
    pub fn code(self) -> u8 {
        let kind = match self {
            Self::Drain => SignalKind::terminate(),
            Self::Stop => SignalKind::interrupt(),
        };
        u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX)
    }
}

/// SIGINT, SIGTERM and SIGHUP, which asks to reload.
pub struct Signals {
    hangup: Signal,
    at_terminal: bool,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            at_terminal: stdout().is_terminal(),
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one that asks for the end; `reload` is called for those that ask for that. May be dropped at any time.
    pub async fn next_end(&mut self, reload: impl Fn()) -> Asked {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    // Somebody has closed the window that the server ran in.
                    if self.at_terminal && !stdout().is_terminal() {
                        return Asked::Stop;
                    }
                    reload();
                }
                _ = self.interrupt.recv() => return Asked::Stop,
                _ = self.terminate.recv() => return Asked::Drain,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_of_it_also_those_who_come_late() {
        let stopper = Stopper::new();
        let mut early = stopper.listen();
        stopper.drain();
        assert!(early.is_near() && !early.has_begun());
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
