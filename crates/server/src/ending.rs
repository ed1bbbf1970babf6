//! From the signal to the end: drains, closes everybody at one moment, waits for them.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::node::Node;
use crate::shutdown::{Asked, Stopper};
use crate::transports::gate::Gate;

/// How long the port stays open for clients that poll: what they are still to hear, they have to come for.
const LAST_POLL: Duration = Duration::from_secs(1);

pub struct Ending<'a> {
    pub node: &'a Arc<Node>,
    pub gate: &'a Arc<Gate>,
    pub stopper: &'a Stopper,
}

impl Ending<'_> {
    /// Returns when everybody is gone, or has had their time. May be dropped at any time.
    pub async fn run(&self, asked: Asked, mut accepting: JoinSet<()>) {
        let patience = match asked {
            Asked::Drain => self.node.live.config().drain.timeout,
            Asked::Stop => Duration::ZERO,
        };
        if !patience.is_zero() {
            self.drain(patience).await;
        }
        tracing::info!(open = self.gate.open(), "stopping");
        // First the rooms: whoever hears that it is over must not be answered any more.
        self.node.rooms.close();
        self.node.socketio.stop();
        tokio::select! {
            () = self.node.socketio.ended() => {}
            () = sleep(LAST_POLL) => {}
        }
        self.stopper.stop();
        let ended = async {
            while accepting.join_next().await.is_some() {}
            self.gate.empty().await;
        };
        tokio::select! {
            () = ended => {}
            () = sleep(self.node.live.config().limits.shutdown_grace) => {
                tracing::warn!(open = self.gate.open(), "stopped without waiting for the rest");
            }
        }
    }

    /// Connections are still taken in: members whose network fails must find their rooms again, which are nowhere else.
    async fn drain(&self, patience: Duration) {
        tracing::info!(open = self.gate.open(), ?patience, "draining: no new rooms");
        self.stopper.drain();
        self.node.rooms.begin_drain(patience, self.node.live.config().drain.go_to.0.clone());
        tokio::select! {
            () = self.node.rooms.deserted() => {}
            () = sleep(patience) => {}
        }
    }
}
