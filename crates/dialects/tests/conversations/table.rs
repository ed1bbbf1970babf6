//! Clients of all dialects around the rooms, in memory and in virtual time: frames go in, frames come out.
//!
//! Ids and secrets are long: in frames, `$peer2` and `$secret2` stand for those that the second join or resume drew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parlor_dialects::{
    Ask, Bytes, Dialect, Door, Frame, Heard, Ice, IceServer, LineId, Session, Step, Terms,
    encode_event, encode_going_away, encode_ice_servers, encode_reply,
};
use parlor_rooms::{
    Admission, Call, ConnectionId, Counters, Entry, Event, Fresh, Limits, Output, PeerId, Refusal,
    Reply, Rooms, Secret, Timestamp,
};

pub struct Table {
    rooms: Rooms,
    /// What the server says of whoever joins next.
    pub admission: Admission,
    terms: Arc<Terms>,
    seats: BTreeMap<ConnectionId, Seat>,
    opened: u64,
    drawn: u8,
    now: Timestamp,
    said: Vec<Said>,
}

struct Seat {
    name: String,
    session: Session,
    /// What the session puts into its own words.
    heard: VecDeque<Heard>,
}

impl Seat {
    fn next_step(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.session.poll_output() {
                return Some(step);
            }
            self.session.handle_heard(&self.heard.pop_front()?);
        }
    }
}

type Answer = Result<Reply, Refusal>;

/// What somebody was sent, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub to: String,
    pub frame: Bytes,
}

impl Table {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let terms = Terms {
            server: "parlor/test".into(),
            ping_interval: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(20),
            max_frame_bytes: 262_144,
            messages_per_second: 200,
            burst: 400,
            echoes: true,
        };
        Self {
            rooms: Rooms::new(limits),
            admission: Admission::default(),
            terms: Arc::new(terms),
            seats: BTreeMap::new(),
            opened: 0,
            drawn: 0,
            now: Timestamp(1_767_225_600_000),
            said: Vec::new(),
        }
    }

    /// A new connection; a name that sits here already gets a second one, which it speaks over from now on.
    pub fn open(&mut self, name: &str, door: Door) -> Vec<Said> {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        // A table has no room for so many that this meets an id of those who join.
        let own = PeerId::from_entropy([255 - u8::try_from(self.opened).unwrap_or(0); 16]);
        let line = LineId { connection: id, peer: own };
        let mut session = Session::new(door, line, Arc::clone(&self.terms));
        session.handle_timeout(self.now);
        let seat = Seat { name: name.to_owned(), session, heard: VecDeque::new() };
        self.seats.insert(id, seat);
        self.settle(id);
        self.said()
    }

    /// The credentials that a client was told of are about to expire.
    pub fn renew_ice(&mut self, name: &str) -> Vec<Said> {
        self.announce(name, |dialect| encode_ice_servers(dialect, &ice()))
    }

    pub fn go_away(&mut self, name: &str) -> Vec<Said> {
        let rest = Duration::from_secs(3);
        self.announce(name, |dialect| {
            encode_going_away(dialect, rest, Some("wss://b.example.org/ws"))
        })
    }

    /// What the server says of itself.
    fn announce(&mut self, name: &str, encode: impl Fn(Dialect) -> Option<Bytes>) -> Vec<Said> {
        let seat = self.find(name).and_then(|id| Some((id, self.seats.get(&id)?)));
        let dialect = seat.and_then(|(id, seat)| Some((id, seat.session.dialect()?)));
        if let Some((id, dialect)) = dialect
            && let Some(frame) = encode(dialect)
        {
            self.push(id, frame);
        }
        self.said()
    }

    pub fn is_open(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub fn must_join(&self, name: &str) -> bool {
        let seat = self.find(name).and_then(|id| self.seats.get(&id));
        seat.is_some_and(|seat| seat.session.must_join())
    }

    pub fn say(&mut self, name: &str, text: &str) -> Vec<Said> {
        let text = self.spelled_out(text);
        self.hear(name, Frame::Text(&text))
    }

    pub fn hear(&mut self, name: &str, frame: Frame<'_>) -> Vec<Said> {
        let Some(id) = self.find(name) else { return Vec::new() };
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.session.handle_frame(frame);
        }
        self.settle(id);
        self.said()
    }

    /// A frame over the rate limit.
    pub fn hear_excess(&mut self, name: &str, frame: Frame<'_>, wait: Duration) -> Vec<Said> {
        let Some(id) = self.find(name) else { return Vec::new() };
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.session.handle_excess(frame, wait);
        }
        self.settle(id);
        self.said()
    }

    /// The connection breaks.
    pub fn cut(&mut self, name: &str) -> Vec<Said> {
        if let Some(id) = self.find(name) {
            self.disconnect(id);
        }
        self.said()
    }

    /// The client closes the connection.
    pub fn bid_farewell(&mut self, name: &str, code: Option<u16>) -> Vec<Said> {
        let Some(id) = self.find(name) else { return Vec::new() };
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.session.handle_close(code);
        }
        self.settle(id);
        self.disconnect(id);
        self.said()
    }

    pub fn pass(&mut self, wait: Duration) -> Vec<Said> {
        self.now = self.now.after(wait);
        self.rooms.handle_timeout(self.now);
        self.deliver(None);
        let ids: Vec<_> = self.seats.keys().copied().collect();
        for id in ids {
            if let Some(seat) = self.seats.get_mut(&id) {
                seat.session.handle_timeout(self.now);
            }
            self.settle(id);
        }
        self.said()
    }

    pub fn counters(&self) -> Counters {
        self.rooms.counters()
    }

    fn find(&self, name: &str) -> Option<ConnectionId> {
        self.seats.iter().rfind(|(_, seat)| seat.name == name).map(|(id, _)| *id)
    }

    fn settle(&mut self, id: ConnectionId) {
        while let Some(step) = self.seats.get_mut(&id).and_then(Seat::next_step) {
            match step {
                Step::Send(frame) => self.push(id, frame),
                Step::Close(why) => {
                    self.close(id, &format!("closed {} {}", why.code(), why.reason()));
                }
                Step::Ask(ask) => self.take_note(id, ask),
            }
        }
    }

    /// What has been said, once everybody has put into words what they heard.
    fn said(&mut self) -> Vec<Said> {
        let waits = |table: &Self| {
            table.seats.iter().find(|(_, seat)| !seat.heard.is_empty()).map(|(id, _)| *id)
        };
        while let Some(id) = waits(self) {
            self.settle(id);
        }
        std::mem::take(&mut self.said)
    }

    /// The answers are on their way already; the session only takes note of them.
    fn take_note(&mut self, id: ConnectionId, ask: Ask) {
        self.ask(id, ask);
        let answers = self.deliver(Some(id));
        let Some(seat) = self.seats.get_mut(&id) else { return };
        answers.iter().for_each(|answer| seat.session.handle_reply(answer));
    }

    fn ask(&mut self, id: ConnectionId, ask: Ask) {
        let now = self.now;
        match ask {
            Ask::Join(call, join, _) => {
                let entry = Entry { join, admission: self.admission.clone(), fresh: self.draw() };
                self.rooms.handle_join(call, entry, now);
            }
            Ask::Resume(call, resume) => {
                let fresh = self.draw();
                self.rooms.handle_resume(call, &resume, fresh, now);
            }
            Ask::Command(call, who, command) => self.rooms.handle_command(call, &who, command, now),
            Ask::Refresh(..) => {}
            Ask::Presence(call, room, _) => self.rooms.handle_presence(call, room),
            Ask::Ping(call, who) => self.rooms.handle_ping(call, &who),
            Ask::Ack(who, seq) => self.rooms.handle_ack(id, &who, seq),
        }
    }

    /// Puts out what the rooms have; returns the answers to the one who asked.
    fn deliver(&mut self, asking: Option<ConnectionId>) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(output) = self.rooms.poll_output() {
            match output {
                Output::Event { to, event } => {
                    to.iter().for_each(|id| self.tell(*id, &event, to.len()));
                }
                Output::Reply { call, reply } => {
                    let taken = self.answer(call, reply);
                    let is_late = Some(call.connection) != asking;
                    let late = taken.clone().filter(|_| is_late);
                    self.note(call.connection, late.map(|late| Heard::Reply(call, late)));
                    answers.extend(taken.filter(|_| !is_late));
                }
                Output::Replaced { connection } => self.close(connection, "closed 4001 replaced"),
                Output::Expelled { connection, reason, is_last: true, .. } => {
                    let close = parlor_dialects::Close::after(reason);
                    let line = format!("closed {} {}", close.code(), close.reason());
                    self.close(connection, &line);
                }
                Output::Expelled { connection, who, reason, .. } => {
                    self.note(connection, Some(Heard::Expelled(who, reason)));
                }
                Output::RoomStarted { .. } | Output::RoomEnded { .. } => {}
            }
        }
        answers
    }

    /// The session hears of it when it is its turn.
    fn note(&mut self, id: ConnectionId, heard: Option<Heard>) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.heard.extend(heard);
        }
    }

    fn tell(&mut self, id: ConnectionId, event: &Arc<Event>, hearers: usize) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let Some(dialect) = seat.session.dialect() else { return };
        if !dialect.shares_words() {
            return seat.heard.push_back(Heard::Event(event.clone()));
        }
        let frame = encode_event(dialect, event, hearers);
        frame.into_iter().for_each(|frame| self.push(id, frame));
    }

    fn answer(&mut self, call: Call, reply: Answer) -> Option<Answer> {
        let seat = self.seats.get_mut(&call.connection)?;
        let dialect = seat.session.dialect()?;
        if !dialect.shares_words() {
            seat.heard.push_back(Heard::Reply(call, reply));
            return None;
        }
        let frames = encode_reply(dialect, call, &reply, &ice());
        frames.into_iter().for_each(|frame| self.push(call.connection, frame));
        Some(reply)
    }

    fn close(&mut self, id: ConnectionId, why: &str) {
        self.push(id, why.to_owned().into());
        self.disconnect(id);
    }

    fn disconnect(&mut self, id: ConnectionId) {
        self.seats.remove(&id);
        self.rooms.handle_disconnect(id, self.now);
        self.deliver(None);
    }

    fn push(&mut self, id: ConnectionId, frame: Bytes) {
        let Some(seat) = self.seats.get(&id) else { return };
        let to = seat.name.clone();
        self.said.push(Said { to, frame });
    }

    fn draw(&mut self) -> Fresh {
        self.drawn += 1;
        let (peer, secret) = (peer(self.drawn), secret(self.drawn));
        Fresh { peer, secret }
    }

    /// Real ids in place of their short names.
    fn spelled_out(&self, text: &str) -> String {
        let drawn = (1..=self.drawn).rev();
        drawn.fold(text.to_owned(), |text, number| {
            let text = text.replace(&format!("$peer{number}"), &peer(number).to_string());
            text.replace(&format!("$secret{number}"), &secret(number).reveal())
        })
    }

    /// What was said, with short names in place of ids.
    pub fn lines(&self, said: &[Said]) -> Vec<String> {
        let line = |said: &Said| format!("{}: {}", said.to, String::from_utf8_lossy(&said.frame));
        let short = |line: String| {
            (1..=self.drawn).fold(line, |line, number| {
                let line = line.replace(&peer(number).to_string(), &format!("$peer{number}"));
                line.replace(&secret(number).reveal(), &format!("$secret{number}"))
            })
        };
        said.iter().map(line).map(short).collect()
    }
}

fn peer(number: u8) -> PeerId {
    PeerId::from_entropy([number; 16])
}

/// Spelled unlike any id of a member.
fn secret(number: u8) -> Secret {
    let mut bytes = [0; 24];
    (bytes[0], bytes[23]) = (255, number);
    Secret::from_entropy(bytes)
}

/// What whoever joins at a table is told.
fn ice() -> Ice {
    let stun =
        IceServer { urls: vec!["stun:stun.example.org".into()], username: None, credential: None };
    let turn = IceServer {
        urls: vec!["turn:turn.example.org?transport=udp".into()],
        username: Some("1767229200:ada".into()),
        credential: Some("c2VjcmV0".into()),
    };
    Ice { servers: vec![stun, turn], ttl: Duration::from_secs(3_600) }
}
