//! One client's connection: whole messages in and out.

use super::Plan;
use super::speech::{Dialect, Heard, Seat};
use super::stream::Stream;
use crate::Result;
use crate::meter::Meter;
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

/// How long a server may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// As often as the native protocol asks for acknowledgements: after so long, or so many events.
const ACKNOWLEDGE_EVERY: Duration = Duration::from_secs(1);
const ACKNOWLEDGE_AFTER: u64 = 128;

/// From one address no more than this: its ports are 28,000 by default.
const CONNECTIONS_PER_ADDRESS: usize = 5_000;

pub struct Connection {
    socket: Box<WebSocketStream<Stream>>,
    dialect: Dialect,
    acknowledged: Instant,
    /// Heard since then.
    unacknowledged: u64,
}

/// What was read of all that had come.
#[derive(Debug, Default)]
pub struct Batch {
    pub messages: u64,
}

impl Connection {
    /// Connects and joins the room that the index says.
    pub async fn join(plan: &Plan, index: usize) -> Result<Self> {
        let seat = Seat::of(index, plan.room_size());
        let joined = timeout(PATIENCE, async {
            let mut connection = Self::open(plan, index, seat).await?;
            plan.dialect.join(&mut connection, seat).await?;
            Ok(connection)
        });
        let joined = joined.await.unwrap_or_else(|_| Err(format!("no room in {PATIENCE:?}")));
        joined.map_err(|reason: String| format!("connection {index}: {reason}"))
    }

    async fn open(plan: &Plan, index: usize, seat: Seat) -> Result<Self> {
        let (target, dialect) = (plan.target, plan.dialect);
        let socket = connect(target, index).await.map_err(told)?;
        let mut stream = match &plan.tls {
            Some(tls) => tls.open(socket, target.ip()).await.map_err(told)?,
            None => Stream::Left(socket),
        };
        let socket = match dialect {
            Dialect::Raw => {
                stream.write_all(seat.line().as_bytes()).await.map_err(told)?;
                // Frames as between a client and a server: the relay sees the same bytes as one.
                if seat.place == 0 {
                    ClientBuilder::new().take_over(stream)
                } else {
                    ServerBuilder::new().serve(stream)
                }
            }
            Dialect::Native | Dialect::Json | Dialect::SocketIo | Dialect::PeerJs => {
                let address = format!("ws://{target}{}", dialect.path(seat));
                let builder = ClientBuilder::new().uri(&address).map_err(told)?;
                builder.connect_on(stream).await.map_err(told)?.0
            }
        };
        Ok(Self {
            socket: Box::new(socket),
            dialect,
            acknowledged: Instant::now(),
            unacknowledged: 0,
        })
    }

    /// Leaves the room and the server for good.
    pub async fn leave(mut self) {
        let goodbye = async {
            if let Some(goodbye) = self.dialect.goodbye() {
                self.tell(goodbye.into()).await?;
            }
            self.socket.close().await.map_err(told)?;
            // What the server still says is nothing any more; it ends the connection when it has read all of it.
            while self.next().await.is_ok() {}
            Ok::<(), String>(())
        };
        // Who is cut off instead has left too.
        _ = timeout(GOODBYE, goodbye).await;
    }

    /// Waits for the frame that is meant; passes over the others.
    pub async fn until(&mut self, meant: impl Fn(&str) -> bool) -> Result {
        while !meant(text(&self.next().await?)) {}
        Ok(())
    }

    /// Says something now.
    pub async fn tell(&mut self, text: String) -> Result {
        self.say(text).await?;
        self.flush().await
    }

    /// Lays something out for the next flush.
    pub async fn say(&mut self, text: String) -> Result {
        self.socket.feed(Message::text(text)).await.map_err(told)
    }

    pub async fn flush(&mut self) -> Result {
        self.socket.flush().await.map_err(told)
    }

    /// Waits for messages, takes all that have come, and answers what wants an answer.
    pub async fn batch(&mut self, meter: &Meter) -> Result<Batch> {
        let mut batch = Batch::default();
        let mut newest = None;
        let mut frame = Some(self.next().await?);
        while let Some(bytes) = frame {
            match self.dialect.heard(text(&bytes)) {
                Heard::Message { stamp, seq } => {
                    batch.messages += 1;
                    newest = seq.or(newest);
                    meter.took(stamp);
                }
                Heard::Answer(answer) => self.tell(answer.into()).await?,
                Heard::Other => {}
            }
            frame = self.next().now_or_never().transpose()?;
        }
        self.unacknowledged += batch.messages;
        let is_due = self.unacknowledged >= ACKNOWLEDGE_AFTER
            || self.acknowledged.elapsed() > ACKNOWLEDGE_EVERY;
        if let Some(seq) = newest.filter(|_| is_due) {
            self.acknowledge(seq).await?;
        }
        Ok(batch)
    }

    async fn acknowledge(&mut self, seq: u64) -> Result {
        (self.acknowledged, self.unacknowledged) = (Instant::now(), 0);
        match self.dialect.acknowledge(seq) {
            Some(acknowledgement) => self.tell(acknowledgement).await,
            None => Ok(()),
        }
    }

    /// The next whole message. May be dropped at any time.
    async fn next(&mut self) -> Result<Bytes> {
        loop {
            let message = self.socket.next().await.ok_or("the server closed the connection")?;
            let message = message.map_err(told)?;
            if let Some((code, reason)) = message.as_close() {
                return Err(format!("closed by the server: {} {reason}", u16::from(code)));
            }
            if message.is_text() || message.is_binary() {
                return Ok(message.into_payload().into());
            }
        }
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What is no text is no message of ours.
fn text(frame: &[u8]) -> &str {
    std::str::from_utf8(frame).unwrap_or_default()
}

/// Thousands of connections to one port need several addresses to come from; loopback has them.
async fn connect(target: SocketAddr, index: usize) -> std::io::Result<TcpStream> {
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let IpAddr::V4(address) = target.ip()
        && address.is_loopback()
        && cfg!(target_os = "linux")
    {
        let host = 2 + u8::try_from(index / CONNECTIONS_PER_ADDRESS).unwrap_or(u8::MAX - 2);
        socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into())?;
    }
    let stream = socket.connect(target).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
