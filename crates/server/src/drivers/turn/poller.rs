//! What the thread waits for: level-triggered, so that whatever is left unread is reported again.

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Reported at once at most; the rest waits for the next time.
const EVENTS: usize = 64;
const WAKE: u64 = u64::MAX;
/// Above are relays.
const FIRST_RELAY: u64 = 1 << 32;

pub struct Poller {
    epoll: Epoll,
    wake: EventFd,
    stopped: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    Socket(usize),
    Relay(usize),
}

impl Poller {
    pub fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        epoll.add(&wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        Ok(Self { epoll, wake, stopped: AtomicBool::new(false) })
    }

    pub fn add_socket(&self, socket: impl AsFd, index: usize) -> Result<(), Errno> {
        self.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))
    }

    /// Until it is closed.
    pub fn add_relay(&self, socket: impl AsFd, index: usize) -> Result<(), Errno> {
        self.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, FIRST_RELAY + index as u64))
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.wake();
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Ends a wait.
    pub fn wake(&self) {
        // It only fails when so many wait for it that it will come anyway.
        _ = self.wake.write(1);
    }

    /// What can be read, or nothing when the time is over or somebody has called `wake`.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
        let mut events = [EpollEvent::empty(); EVENTS];
        let timeout = match timeout {
            Some(timeout) => EpollTimeout::try_from(timeout).unwrap_or(EpollTimeout::MAX),
            None => EpollTimeout::NONE,
        };
        let count = match self.epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => 0,
            other => other?,
        };
        let ready = events.iter().take(count).map(EpollEvent::data);
        Ok(ready.filter_map(|data| self.ready(data)).collect())
    }

    fn ready(&self, data: u64) -> Option<Ready> {
        if data == WAKE {
            _ = self.wake.read();
            return None;
        }
        let relay =
            data.checked_sub(FIRST_RELAY).map(|index| usize::try_from(index).map(Ready::Relay));
        relay.unwrap_or_else(|| usize::try_from(data).map(Ready::Socket)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn what_is_left_unread_is_reported_again() {
        let poller = Poller::new().unwrap();
        let sockets = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        poller.add_socket(&sockets[0], 3).unwrap();
        poller.add_relay(&sockets[1], 3).unwrap();
        sockets[0].send_to(b"x", sockets[0].local_addr().unwrap()).unwrap();
        assert_eq!(poller.wait(None).unwrap(), [Ready::Socket(3)]);
        assert_eq!(poller.wait(None).unwrap(), [Ready::Socket(3)]);
        sockets[0].recv(&mut [0; 8]).unwrap();
        sockets[1].send_to(b"x", sockets[1].local_addr().unwrap()).unwrap();
        assert_eq!(poller.wait(None).unwrap(), [Ready::Relay(3)]);
    }

    #[test]
    fn a_wait_ends_when_somebody_wakes_it() {
        let poller = Poller::new().unwrap();
        poller.wake();
        assert_eq!(poller.wait(None).unwrap(), []);
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), []);
        assert!(!poller.is_stopped());
        poller.stop();
        assert!(poller.is_stopped());
    }
}
