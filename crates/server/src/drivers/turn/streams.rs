//! TURN over one stream, TCP or what came out of TLS, from its first byte to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use parlor_turn::{ClientAddr, Delivery, NotTurn, StreamDecoder, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use super::TurnDriver;
use super::peers::Joined;
use super::queue::{Messages, Queue};
use super::send::{Outgoing, send_one};
use super::state::{Exit, State, route};
use crate::transports::gate::Permit;

/// Read at once at most.
const READ_BYTES: usize = 16 * 1024;
/// How long somebody may be here without having shown that they may use the relay.
const STRANGER_PATIENCE: Duration = Duration::from_secs(15);
/// How long one write may take: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves one client until it ends, or the server stops. `stream` gives all of the client's bytes, also those that
/// somebody has looked at to know that this is TURN.
pub async fn serve_stream<S>(turn: Arc<TurnDriver>, stream: S, client: ClientAddr, permit: Permit)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if permit.over_limit() {
        return; // TURN has no word for it before somebody asks.
    }
    let queue = turn.open_stream(client);
    let (mut reading, writing) = split(stream);
    let mut writer = std::pin::pin!(write(writing, &queue, client.transport));
    let mut stopping = turn.stopping.clone();
    let mut reader = Reader { turn: &turn, queue: &queue, client, is_stranger: true };
    let joined = tokio::select! {
        joined = reader.run(&mut reading) => joined,
        _ = writer.as_mut() => None,
        () = stopping.begun() => None,
    };
    if let Some((joined, rest)) = joined {
        let connection = joined.connection;
        if let Some(writing) = writer.await {
            tokio::select! {
                () = splice(reading.unsplit(writing), joined, &rest) => {}
                () = stopping.begun() => {}
            }
        }
        turn.disconnected(connection);
    }
    turn.close_stream(client, &queue);
}

struct Reader<'a> {
    turn: &'a Arc<TurnDriver>,
    queue: &'a Queue,
    client: ClientAddr,
    is_stranger: bool,
}

impl Reader<'_> {
    /// A connection to a peer that takes the stream over, with what the client has sent for it already.
    async fn run<S>(&mut self, reading: &mut ReadHalf<S>) -> Option<(Joined, Vec<u8>)>
    where
        S: AsyncRead + AsyncWrite,
    {
        let mut decoder = StreamDecoder::new();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            // Who has an allocation must refresh it within its lifetime.
            let lifetime = self.turn.settings.limits.lifetime;
            let patience = if self.is_stranger { STRANGER_PATIENCE } else { lifetime };
            let count = timeout(patience, reading.read(&mut buffer)).await.ok()?.ok()?;
            let bytes = buffer.get(..count).filter(|bytes| !bytes.is_empty())?;
            let rest = self.hear_all(&mut decoder, bytes).ok()?;
            if let Some(joined) = self.queue.take_joined() {
                return Some((joined, [&decoder.into_rest(), rest].concat()));
            }
        }
    }

    /// Lets the engine see the messages in it, to the end or to the one that joins the stream with a connection.
    fn hear_all<'b>(
        &mut self,
        decoder: &mut StreamDecoder,
        mut bytes: &'b [u8],
    ) -> Result<&'b [u8], NotTurn> {
        while !bytes.is_empty() && !self.queue.is_over() {
            let taken = decoder.handle_bytes(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            self.turn.contain(|| self.hear(decoder)).unwrap_or(Err(NotTurn))?;
        }
        Ok(bytes)
    }

    /// Lets the engine see all whole messages. What leaves by UDP is sent when the lock is let go.
    fn hear(&mut self, decoder: &mut StreamDecoder) -> Result<(), NotTurn> {
        let (mut out, now) = (Vec::new(), self.turn.now());
        let mut guard = self.turn.lock();
        let state = &mut *guard;
        let waited = state.engine.poll_timeout().is_some();
        while !self.queue.is_over()
            && let Some(message) = decoder.poll_message()?
        {
            let mut frame = std::mem::take(&mut state.scratch);
            let delivery = state.engine.handle_client(self.client, message, &mut frame, now);
            self.route(state, delivery, &mut out);
            state.scratch = frame;
            if state.engine.has_output() {
                self.turn.carry_out(state, now);
            }
        }
        if !waited && state.engine.poll_timeout().is_some() {
            self.turn.poller.wake();
        }
        drop(guard);
        for (exit, to, bytes) in &out {
            self.send(exit, Outgoing { bytes, ..*to });
        }
        Ok(())
    }

    fn route(&mut self, state: &State, delivery: Delivery<'_>, out: &mut Vec<Owned>) {
        if let Delivery::ToClient { to, bytes } = delivery
            && to == self.client
        {
            self.is_stranger &= !is_welcome(bytes);
            return self.queue.push_answer(bytes);
        }
        if let Some((exit, datagram)) = route(delivery, &self.turn.sockets, state) {
            out.push((exit, Outgoing { bytes: &[], ..datagram }, datagram.bytes.to_vec()));
        }
    }

    fn send(&self, exit: &Exit, datagram: Outgoing<'_>) {
        let socket = match exit {
            Exit::Socket(index) => self.turn.sockets.get(*index),
            Exit::Relay(relay, fragments) => {
                relay.socket.allow(*fragments);
                Some(&relay.socket)
            }
        };
        if socket.is_some_and(|socket| send_one(socket, &datagram).is_err()) {
            self.turn.count_lost(1);
        }
    }
}

type Owned = (Exit, Outgoing<'static>, Vec<u8>);

/// Success of Allocate or ConnectionBind, which nobody gets without credentials (RFC 8656, section 17; RFC 6062, section 6).
fn is_welcome(answer: &[u8]) -> bool {
    matches!(answer, [0x01, 0x03 | 0x0b, ..])
}

/// Writes what waits until there will be no more; `None` when the client does not take it.
async fn write<S>(mut writing: WriteHalf<S>, queue: &Queue, by: Transport) -> Option<WriteHalf<S>>
where
    S: AsyncRead + AsyncWrite,
{
    while let Some(messages) = queue.next().await {
        let written = async {
            write_as(by, &messages, &mut writing).await?;
            writing.flush().await
        };
        timeout(WRITE_TIMEOUT, written).await.ok()?.ok()?;
    }
    Some(writing)
}

async fn write_as<W: AsyncWrite + Unpin>(
    by: Transport,
    messages: &Messages,
    writing: &mut W,
) -> io::Result<()> {
    match by {
        // Clients such as coturn's take what is in a record for one message.
        Transport::Tls => {
            for message in messages.each() {
                writing.write_all(message).await?;
            }
            Ok(())
        }
        Transport::Tcp | Transport::Udp => writing.write_all(&messages.bytes).await,
    }
}

/// Both ways, until both have ended or the connection is to be closed.
async fn splice<S>(mut client: S, joined: Joined, rest: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Joined { mut peer, closed, .. } = joined;
    let both = async {
        peer.write_all(rest).await?;
        tokio::io::copy_bidirectional(&mut client, &mut peer).await
    };
    tokio::select! {
        _ = both => {}
        () = closed.notified() => {}
    }
}

impl TurnDriver {
    fn open_stream(&self, client: ClientAddr) -> Arc<Queue> {
        let queue = Arc::new(Queue::default());
        self.lock().streams.insert(client, Arc::clone(&queue));
        queue
    }

    fn close_stream(self: &Arc<Self>, client: ClientAddr, queue: &Arc<Queue>) {
        self.contain(|| {
            let (mut state, now) = (self.lock(), self.now());
            if state.streams.get(&client).is_some_and(|known| Arc::ptr_eq(known, queue)) {
                state.streams.remove(&client);
                state.engine.handle_stream_closed(client, now);
                self.carry_out(&mut state, now);
            }
        });
    }
}

#[cfg(test)]
mod tests;
