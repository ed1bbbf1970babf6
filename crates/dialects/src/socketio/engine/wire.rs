//! Which transport speaks, and the GET that waits while it is polling.

use std::collections::VecDeque;
use std::time::Duration;

use parlor_rooms::Timestamp;

use super::packet::{Packet, Text, write_payload};

/// While a WebSocket is being tried, a GET is not kept longer than this: the client waits for its end before it switches.
const NOOP_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) enum Wire {
    Polling(Polling),
    Socket,
}

impl Wire {
    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        match self {
            Self::Socket => None,
            Self::Polling(polling) => {
                let noop = polling.noop_at.filter(|_| polling.parked);
                [noop, polling.probe.map(|probe| probe.until)].into_iter().flatten().min()
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Polling {
    /// A GET is waiting.
    parked: bool,
    /// The parked GET is answered with nothing then.
    noop_at: Option<Timestamp>,
    noop_due: bool,
    probe: Option<Probe>,
}

/// A WebSocket that wants to take over.
#[derive(Clone, Copy, Debug)]
struct Probe {
    until: Timestamp,
    /// It has carried a packet there and back.
    proven: bool,
}

impl Polling {
    pub(super) fn parked() -> Self {
        Self { parked: true, noop_at: None, noop_due: false, probe: None }
    }

    pub(super) fn is_parked(&self) -> bool {
        self.parked
    }

    /// `false`: there is one already.
    pub(super) fn park(&mut self, now: Timestamp) -> bool {
        if self.is_probed() {
            self.noop_at = Some(now.after(NOOP_AFTER));
        }
        !std::mem::replace(&mut self.parked, true)
    }

    /// Whether there was one.
    pub(super) fn unpark(&mut self) -> bool {
        std::mem::take(&mut self.parked)
    }

    /// `false`: another WebSocket is being tried.
    pub(super) fn begin_probe(&mut self, until: Timestamp) -> bool {
        let free = self.probe.is_none();
        if free {
            self.probe = Some(Probe { until, proven: false });
        }
        free
    }

    pub(super) fn end_probe(&mut self) {
        self.probe = None;
        self.noop_at = None;
    }

    pub(super) fn is_probed(&self) -> bool {
        self.probe.is_some_and(|probe| probe.proven)
    }

    /// The WebSocket has carried a packet: the client will switch once no GET of its own is open.
    pub(super) fn prove(&mut self) {
        if let Some(probe) = &mut self.probe {
            probe.proven = true;
        }
        self.owe_noop();
    }

    /// The parked GET ends at once, because the client is about to switch, or to leave.
    pub(super) fn owe_noop(&mut self) {
        self.noop_due = self.parked;
    }

    /// `true`: the WebSocket took too long.
    pub(super) fn handle_timeout(&mut self, now: Timestamp) -> bool {
        if self.parked && self.noop_at.is_some_and(|at| at <= now) {
            self.noop_at = None;
            self.noop_due = true;
        }
        let late = self.probe.is_some_and(|probe| probe.until <= now);
        if late {
            self.end_probe();
        }
        late
    }

    /// What the parked GET is answered with, if there is something: takes what waits. The server's farewell ends the session
    /// and has an answer of its own: the client hears it before what came with it, which would be lost.
    pub(super) fn answer(&mut self, waiting: &mut VecDeque<Packet>) -> Option<(Text, bool)> {
        if !self.parked || (waiting.is_empty() && !self.noop_due) {
            return None;
        }
        (self.parked, self.noop_due, self.noop_at) = (false, false, None);
        let farewell = waiting.pop_back_if(|last| *last == Packet::Close);
        Some(match (waiting.is_empty(), farewell) {
            (true, Some(farewell)) => (write_payload(&[farewell]), true),
            (true, None) => (write_payload(&[Packet::Noop]), false),
            (false, farewell) => {
                let said = std::mem::take(waiting);
                waiting.extend(farewell);
                (write_payload(&said), false)
            }
        })
    }

    /// A GET that is parked when the session ends is told so, unless the client knows.
    pub(super) fn last_answer(&mut self) -> Option<Text> {
        let packet = if self.noop_due { Packet::Noop } else { Packet::Close };
        self.unpark().then(|| write_payload(&[packet]))
    }
}
