//! A stream whose client waits to be let into the room: it says so, and becomes a member's stream when somebody has decided.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use parlor_dialects::sse::{encode_closing, encode_problem, encode_waiting, opening};
use parlor_dialects::{Close, Heard, Problem};
use parlor_rooms::{Refusal, Reply};
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use super::seats::{Guest, Seats};
use super::stream::{self, HEARTBEAT, RETRY, Stream};
use crate::drivers::rooms::Line;
use crate::node::Node;
use crate::transports::http::HangUp;

pub struct Waiting {
    pub node: Arc<Node>,
    pub seats: Arc<Seats>,
    pub guest: Guest,
    /// What the stream says first.
    pub first: Vec<u8>,
    pub line: Line,
    pub hang_up: HangUp,
}

/// Starts the task of the stream. How long a poll may take counts only from the answer on.
pub fn start(waiting: Waiting, wait: Option<Duration>) -> Body {
    stream::body_of(|sender| waiting.run(sender, wait))
}

impl Waiting {
    async fn run(self, sender: Sender<Bytes>, wait: Option<Duration>) {
        let connection = self.line.id.connection;
        let decided = self.decision(&sender).await;
        let (node, seats) = (Arc::clone(&self.node), Arc::clone(&self.seats));
        match decided {
            None => {}
            Some(Err(refusal)) => {
                _ = sender.send(encode_problem(&Problem::Refused(refusal))).await;
                _ = sender.send(encode_closing(Close::not_let_in(refusal))).await;
            }
            Some(Ok(reply)) => {
                let Self { guest, line, hang_up, .. } = self;
                if let Ok(seated) = seats.seat(&node.rooms, &line, guest, &reply) {
                    let stream = Stream { node, seats, seated, line, hang_up };
                    return stream.run(sender, wait).await;
                }
            }
        }
        node.rooms.disconnect(connection);
    }

    /// `None` when the client, or the server, has gone before.
    async fn decision(&self, sender: &Sender<Bytes>) -> Option<Result<Reply, Refusal>> {
        let mut stopping = self.node.stopping.clone();
        let mut chunk = opening(RETRY, true).into_bytes();
        chunk.extend_from_slice(&self.first);
        chunk.extend_from_slice(&encode_waiting(&self.guest.waiting));
        sender.send(chunk.into()).await.ok()?;
        loop {
            if let Some(Heard::Reply(_, answer)) = self.line.outbox.take_heard() {
                return Some(answer); // Who is no member hears nothing else.
            }
            if self.line.outbox.is_closing() {
                return None;
            }
            tokio::select! {
                () = self.line.outbox.heard() => {}
                () = sender.closed() => return None,
                () = stopping.begun() => return None,
                () = sleep(HEARTBEAT) => sender.send(Bytes::from_static(b":\n\n")).await.ok()?,
            }
        }
    }
}
