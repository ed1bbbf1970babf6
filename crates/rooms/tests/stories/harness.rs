//! A house of rooms in virtual time: each thing that happens returns everything that came out, as lines to read.
//!
//! A connection is called by the member who opens it, with a stroke for each further one: `ada`, then `ada'`.
//! The n-th join or resume draws peer and secret number n.

use std::collections::BTreeMap;
use std::time::Duration;

use parlor_rooms::{
    Admission, Attributes, Call, Command, ConnectionId, Counters, DisplayName, Entry, Fresh, Join,
    Limits, MemberRef, Moderation, OnDisconnect, Output, PassId, PeerId, RequestId, Resume,
    RoomName, Rooms, Rules, Secret, Seq, Targets, Timestamp,
};

use crate::told::Told;
pub use crate::words::*;

/// Any moment will do; this one shows in stamps that are not zero by accident.
pub fn epoch() -> Timestamp {
    Timestamp(1_767_225_600_000)
}

pub fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub fn secret(number: u8) -> Secret {
    Secret::from_entropy([number; 24])
}

pub fn peer(number: u8) -> PeerId {
    PeerId::from_entropy([number; 16])
}

pub struct House {
    engine: Rooms,
    /// What the server says of whoever joins next.
    pub admission: Admission,
    /// What only observers hear.
    pub observed: Vec<String>,
    pub now: Timestamp,
    room: RoomName,
    drawn: u8,
    connections: Vec<String>,
    peers: BTreeMap<(RoomName, String), PeerId>,
}

impl House {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        Self {
            engine: Rooms::new(limits),
            admission: Admission::default(),
            observed: Vec::new(),
            now: epoch(),
            room: room("standup"),
            drawn: 0,
            connections: Vec::new(),
            peers: BTreeMap::new(),
        }
    }

    /// Somebody joins for each name; what comes out is not part of the story.
    pub fn of<const N: usize>(names: [&str; N]) -> Self {
        let mut house = Self::new();
        house.enter(names);
        house
    }

    pub fn enter<const N: usize>(&mut self, names: [&str; N]) {
        for name in names {
            self.join(name);
        }
    }

    /// What follows happens in this room.
    pub fn go_to(&mut self, name: &str) {
        self.room = room(name);
    }

    /// A connection is there before anything comes over it: it is older than those that follow.
    pub fn open(&mut self, connection: &str) {
        self.connection(connection);
    }

    pub fn join(&mut self, connection: &str) -> Vec<String> {
        self.join_as(connection, |_| {})
    }

    pub fn join_as(&mut self, connection: &str, change: impl FnOnce(&mut Join)) -> Vec<String> {
        self.join_raw(connection, change);
        self.told()
    }

    /// As [`Self::join_as`], with what comes out as values.
    pub fn join_seen(&mut self, connection: &str, change: impl FnOnce(&mut Join)) -> Vec<Output> {
        self.join_raw(connection, change);
        self.seen()
    }

    fn join_raw(&mut self, connection: &str, change: impl FnOnce(&mut Join)) {
        let mut join = Join {
            room: self.room.clone(),
            name: DisplayName::parse(owner(connection)).unwrap(),
            attributes: Attributes::default(),
            identity: None,
            nonce: None,
            alias: None,
            capacity: None,
            on_disconnect: OnDisconnect::Keep,
        };
        change(&mut join);
        let (call, fresh) = (self.call(connection, 1), self.draw());
        let key = (self.room.clone(), owner(connection).to_owned());
        self.peers.entry(key).or_insert(fresh.peer);
        let entry = Entry { join, admission: self.admission.clone(), fresh };
        self.engine.handle_join(call, entry, self.now);
    }

    /// Resumes the membership of the connection's owner.
    pub fn resume(&mut self, connection: &str, secret: Secret, since: Since) -> Vec<String> {
        let (call, who) = (self.call(connection, 1), self.who(connection));
        self.resume_over(call, who, secret, since)
    }

    pub fn resume_over(
        &mut self,
        call: Call,
        who: MemberRef,
        secret: Secret,
        since: Since,
    ) -> Vec<String> {
        let seen = self.resume_seen(call, who, secret, since);
        self.tell(&seen)
    }

    pub fn resume_seen(
        &mut self,
        call: Call,
        member: MemberRef,
        secret: Secret,
        since: Since,
    ) -> Vec<Output> {
        let since = match since {
            Since::Seq(seq) => Some(Seq(seq)),
            Since::Nothing => None,
        };
        let fresh = self.draw();
        self.engine.handle_resume(call, &Resume { member, secret, since }, fresh, self.now);
        self.seen()
    }

    /// A request with an id.
    pub fn request(&mut self, connection: &str, id: u64, command: Command) -> Vec<String> {
        let call = self.call(connection, id);
        self.command(call, &self.who(connection), command)
    }

    /// A request without an id: answered only when it fails.
    pub fn shout(&mut self, connection: &str, command: Command) -> Vec<String> {
        let call = Call { request: None, ..self.call(connection, 1) };
        self.command(call, &self.who(connection), command)
    }

    pub fn command(&mut self, call: Call, who: &MemberRef, command: Command) -> Vec<String> {
        self.engine.handle_command(call, who, command, self.now);
        self.told()
    }

    pub fn command_seen(&mut self, connection: &str, id: u64, command: Command) -> Vec<Output> {
        let (call, who) = (self.call(connection, id), self.who(connection));
        self.engine.handle_command(call, &who, command, self.now);
        self.seen()
    }

    /// Somebody who moderates, or tries to, does this.
    pub fn moderate(&mut self, connection: &str, moderation: Moderation) -> Vec<String> {
        self.shout(connection, Command::Moderate(moderation))
    }

    /// The operator does this, and hears whether it was done.
    pub fn order(&mut self, moderation: Moderation) -> Vec<String> {
        let done = self.engine.handle_moderation(&self.room, moderation, self.now);
        let mut told = self.told();
        told.extend(done.err().map(|refusal| format!("house: {}", refusal.code())));
        told
    }

    /// The room is there from now on, whoever comes.
    pub fn open_for_good(&mut self, rules: Rules) -> Vec<String> {
        self.engine.handle_open(self.room.clone(), rules, self.now);
        self.told()
    }

    /// Joins as what the server says.
    pub fn join_with(&mut self, connection: &str, admission: Admission) -> Vec<String> {
        let before = std::mem::replace(&mut self.admission, admission);
        let told = self.join(connection);
        self.admission = before;
        told
    }

    pub fn refresh(&mut self, connection: &str, admission: Admission) -> Vec<String> {
        let call = self.call(connection, 1_000);
        self.refresh_over(call, admission)
    }

    pub fn refresh_over(&mut self, call: Call, admission: Admission) -> Vec<String> {
        let connection = self.connections[call.connection.0 as usize].clone();
        let who = self.who(&connection);
        self.engine.handle_refresh(call, &who, admission, self.now);
        self.told()
    }

    pub fn revoke(&mut self, pass: &str) -> Vec<String> {
        self.engine.handle_revocation(&PassId::parse(pass).unwrap(), self.now);
        self.told()
    }

    pub fn peer(&self, name: &str) -> PeerId {
        self.who(name).peer
    }

    /// What the others see of a member.
    pub fn view(&self, name: &str) -> std::sync::Arc<parlor_rooms::MemberView> {
        let members = self.engine.members(&self.room);
        members.into_iter().find(|member| member.peer == self.peer(name)).unwrap()
    }

    pub fn engine(&self) -> &Rooms {
        &self.engine
    }

    pub fn ack(&mut self, connection: &str, seq: u64) -> Vec<String> {
        let (id, who) = (self.connection(connection), self.who(connection));
        self.engine.handle_ack(id, &who, Seq(seq));
        self.told()
    }

    pub fn ping(&mut self, connection: &str) -> Vec<String> {
        let (call, who) = (self.call(connection, 9), self.who(connection));
        self.engine.handle_ping(call, &who);
        self.told()
    }

    /// Asks who is in the room from outside of it.
    pub fn ask_presence(&mut self, connection: &str) -> Vec<String> {
        let (call, room) = (self.call(connection, 1), self.room.clone());
        self.engine.handle_presence(call, room);
        self.told()
    }

    /// The connection breaks.
    pub fn cut(&mut self, connection: &str) -> Vec<String> {
        let id = self.connection(connection);
        self.engine.handle_disconnect(id, self.now);
        self.told()
    }

    /// Lets time pass as a driver does: each timer fires at its moment.
    pub fn pass(&mut self, wait: Duration) -> Vec<String> {
        let end = self.now.after(wait);
        while let Some(at) = self.engine.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
        }
        self.now = end;
        self.told()
    }

    /// Lets time pass without a driver, which then comes once.
    pub fn wake_after(&mut self, wait: Duration) -> Vec<String> {
        self.now = self.now.after(wait);
        self.engine.handle_timeout(self.now);
        self.told()
    }

    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.engine.poll_timeout()
    }

    pub fn who(&self, connection: &str) -> MemberRef {
        let key = (self.room.clone(), owner(connection).to_owned());
        let peer = self.peers.get(&key).copied().unwrap_or(peer(255));
        MemberRef { room: self.room.clone(), peer }
    }

    pub fn to<const N: usize>(&self, names: [&str; N]) -> Targets {
        Targets::Peers(names.iter().map(|name| self.who(name).peer).collect())
    }

    pub fn call(&mut self, connection: &str, id: u64) -> Call {
        Call { connection: self.connection(connection), request: RequestId::new(id) }
    }

    fn connection(&mut self, name: &str) -> ConnectionId {
        let known = self.connections.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.connections.push(name.to_owned());
            self.connections.len() - 1
        });
        ConnectionId(at as u64)
    }

    fn draw(&mut self) -> Fresh {
        self.drawn += 1;
        Fresh { peer: peer(self.drawn), secret: secret(self.drawn) }
    }

    fn told(&mut self) -> Vec<String> {
        let seen = self.seen();
        self.tell(&seen)
    }

    fn tell(&self, seen: &[Output]) -> Vec<String> {
        let told = Told { connections: &self.connections, peers: &self.peers };
        seen.iter().map(|output| told.line(output)).collect()
    }

    /// What goes to clients; the rest is kept in `observed`.
    fn seen(&mut self) -> Vec<Output> {
        let all: Vec<Output> = std::iter::from_fn(|| self.engine.poll_output()).collect();
        let (seen, observed): (Vec<Output>, Vec<Output>) =
            all.into_iter().partition(|output| match output {
                Output::RoomStarted { .. } | Output::RoomEnded { .. } => false,
                Output::Event { to, .. } => !to.is_empty(),
                Output::Reply { .. } | Output::Replaced { .. } | Output::Expelled { .. } => true,
            });
        self.observed.extend(self.tell(&observed));
        seen
    }
}

/// What a resuming client says that it has.
#[derive(Clone, Copy)]
pub enum Since {
    Seq(u64),
    /// As a reloaded page, which knows nothing any more.
    Nothing,
}

fn owner(connection: &str) -> &str {
    connection.trim_end_matches('\'')
}
