//! What nobody should send, at a rate: to see that those who mean well do not notice. Expects no answer.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::Result;
use crate::limits::{open_files, within};
use crate::report::Form;

/// Of requests, connections or datagrams.
pub const PER_SECOND: u32 = 10_000;
pub const SENDERS: usize = 64;
const MOST_PER_SECOND: usize = 1_000_000;
/// How often each sender sends what is due.
const TICK: Duration = Duration::from_millis(10);
/// How long a connection may take; who is not let in is not waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

const GET: &[u8] = b"GET /room/junk HTTP/1.1\r\nHost: localhost\r\nUser-Agent: junk\r\n\r\n";
const UPGRADE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// A text frame that is not masked, and one that says that it is longer than anything.
const BAD_FRAMES: &[u8] = b"\x81\x02hi\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0";
/// The head of a TLS record with a ClientHello, and nothing of what should follow.
const TLS: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03junkjunkjunkjunkjunkjunkjunkjunk";
/// An Allocate request of STUN without credentials, its cookie right (RFC 8489, section 5).
const STUN: &[u8] = b"\x00\x03\x00\x08\x21\x12\xa4\x42junkjunkjunk\x00\x19\x00\x04\x11\x00\x00\x00";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Requests, one behind the other on connections that are made anew when they are cut.
    Http,
    /// A connection for each, which becomes a WebSocket and says what is no frame.
    Frames,
    /// A connection for each, which begins a TLS handshake.
    Tls,
    /// Datagrams, which ask for a relayed address.
    Stun,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "http" => Ok(Self::Http),
            "frames" => Ok(Self::Frames),
            "tls" => Ok(Self::Tls),
            "stun" => Ok(Self::Stun),
            other => Err(format!("{other} is not http, frames, tls or stun")),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub target: SocketAddr,
    pub kind: Kind,
    pub rate: u32,
    pub senders: usize,
    pub seconds: Duration,
    pub form: Form,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    sent: u64,
    /// Connections that were not made, or cut before everything was said.
    cut: u64,
    per_second: f64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    cut: AtomicU64,
}

impl Plan {
    pub fn checked(self) -> Result<Self> {
        within("--rate", self.rate as usize, 1, MOST_PER_SECOND)?;
        within("--connections", self.senders, 1, 10_000)?;
        Ok(self)
    }
}

pub fn run(plan: &Plan) -> Result {
    open_files(plan.senders)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let counts = Arc::new(Counts::default());
    let started = Instant::now();
    runtime.block_on(async {
        let senders = (0..plan.senders).map(|_| tokio::spawn(send(*plan, Arc::clone(&counts))));
        for sender in senders.collect::<Vec<_>>() {
            _ = sender.await;
        }
    });
    let sent = counts.sent.load(Ordering::Relaxed);
    let cut = counts.cut.load(Ordering::Relaxed);
    #[expect(clippy::cast_precision_loss, reason = "no run sends 2^52")]
    let per_second = sent as f64 / started.elapsed().as_secs_f64();
    print(&Report { sent, cut, per_second }, plan.form)
}

fn print(report: &Report, form: Form) -> Result {
    use std::io::Write;
    let line = match form {
        Form::Json => serde_json::to_string(report).map_err(|error| error.to_string())?,
        Form::Lines => {
            format!("{} sent, {:.0} per second, {} cut", report.sent, report.per_second, report.cut)
        }
    };
    writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())
}

/// Sends its share at each tick, until the time is over.
async fn send(plan: Plan, counts: Arc<Counts>) {
    let ends_at = Instant::now() + plan.seconds;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let share = f64::from(plan.rate) / plan.senders as f64;
    let (started, mut done) = (Instant::now(), 0.0);
    let mut sender = Sender { plan, counts, stream: None, udp: None };
    while Instant::now() < ends_at {
        ticks.tick().await;
        let due = share * started.elapsed().as_secs_f64() - done;
        // Who was held up by the other end does not send everything at once afterwards.
        let due = due.min(share).floor();
        done += due;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small count"
        )]
        sender.send(due.max(0.0) as usize).await;
    }
}

struct Sender {
    plan: Plan,
    counts: Arc<Counts>,
    stream: Option<TcpStream>,
    udp: Option<UdpSocket>,
}

impl Sender {
    async fn send(&mut self, count: usize) {
        match self.plan.kind {
            Kind::Http => self.requests(count).await,
            Kind::Frames => self.connections(count, &[UPGRADE, BAD_FRAMES].concat()).await,
            Kind::Tls => self.connections(count, TLS).await,
            Kind::Stun => self.datagrams(count).await,
        }
    }

    async fn requests(&mut self, count: usize) {
        self.counts.sent.fetch_add(count as u64, Ordering::Relaxed);
        if self.stream.is_none() {
            self.stream = self.connect().await;
        }
        let Some(stream) = &mut self.stream else { return };
        let mut answers = [0; 16 << 10];
        while matches!(stream.try_read(&mut answers), Ok(read) if read > 0) {}
        let written = timeout(CONNECT_TIMEOUT, stream.write_all(&GET.repeat(count))).await;
        let alive = matches!(written, Ok(Ok(()))) && !is_over(stream);
        if !alive {
            self.cut(1);
            self.stream = None;
        }
    }

    async fn connections(&self, count: usize, bytes: &[u8]) {
        for _ in 0..count {
            self.counts.sent.fetch_add(1, Ordering::Relaxed);
            let Some(mut stream) = self.connect().await else { continue };
            if stream.write_all(bytes).await.is_err() {
                self.cut(1);
                continue;
            }
            // Long enough for the server to have read it.
            _ = timeout(TICK, stream.read(&mut [0; 512])).await;
        }
    }

    async fn datagrams(&mut self, count: usize) {
        if self.udp.is_none() {
            let any = if self.plan.target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            self.udp = UdpSocket::bind(any).await.ok();
        }
        let Some(udp) = &self.udp else { return };
        for _ in 0..count {
            let sent = udp.send_to(STUN, self.plan.target).await;
            self.counts.sent.fetch_add(u64::from(sent.is_ok()), Ordering::Relaxed);
        }
    }

    async fn connect(&self) -> Option<TcpStream> {
        let made = timeout(CONNECT_TIMEOUT, TcpStream::connect(self.plan.target)).await;
        let Ok(Ok(stream)) = made else {
            self.cut(1);
            return None;
        };
        // Closed without a trace: this end would run out of ports otherwise.
        _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        Some(stream)
    }

    fn cut(&self, count: u64) {
        self.counts.cut.fetch_add(count, Ordering::Relaxed);
    }
}

/// The other end has closed it.
fn is_over(stream: &TcpStream) -> bool {
    let mut one = [std::mem::MaybeUninit::uninit()];
    matches!(SockRef::from(stream).peek(&mut one), Ok(0))
}
