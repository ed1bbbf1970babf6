//! The members that are here by streams: whose token is whose, and which stream is their newest.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use parlor_dialects::sse::{
    Entrance, EventId, Tail, Token, Trouble, encode_entered, encode_problem,
};
use parlor_dialects::{Ask, Close, Problem};
use parlor_rooms::{Call, ConnectionId, MemberRef, PeerId, Reply, RoomName, Secret, Waiting};

use super::answered::Answered;
use crate::config::Limits;
use crate::drivers::rooms::{IceRenewal, Line, Outbox, RoomsDriver};
use crate::limits::Guard;
use crate::transports::gate::{Gate, Permit};
use crate::transports::websocket::rate::Bucket;

pub struct Seats {
    /// A member counts as a connection also between two streams.
    gate: Arc<Gate>,
    rate: (usize, usize),
    taken: Mutex<Taken>,
}

type Taken = HashMap<PeerId, Arc<Seat>>;

/// One member, from its first stream until its session is over.
pub struct Seat {
    pub who: MemberRef,
    token: Token,
    desk: Mutex<Desk>,
    ice: Mutex<IceRenewal>,
    newest: Mutex<Newest>,
    _permit: Permit,
}

/// What one POST leaves behind for the next.
pub struct Desk {
    pub rate: Bucket,
    pub answered: Answered,
}

struct Newest {
    connection: ConnectionId,
    outbox: Arc<Outbox>,
    has_left: bool,
}

/// Somebody who waits to be let in, with all that a seat will need.
pub struct Guest {
    pub waiting: Waiting,
    permit: Permit,
    secret: Secret,
}

/// What became of a join or a resume.
enum Asked {
    Seated(Seated),
    Waiting(Guest),
}

/// How a request for a stream ends.
pub enum Entered {
    Seated(Seated),
    /// The stream begins, and its client is no member yet. With what it says first.
    Waiting(Guest, Vec<u8>),
    /// The member has left: an `EventSource` that comes back by itself is told to stop.
    Over,
}

pub struct Seated {
    pub seat: Arc<Seat>,
    /// What the stream says first.
    pub first: Vec<u8>,
    pub tail: Tail,
    /// Something follows at once, or the client knows nothing yet.
    pub has_news: bool,
}

impl Seats {
    pub fn new(limits: &Limits, guard: &Arc<Guard>) -> Arc<Self> {
        Arc::new(Self {
            gate: Gate::judged(
                limits.max_connections,
                limits.max_connections_per_address,
                Arc::clone(guard) as _,
            ),
            rate: (limits.messages_per_second, limits.burst),
            taken: Mutex::default(),
        })
    }

    /// Goes on with a session, or joins. The table is locked meanwhile: the stream that is replaced must find its
    /// seat taken over when it looks for it.
    pub fn enter(
        &self,
        rooms: &RoomsDriver,
        line: &Line,
        entrance: &Entrance,
    ) -> Result<Entered, Trouble> {
        let mut taken = lock(&self.taken);
        let mut first = Vec::new();
        let mut entering = Entering { seats: self, rooms, line, taken: &mut taken };
        match &entrance.last_event {
            None => {}
            Some(Ok(id)) if entering.has_left(id.peer) => return Ok(Entered::Over),
            Some(last_event) => match entering.resume(entrance, last_event) {
                Ok(seated) => return Ok(Entered::Seated(seated)),
                Err(Trouble::Problem(why)) if entrance.has_name => {
                    first.extend_from_slice(&encode_problem(&why));
                }
                Err(trouble) => return Err(trouble),
            },
        }
        let call = entering.call();
        let ask = Ask::Join(call, entrance.join.clone(), entrance.token.clone());
        let mut seated = match entering.ask(ask, None)? {
            Asked::Seated(seated) => seated,
            Asked::Waiting(guest) => return Ok(Entered::Waiting(guest, first)),
        };
        first.append(&mut seated.first);
        Ok(Entered::Seated(Seated { first, ..seated }))
    }

    /// Who has waited is let in.
    pub fn seat(
        &self,
        rooms: &RoomsDriver,
        line: &Line,
        guest: Guest,
        reply: &Reply,
    ) -> Result<Seated, Trouble> {
        let mut taken = lock(&self.taken);
        let mut entering = Entering { seats: self, rooms, line, taken: &mut taken };
        entering.sit_down(reply, None, (Some(guest.permit), guest.secret))
    }

    /// The member of this room that a token is of.
    pub fn find(&self, room: &RoomName, token: &Token) -> Result<Arc<Seat>, Trouble> {
        let seat = lock(&self.taken).get(&token.peer).cloned();
        let seat = seat.filter(|seat| seat.who.room == *room && seat.token == *token);
        let seat = seat.ok_or(Trouble::BadToken)?;
        if lock(&seat.newest).has_left { Err(Trouble::Left) } else { Ok(seat) }
    }

    /// The session of a stream is over, unless a newer stream goes on with it.
    pub fn free(&self, seat: &Seat, connection: ConnectionId) {
        let mut taken = lock(&self.taken);
        if seat.is_served_by(connection) {
            taken.remove(&seat.who.peer);
        }
    }

    fn permit(&self, address: Option<IpAddr>) -> Result<Permit, Trouble> {
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let permit = self.gate.enter(address).filter(|permit| !permit.over_limit());
        permit.ok_or(Trouble::TooManyStreams)
    }
}

impl Seat {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// New credentials for the member, when they are due. A session that many short streams serve has one due time.
    pub fn renew_ice(&self, rooms: &RoomsDriver, line: &Line) {
        lock(&self.ice).handle_timeout(rooms, line, Instant::now());
    }

    /// Its member has left by a POST, which the stream doesn't know yet.
    pub fn leave(&self) {
        let mut newest = lock(&self.newest);
        newest.has_left = true;
        newest.outbox.close(Close::Left);
    }

    pub fn is_served_by(&self, connection: ConnectionId) -> bool {
        lock(&self.newest).connection == connection
    }

    fn serve(&self, line: &Line) {
        let mut newest = lock(&self.newest);
        newest.connection = line.id.connection;
        newest.outbox = Arc::clone(&line.outbox);
    }
}

/// One request that comes in, with the table in its hands.
struct Entering<'a> {
    seats: &'a Seats,
    rooms: &'a RoomsDriver,
    line: &'a Line,
    taken: &'a mut Taken,
}

impl Entering<'_> {
    fn call(&self) -> Call {
        Call { connection: self.line.id.connection, request: None }
    }

    fn has_left(&self, peer: PeerId) -> bool {
        self.taken.get(&peer).is_some_and(|seat| lock(&seat.newest).has_left)
    }

    fn resume(
        &mut self,
        entrance: &Entrance,
        last_event: &Result<EventId, Problem>,
    ) -> Result<Seated, Trouble> {
        let id = last_event.as_ref().map_err(Clone::clone)?;
        let call = self.call();
        match self.ask(Ask::Resume(call, entrance.resume(*id)), Some(*id))? {
            Asked::Seated(seated) => Ok(seated),
            Asked::Waiting(_) => Err(Trouble::Internal), // Who is in does not wait.
        }
    }

    fn ask(&mut self, ask: Ask, came_with: Option<EventId>) -> Result<Asked, Trouble> {
        let known = came_with.is_some_and(|id| self.taken.contains_key(&id.peer));
        let permit = if known { None } else { Some(self.seats.permit(self.line.from)?) };
        let secret = self.rooms.draw_secret().map_err(|_| Trouble::Internal)?;
        let reply = self.rooms.ask(self.line, ask).into_iter().next().ok_or(Trouble::Internal)?;
        let reply = reply.map_err(Problem::Refused)?;
        if let Reply::Waiting(waiting) = reply {
            let permit = permit.ok_or(Trouble::Internal)?;
            return Ok(Asked::Waiting(Guest { waiting, permit, secret }));
        }
        self.sit_down(&reply, came_with, (permit, secret)).map(Asked::Seated)
    }

    fn sit_down(
        &mut self,
        reply: &Reply,
        came_with: Option<EventId>,
        (permit, secret): (Option<Permit>, Secret),
    ) -> Result<Seated, Trouble> {
        let known = came_with.is_some_and(|id| self.taken.contains_key(&id.peer));
        let (who, has_news) = entered(reply).ok_or(Trouble::Internal)?;
        let seat = match self.taken.get(&who.peer) {
            Some(seat) => Arc::clone(seat),
            None => {
                let permit = permit.map_or_else(|| self.seats.permit(self.line.from), Ok)?;
                let seat = Arc::new(self.new_seat(who, secret, permit));
                self.taken.insert(seat.who.peer, Arc::clone(&seat));
                seat
            }
        };
        seat.serve(self.line);
        if !known {
            lock(&seat.ice).handle_reply(self.rooms, reply, Instant::now());
        }
        let ice = self.rooms.ice(seat.who.peer, self.line.outbox.came_in_at());
        let (first, tail) =
            encode_entered(reply, came_with, seat.token, &ice).ok_or(Trouble::Internal)?;
        Ok(Seated { seat, first: first.to_vec(), tail, has_news })
    }

    fn new_seat(&self, who: MemberRef, secret: Secret, permit: Permit) -> Seat {
        let (per_second, burst) = self.seats.rate;
        let rate = Bucket::new(per_second, burst, Instant::now());
        let (connection, outbox) = (self.line.id.connection, Arc::clone(&self.line.outbox));
        Seat {
            token: Token { peer: who.peer, secret },
            who,
            desk: Mutex::new(Desk { rate, answered: Answered::default() }),
            ice: Mutex::default(),
            newest: Mutex::new(Newest { connection, outbox, has_left: false }),
            _permit: permit,
        }
    }
}

/// Who has entered, and whether there is something to tell at once.
fn entered(reply: &Reply) -> Option<(MemberRef, bool)> {
    match reply {
        Reply::Joined(joined) => {
            Some((MemberRef { room: joined.room.clone(), peer: joined.peer }, true))
        }
        Reply::Resumed(resumed) => {
            let who = MemberRef { room: resumed.room.clone(), peer: resumed.peer };
            Some((who, resumed.replayed > 0))
        }
        Reply::Waiting(_)
        | Reply::Done { .. }
        | Reply::Left
        | Reply::Presence(_)
        | Reply::Pong { .. } => None,
    }
}

/// Nothing is left half done under any of these locks, so a panic elsewhere doesn't spoil what they hold.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
