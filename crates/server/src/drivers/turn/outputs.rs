//! Carries out what the engine wants besides packets: sockets, connections, answers that had to wait.

use std::io;
use std::sync::Arc;

use parlor_turn::{ClientAddr, Output, RelayId, Timestamp, Turn};

use super::TurnDriver;
use super::peers;
use super::send::send_one;
use super::state::{Exit, State, by_socket};

impl TurnDriver {
    /// To be called under the lock, by whoever has made the engine say something.
    pub fn carry_out(self: &Arc<Self>, state: &mut State, now: Timestamp) {
        while let Some(output) = state.engine.poll_output() {
            match output {
                Output::ToClient { to, bytes } => self.answer(state, to, &bytes),
                Output::OpenRelay { relay, address } => {
                    let opened = state.relays.open(relay, address, &self.poller);
                    tell(&mut state.engine, relay, &opened, now);
                }
                Output::OpenListener { relay, address } => {
                    let opened = peers::listen(self, &mut state.peers, relay, address);
                    tell(&mut state.engine, relay, &opened, now);
                }
                Output::CloseRelay { relay } => {
                    state.relays.close(relay);
                    state.peers.close_listener(relay);
                }
                Output::Connect { connection, from, to } => {
                    peers::connect(self, &mut state.peers, connection, (from, to.0));
                }
                Output::Join { connection, client } => {
                    let queue = state.streams.get(&client);
                    let joined = state.peers.join(connection);
                    match queue.zip(joined) {
                        Some((queue, joined)) => queue.join(joined),
                        None => state.engine.handle_connection_closed(connection, now),
                    }
                }
                Output::CloseConnection { connection } => state.peers.close(connection),
            }
        }
    }

    fn answer(&self, state: &State, to: ClientAddr, bytes: &[u8]) {
        if to.transport.is_stream() {
            state.streams.get(&to).inspect(|queue| queue.push_answer(bytes));
            return;
        }
        if let Some((Exit::Socket(index), datagram)) = by_socket(&self.sockets, to, bytes)
            && let Some(socket) = self.sockets.get(index)
        {
            // Who gets no answer asks again.
            _ = send_one(socket, &datagram);
        }
    }
}

fn tell(engine: &mut Turn, relay: RelayId, opened: &io::Result<()>, now: Timestamp) {
    match opened {
        Ok(()) => engine.handle_relay_opened(relay, now),
        Err(error) => {
            tracing::debug!(%error, "no relayed address");
            engine.handle_relay_failed(relay, now);
        }
    }
}
