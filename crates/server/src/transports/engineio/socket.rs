//! A WebSocket that carries a session, from its first frame or after polling.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use parlor_dialects::Bytes;
use parlor_dialects::socketio::engine::{Closed, Message, Transport};
use parlor_rooms::Timestamp;
use parlor_websocket::{Error, Event, Limits, Opcode};
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep_until};

use super::Carrier;
use super::seat::{By, Held, Seat};
use super::state::{Again, Next, SocketId};
use crate::transports::websocket::opening::{Opened, open};
use crate::transports::websocket::rate::Bucket;
use crate::transports::websocket::stream::Stream;
use crate::transports::websocket::wire::{self, CLOSE_TIMEOUT, Frame, Moved};

/// How long one batch may take: longer than any stall of a network that still works.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait where nothing is waited for.
const LONG: Duration = Duration::from_secs(3_600);
/// Pings and pongs of WebSocket itself: these clients send none.
const CONTROL_FRAMES_PER_SECOND: usize = 10;
const CONTROL_FRAMES_BURST: usize = 100;

type Wire = wire::Wire<Stream>;

/// For a session that polls. One that can't take a second WebSocket closes it at once.
pub fn upgrade(carrier: Arc<Carrier>, seat: Arc<Seat>, request: Request) -> Response<Body> {
    let (now, compression) = (carrier.now(), carrier.compression);
    open(request, compression, move |opened| {
        let mut wire = wire(&carrier, opened);
        async move {
            let taken = carrier.drive(&seat, |state| state.take_socket(now));
            run(&carrier, taken.ok().map(|socket| (&seat, socket)), &mut wire).await;
        }
    })
}

/// For a session that was opened by this request.
pub fn serve_new(carrier: Arc<Carrier>, seat: Arc<Seat>, request: Request) -> Response<Body> {
    let compression = carrier.compression;
    let unserved = Unserved { carrier, seat };
    open(request, compression, move |opened| {
        let mut wire = wire(&unserved.carrier, opened);
        async move {
            run(&unserved.carrier, Some((&unserved.seat, SocketId::FIRST)), &mut wire).await;
        }
    })
}

fn wire(carrier: &Carrier, opened: Opened) -> Wire {
    let max = carrier.settings.max_payload;
    Wire::new(opened.stream, Limits { frame: max, message: max }, opened.deflate)
}

/// Ends a session whose WebSocket never came to be, or has ended.
struct Unserved {
    carrier: Arc<Carrier>,
    seat: Arc<Seat>,
}

impl Drop for Unserved {
    fn drop(&mut self) {
        self.carrier.drive(&self.seat, |state| state.handle_socket_gone(SocketId::FIRST));
    }
}

async fn run(carrier: &Arc<Carrier>, seat: Option<(&Arc<Seat>, SocketId)>, wire: &mut Wire) {
    let goodbye = match seat {
        None => Some(words(None)),
        Some((seat, socket)) => {
            let place = Place { carrier, seat, socket };
            let goodbye = talk(&mut Reader::new(place), wire).await;
            carrier.drive(seat, |state| state.handle_socket_gone(socket));
            goodbye
        }
    };
    wire.close(goodbye).await;
}

/// A WebSocket's place in its session.
#[derive(Clone, Copy)]
struct Place<'a> {
    carrier: &'a Arc<Carrier>,
    seat: &'a Arc<Seat>,
    socket: SocketId,
}

type Words = (u16, &'static str);

fn words(why: Option<Closed>) -> Words {
    match why {
        None | Some(Closed::ByClient | Closed::PageGone) => (1000, ""),
        Some(Closed::ByServer | Closed::TransportGone) => (1001, "closed"),
        Some(Closed::PingTimeout) => (1001, "ping-timeout"),
        Some(Closed::ProtocolError) => (1002, "protocol-error"),
        Some(Closed::TooLarge) => (1009, "payload-too-large"),
        Some(Closed::SlowReader) => (1008, "slow-consumer"),
    }
}

/// Why a session ends whose client speaks bad WebSocket, and what it is told.
fn reason(error: Error) -> (Closed, Words) {
    match error.close_code() {
        1007 => (Closed::ProtocolError, (1007, "invalid-utf8")),
        1009 => (Closed::TooLarge, words(Some(Closed::TooLarge))),
        _ => (Closed::ProtocolError, words(Some(Closed::ProtocolError))),
    }
}

/// What the connection is closed with, or `None` when the client has closed it or is gone.
async fn talk(reader: &mut Reader<'_>, wire: &mut Wire) -> Option<Words> {
    let Place { carrier, seat, .. } = reader.place;
    let mut timer = pin!(sleep_until(Instant::now() + LONG));
    loop {
        let told = seat.probe_wake.notified();
        if let Some(goodbye) = hand_over(reader, wire).await {
            return goodbye;
        }
        reader.look_up();
        if reader.gives_up() {
            carrier.drive(seat, |state| state.engine.end_because(Closed::SlowReader));
            return None;
        }
        let deadline = reader.deadline().filter(|deadline| *deadline < timer.deadline());
        deadline.inspect(|deadline| timer.as_mut().reset(*deadline));
        let waits_for = reader.waits_for;
        tokio::select! {
            biased;
            moved = std::future::poll_fn(|context| reader.poll(context, wire)) => match moved {
                Moved::Heard if reader.has_left => return None,
                // The way is free for what waits elsewhere.
                Moved::Written => reader.is_due = true,
                Moved::Heard => {}
                Moved::Broken(error) => reader.handle_broken(error),
                Moved::Gone => return None,
            },
            () = woken(seat, waits_for, told) => reader.is_due = true,
            () = timer.as_mut() => {
                if reader.is_stuck() {
                    return None;
                }
                timer.as_mut().reset(Instant::now() + LONG);
            }
        }
    }
}

/// Gives the stream what the session has for it, as long as it takes it. `Some`: nothing more is to come.
async fn hand_over(reader: &mut Reader<'_>, wire: &mut Wire) -> Option<Option<Words>> {
    while reader.note_writing(wire) && std::mem::take(&mut reader.is_due) {
        let Place { carrier, seat, socket } = reader.place;
        match carrier.serve_socket(seat, socket) {
            Next::Write(messages, again) => {
                wire.write(&messages.into_iter().map(frame).collect::<Vec<_>>()).await;
                reader.is_due = again == Again::Yes;
            }
            Next::Wait(transport) => reader.waits_for = transport,
            Next::Drop => return Some(Some(reader.broken.unwrap_or(words(None)))),
            Next::End(why) => return Some(Some(reader.broken.unwrap_or(words(Some(why))))),
        }
    }
    None
}

/// `told` has listened since before there was a look at what is next.
async fn woken(seat: &Seat, by: Transport, told: Notified<'_>) {
    match by {
        Transport::WebSocket => seat.wake.notified().await,
        Transport::Polling => told.await,
    }
}

fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => (Opcode::Text, text.into_bytes()),
        Message::Binary(bytes) => (Opcode::Binary, bytes),
    }
}

/// Why nothing is read for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    No,
    /// The client was faster than it may be.
    Until(Instant),
    /// The client takes no answers.
    UntilDrained,
    /// The session is over, or the client has broken a rule; the writer has the last word.
    ForEver,
}

struct Reader<'a> {
    place: Place<'a>,
    control_frames: Bucket,
    pause: Pause,
    /// There may be something to write.
    is_due: bool,
    /// The transport that speaks: by its wake-ups there is something to write.
    waits_for: Transport,
    writing_since: Option<Instant>,
    /// When the session had ended and something was still being written.
    ended_at: Option<Instant>,
    /// The rule that the client has broken.
    broken: Option<Words>,
    /// The client has said that it closes the connection, or sends nothing but pings.
    has_left: bool,
}

impl<'a> Reader<'a> {
    fn new(place: Place<'a>) -> Self {
        let now = std::time::Instant::now();
        let control_frames = Bucket::new(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST, now);
        Self {
            place,
            control_frames,
            pause: Pause::No,
            is_due: true,
            waits_for: Transport::WebSocket,
            writing_since: None,
            ended_at: None,
            broken: None,
            has_left: false,
        }
    }

    /// Reads once, and hears all of it under one lock of the session.
    fn poll(&mut self, context: &mut Context<'_>, wire: &mut Wire) -> Poll<Moved> {
        let reading = self.may_read();
        let mut hearing = None;
        let moved = wire.poll(context, reading, |event| {
            let place = self.place;
            self.hear(event, hearing.get_or_insert_with(|| Hearing::begin(place)))
        });
        if let Some(hearing) = hearing {
            // Another transport may speak now.
            self.is_due |= hearing.end(self.place) || self.waits_for == Transport::Polling;
        }
        moved
    }

    /// Breaks off when nothing more is to be read for now.
    fn hear(&mut self, event: Event<'_>, hearing: &mut Hearing<'_>) -> ControlFlow<()> {
        match event {
            Event::Text(text) => self.pause = hearing.hear(Heard::Text(text), self.place.socket),
            Event::Binary(bytes) => {
                self.pause = hearing.hear(Heard::Binary(bytes), self.place.socket);
            }
            Event::Ping(_) | Event::Pong(_) => {
                self.has_left |= self.control_frames.take(std::time::Instant::now()).is_err();
            }
            Event::Close(why) => {
                // What a browser says when its page is closed or left.
                if why.is_some_and(|why| why.code == 1001) {
                    hearing.held.state.end_socket(self.place.socket, Closed::PageGone);
                }
                self.has_left = true;
            }
        }
        if self.has_left || self.pause != Pause::No {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn handle_broken(&mut self, error: Error) {
        let (why, words) = reason(error);
        self.end(why);
        (self.pause, self.broken) = (Pause::ForEver, Some(words));
    }

    fn end(&self, why: Closed) {
        let Place { carrier, seat, socket } = self.place;
        carrier.drive(seat, |state| state.end_socket(socket, why));
    }

    /// Notices what has changed by time or by others.
    fn look_up(&mut self) {
        let over = match self.pause {
            Pause::Until(at) => at <= Instant::now(),
            Pause::UntilDrained => self.place.seat.may_read(),
            Pause::No | Pause::ForEver => false,
        };
        if over {
            self.pause = if self.place.seat.may_read() { Pause::No } else { Pause::UntilDrained };
        }
    }

    /// Tells whether nothing is being written. Each batch has its time from where it begins.
    fn note_writing(&mut self, wire: &Wire) -> bool {
        if wire.is_written() {
            (self.writing_since, self.ended_at) = (None, None);
        } else {
            self.writing_since.get_or_insert_with(Instant::now);
        }
        wire.is_written()
    }

    /// Whether nobody has any use for what is being written. Where the session has ended, most often the batch is on its way in a
    /// moment, and then the client is told why.
    fn gives_up(&mut self) -> bool {
        let seat = self.place.seat;
        if self.writing_since.is_none() || !seat.is_given_up() {
            return false;
        }
        if !seat.is_ended() {
            return true;
        }
        let ended_at = *self.ended_at.get_or_insert_with(Instant::now);
        Instant::now() >= ended_at + CLOSE_TIMEOUT
    }

    fn may_read(&self) -> bool {
        self.pause == Pause::No
    }

    fn deadline(&self) -> Option<Instant> {
        let paced = if let Pause::Until(at) = self.pause { Some(at) } else { None };
        let written = self.writing_since.map(|since| since + WRITE_TIMEOUT);
        let given_up = self.ended_at.map(|at| at + CLOSE_TIMEOUT);
        [paced, written, given_up].into_iter().flatten().min()
    }

    /// Whether the client takes nothing of what is written.
    fn is_stuck(&self) -> bool {
        self.writing_since.is_some_and(|since| Instant::now() >= since + WRITE_TIMEOUT)
    }
}

enum Heard<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// What was read at once, while it is heard.
struct Hearing<'a> {
    held: Held<'a>,
    at: Instant,
    now: Timestamp,
}

impl<'a> Hearing<'a> {
    fn begin(Place { carrier, seat, .. }: Place<'a>) -> Self {
        Self { held: seat.hold(), at: Instant::now(), now: carrier.now() }
    }

    /// Whether and why nothing more is to be read for now.
    fn hear(&mut self, heard: Heard<'_>, socket: SocketId) -> Pause {
        let (state, now) = (&mut self.held.state, self.now);
        match heard {
            Heard::Text(text) => state.handle_text(socket, text, now),
            Heard::Binary(bytes) => {
                state.handle_frame(socket, Message::Binary(Bytes::copy_from_slice(bytes)), now);
            }
        }
        state.settle_here(now);
        let wait = state.pace(self.at.into_std());
        if state.is_ended() {
            Pause::ForEver
        } else if !wait.is_zero() {
            Pause::Until(self.at + wait)
        } else if !state.may_read() {
            Pause::UntilDrained
        } else {
            Pause::No
        }
    }

    /// Whether there may be something to write now.
    fn end(self, Place { carrier, seat, socket }: Place<'_>) -> bool {
        let (errands, has_work) = self.held.let_go(self.now, By::Socket(socket));
        carrier.run_errands(seat, errands);
        has_work
    }
}
