//! Plays each thing that happens to the rooms and to the reference, and compares all that comes out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parlor_rooms::{
    AddressKey, Admission, Attributes, Body, Call, Command, ConnectionId, Counters, Delivery,
    DisplayName, DuplicateIdentity, Entry, Event, Fresh, Identity, Join, Json, Limits, MemberRef,
    Moderation, Nonce, OnDisconnect, Output, PeerId, RequestId, Resume, RoomName, Rooms, Rules,
    RulesChange, Secret, Seq, Signal, Source, Targets, Timestamp, Update, Whom,
};

use super::client::{Client, ENTERING, Request, Session, frame};
use super::op::{Act, CLIENTS, Key, Op, Setup, Since, Standing, What};
use super::reference::Reference;

pub struct World {
    limits: Limits,
    engine: Rooms,
    reference: Reference,
    now: Timestamp,
    clients: Vec<Client>,
    /// Connections that their clients have given up and the server has not.
    half_open: Vec<ConnectionId>,
    /// Connections that were given up before anything that was sent over them arrived.
    abandoned: Vec<(u8, ConnectionId)>,
    connections: u64,
    drawn: u64,
    /// Requests so far; the text of each is its number.
    tokens: usize,
    /// What the server says of each client.
    standings: [Standing; CLIENTS as usize],
    rules: Arc<Rules>,
    /// What came of each request, by its text.
    came_out: BTreeMap<String, Arc<Event>>,
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let policies =
            [DuplicateIdentity::Allow, DuplicateIdentity::Replace, DuplicateIdentity::Reject];
        let limits = Limits {
            duplicate_identity: policies[usize::from(setup.policy)],
            log_events: setup.log_events,
            history_messages: setup.history_messages,
            max_members: setup.max_members,
            max_rooms: setup.max_rooms,
            ..Limits::default()
        };
        Self {
            engine: Rooms::new(limits.clone()),
            reference: Reference::new(limits.clone()),
            limits,
            now: Timestamp(1_767_225_600_000),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
            half_open: Vec::new(),
            abandoned: Vec::new(),
            connections: 0,
            drawn: 0,
            tokens: 0,
            came_out: BTreeMap::new(),
            standings: [Standing::default(); CLIENTS as usize],
            rules: Rules {
                waiting_room: setup.waiting_room,
                creator_owns: setup.creator_owns,
                ..Rules::default()
            }
            .into(),
        }
    }

    pub fn play(&mut self, op: Op) {
        match op {
            Op::Join { client, room, keeps, nonce, identity, standing } => {
                self.read_all(client);
                self.standings[usize::from(client)] = standing;
                self.join(client, Wish { room, keeps, nonce, identity });
            }
            Op::Moderate { client, act, target } => {
                self.read_all(client);
                let moderation = self.moderation(act, target);
                self.ask(client, Command::Moderate(moderation));
            }
            Op::Order { room, act, target } => {
                let (room, moderation) = (room_name(room), self.moderation(act, target));
                let done = self.engine.handle_moderation(&room, moderation.clone(), self.now);
                assert_eq!(done, self.reference.order(&room, moderation, self.now));
                self.settle();
            }
            Op::Request { client, what, target } => {
                self.read_all(client);
                self.request(client, what, target);
            }
            Op::Deafen { client } => self.client(client).is_deaf = true,
            Op::Repeat { client, answered } => {
                self.read_all(client);
                self.repeat(client, answered);
            }
            Op::Stale { client, back } => {
                self.read_all(client);
                self.stale(client, back);
            }
            Op::Ack { client } => {
                self.read_all(client);
                self.ack(client);
            }
            Op::Ping { client } => self.ping(client),
            Op::Presence { room } => {
                let call = Call { connection: ConnectionId(0), request: RequestId::new(1) };
                self.engine.handle_presence(call, room_name(room));
                self.reference.presence(call, room_name(room));
                self.settle();
            }
            Op::Cut { client, read } => self.cut(client, read),
            Op::HalfOpen { client, read } => self.give_up(client, read),
            Op::Notice => self.notice(),
            Op::Resume { client, secret, since } => {
                self.read_all(client);
                self.resume(client, secret, since);
            }
            Op::Late { client, secret, joins } => self.late(client, secret, joins),
            Op::Pass { seconds } => self.pass(Duration::from_secs(u64::from(seconds))),
        }
    }

    /// Everybody who can comes back and gets everything; then everybody leaves, and nothing remains.
    pub fn end(&mut self) {
        for client in 0..CLIENTS {
            self.read_all(client);
            self.cut(client, 0);
            self.resume(client, Key::Right, Since::Right);
            self.read_all(client);
            self.repeat(client, false);
            self.read_all(client);
            let client = self.client(client);
            let refused = client.connection.is_none(); // Only one that cheated, says the client.
            assert!(refused || client.requests.is_empty(), "a request is never answered");
        }
        for client in 0..CLIENTS {
            self.read_all(client);
            self.cut(client, 0);
        }
        self.notice();
        self.pass(self.limits.grace);
        self.pass(self.limits.empty_grace);
        let counters = Counters { bars: 0, ..self.engine.counters() };
        assert_eq!(counters, Counters::default());
        assert_eq!(self.engine.poll_timeout(), None);
    }

    fn join(&mut self, number: u8, wish: Wish) {
        if self.client(number).session.is_some() && self.client(number).connection.is_none() {
            return; // It would resume.
        }
        if self.client(number).connection.is_some_and(|line| self.reference.waits(line)) {
            return; // It has asked.
        }
        let again = self.client(number).joining.take().filter(|join| join.nonce.is_some());
        let join = again.unwrap_or_else(|| self.wished(number, wish));
        let fresh = self.draw();
        let connection = match self.client(number).connection {
            Some(connection) => connection,
            None => self.connect(number),
        };
        let client = self.client(number);
        let mut join = join;
        match &client.session {
            Some(session) => join.room = session.who.room.clone(),
            None => {
                client.joining = Some(join.clone());
                client.last_join = Some(join.clone());
            }
        }
        if client.is_deaf {
            return;
        }
        let call = Call { connection, request: RequestId::new(ENTERING) };
        let entry = Entry { join, admission: self.admission(number), fresh };
        self.engine.handle_join(call, entry.clone(), self.now);
        self.reference.join(call, entry, self.now);
        self.settle();
    }

    fn admission(&self, number: u8) -> Admission {
        let standing = self.standings[usize::from(number)];
        Admission {
            role: standing.role,
            hidden: standing.hidden,
            address: Some(AddressKey([number; 16])),
            rules: self.rules.clone(),
            ..Admission::default()
        }
    }

    fn wished(&mut self, number: u8, wish: Wish) -> Join {
        self.drawn += 1;
        let nonce = format!("the nonce of number {}", self.drawn);
        let person = |number| Identity::parse(&format!("person {number}")).unwrap();
        let keep = if wish.keeps { OnDisconnect::Keep } else { OnDisconnect::Leave };
        Join {
            room: room_name(wish.room),
            name: DisplayName::parse(&format!("client {number}")).unwrap(),
            attributes: Attributes::default(),
            identity: (wish.identity > 1).then(|| person(wish.identity)),
            nonce: wish.nonce.then(|| Nonce::parse(&nonce).unwrap()),
            alias: None,
            capacity: None,
            on_disconnect: keep,
        }
    }

    fn request(&mut self, number: u8, what: What, target: u8) {
        self.tokens += 1;
        let command = self.command(what, target);
        if matches!(what, What::ChatWithoutId) {
            return self.send(number, None, command);
        }
        self.ask(number, command);
    }

    /// Under an id, so that it can be repeated.
    fn ask(&mut self, number: u8, command: Command) {
        let client = self.client(number);
        if client.session.is_none() || client.connection.is_none() {
            return;
        }
        client.last_id += 1;
        let request = Request { id: client.last_id, command: command.clone() };
        let id = RequestId::new(request.id);
        client.requests.push_back(request);
        self.send(number, id, command);
    }

    fn command(&self, what: What, target: u8) -> Command {
        let text = self.tokens.to_string();
        let peer = |number: u8| {
            let session = self.clients[usize::from(number % CLIENTS)].session.as_ref();
            session.map_or(PeerId::from_entropy([0; 16]), |session| session.who.peer)
        };
        let one = Targets::Peers(vec![peer(target)]);
        let some = Targets::Peers(vec![peer(target), peer(target / 4), peer(target)]);
        let message =
            |to, delivery| Command::Message { to, data: Json::from_checked(&text), delivery };
        match what {
            What::Chat | What::ChatWithoutId => {
                Command::Chat { text: text.as_str().into(), key: None }
            }
            What::ToOthers => message(Targets::Others, Delivery::Reliable),
            What::ToSome => message(some, Delivery::Reliable),
            What::VolatileToOthers => message(Targets::Others, Delivery::Volatile),
            What::VolatileToOne => message(one, Delivery::Volatile),
            What::Offer => Command::Signal { to: one, signal: Signal::Offer(text.as_str().into()) },
            What::Update => {
                let value = (!target.is_multiple_of(3)).then(|| text.as_str().into());
                let key = format!("key {}", target % 4);
                Command::Update(Update { name: None, attributes: vec![(key.into(), value)] })
            }
            What::Leave => Command::Leave,
            What::Publish => {
                let source = Source::EVERY[usize::from(target % 3)];
                Command::Publish { source, muted: target / 4 % 2 == 1 }
            }
            What::Unpublish => Command::Unpublish(Source::EVERY[usize::from(target % 3)]),
            What::Hand => Command::RaiseHand(!target.is_multiple_of(3)),
        }
    }

    fn moderation(&self, act: Act, target: u8) -> Moderation {
        let client = usize::from(target % CLIENTS);
        let session = self.clients[client].session.as_ref().map(|session| session.who.peer);
        // Who waits has no session; those who moderate know the address.
        let knocking = self.reference.knocking(AddressKey([target % CLIENTS; 16]));
        let peer = knocking.or(session).unwrap_or(PeerId::from_entropy([0; 16]));
        let permissions = self.reference.permissions_of(peer);
        let rules = |change| Moderation::SetRules(change);
        let no_change = RulesChange::default();
        match act {
            Act::Remove => Moderation::Remove { peer, ban: None },
            Act::Ban => Moderation::Remove { peer, ban: Some(Duration::from_secs(60)) },
            Act::MuteAll => Moderation::Mute { whom: Whom::Others, source: Source::Microphone },
            Act::Raise(role) => Moderation::SetRole { peer, role },
            Act::Permit(one) => {
                Moderation::SetPermissions { peer, permissions: permissions.with(one) }
            }
            Act::Forbid(one) => {
                Moderation::SetPermissions { peer, permissions: permissions.without(one) }
            }
            Act::LowerHand => Moderation::LowerHand { peer },
            Act::Admit => Moderation::Admit { peer },
            Act::Deny => Moderation::Deny { peer },
            Act::Lock(locked) => rules(RulesChange { locked: Some(locked), ..no_change }),
            Act::Guard(waits) => rules(RulesChange { waiting_room: Some(waits), ..no_change }),
            Act::Limit => {
                rules(RulesChange { max_members: Some(Some(usize::from(target % 4))), ..no_change })
            }
            Act::End => Moderation::End,
        }
    }

    fn repeat(&mut self, number: u8, answered: bool) {
        let client = self.client(number);
        let mut requests: Vec<Request> = client.requests.iter().cloned().collect();
        if answered {
            requests = client.answered.iter().cloned().collect();
        }
        for request in requests {
            self.send(number, RequestId::new(request.id), request.command);
        }
    }

    fn stale(&mut self, number: u8, back: u8) {
        if !self.client(number).requests.is_empty() {
            return; // It would speak under the id of a request that is still to be repeated.
        }
        self.tokens += 1;
        let text = self.tokens.to_string();
        let id = self.client(number).last_id.saturating_sub(u64::from(back));
        if let Some(id) = RequestId::new(id) {
            let command = Command::Chat { text: text.as_str().into(), key: None };
            self.send(number, Some(id), command);
        }
    }

    fn send(&mut self, number: u8, request: Option<RequestId>, command: Command) {
        let Some((connection, who)) = self.client(number).line() else { return };
        let call = Call { connection, request };
        self.engine.handle_command(call, &who, command.clone(), self.now);
        self.reference.command(call, &who, command, self.now);
        self.settle();
    }

    fn ack(&mut self, number: u8) {
        let Some((connection, who)) = self.client(number).line() else { return };
        let seq = self.client(number).session.as_ref().map_or(0, Session::seq);
        self.engine.handle_ack(connection, &who, Seq(seq));
        self.reference.ack(connection, &who, seq as usize);
        self.settle();
    }

    fn ping(&mut self, number: u8) {
        let Some((connection, who)) = self.client(number).line() else { return };
        let call = Call { connection, request: None };
        self.engine.handle_ping(call, &who);
        self.reference.ping(call, &who);
        self.settle();
    }

    fn cut(&mut self, number: u8, read: u8) {
        self.read(number, usize::from(read));
        if let Some(connection) = self.client(number).hang_up() {
            self.disconnect(connection);
        }
        self.leave_for_good(number);
    }

    fn give_up(&mut self, number: u8, read: u8) {
        self.read(number, usize::from(read));
        let connection = self.client(number).hang_up();
        self.half_open.extend(connection);
        self.connections += 1;
        self.abandoned.push((number, ConnectionId(self.connections)));
        self.leave_for_good(number);
    }

    fn late(&mut self, number: u8, key: Key, joins: bool) {
        let fresh = self.draw();
        let found = self.abandoned.iter().position(|(client, _)| *client == number);
        let Some((_, connection)) = found.map(|at| self.abandoned.remove(at)) else { return };
        self.half_open.push(connection);
        let call = Call { connection, request: RequestId::new(ENTERING) };
        if let Some(join) = self.client(number).last_join.clone().filter(|_| joins) {
            let entry = Entry { join, admission: self.admission(number), fresh };
            self.engine.handle_join(call, entry.clone(), self.now);
            self.reference.join(call, entry, self.now);
        } else if let Some(session) = &mut self.client(number).session {
            let (member, since) = (session.who.clone(), Some(Seq(session.seq())));
            let resume = Resume { member, secret: session.secret(key), since };
            self.engine.handle_resume(call, &resume, fresh, self.now);
            self.reference.resume(call, &resume, fresh, self.now);
        }
        self.settle();
        self.speak_late(number, connection);
    }

    /// Commands and acknowledgements come late as well.
    fn speak_late(&mut self, number: u8, connection: ConnectionId) {
        self.tokens += 1;
        let Some(session) = &mut self.clients[usize::from(number)].session else { return };
        let (who, seq) = (session.who.clone(), session.seq());
        // To be heard here the client would have to know the answer to what came late.
        session.cheated |= self.reference.is_served_by(&who, connection);
        let text = self.tokens.to_string();
        let chat = Command::Chat { text: text.as_str().into(), key: None };
        let call = Call { connection, request: None };
        self.engine.handle_command(call, &who, chat.clone(), self.now);
        self.reference.command(call, &who, chat, self.now);
        self.engine.handle_ack(connection, &who, Seq(seq));
        self.reference.ack(connection, &who, seq as usize);
        self.settle();
    }

    /// A client that can't resume has no session without its connection.
    fn leave_for_good(&mut self, number: u8) {
        let client = self.client(number);
        if client.session.as_ref().is_some_and(|session| !session.keeps) {
            client.forget();
        }
    }

    fn notice(&mut self) {
        for connection in std::mem::take(&mut self.half_open) {
            self.disconnect(connection);
        }
    }

    fn disconnect(&mut self, connection: ConnectionId) {
        self.engine.handle_disconnect(connection, self.now);
        self.reference.disconnect(connection, self.now);
        self.settle();
    }

    fn resume(&mut self, number: u8, key: Key, since: Since) {
        let drawn = self.draw();
        let Some(session) = &mut self.client(number).session else { return };
        let secret = session.secret(key);
        let has_forgotten = !matches!(since, Since::Right);
        let since = match since {
            Since::Right => Some(session.seq()),
            Since::Older => Some(session.seq().saturating_sub(1)),
            Since::Future => Some(session.seq() + 1_000),
            Since::Nothing => None,
        };
        let resume = Resume { member: session.who.clone(), secret, since: since.map(Seq) };
        if has_forgotten {
            // Who doesn't know what it has doesn't know what it has asked either.
            let client = self.client(number);
            client.requests.clear();
            client.answered = None;
        }
        let before = self.client(number).hang_up();
        self.half_open.extend(before);
        let connection = self.connect(number);
        let call = Call { connection, request: RequestId::new(ENTERING) };
        self.engine.handle_resume(call, &resume, drawn, self.now);
        self.reference.resume(call, &resume, drawn, self.now);
        self.settle();
    }

    fn pass(&mut self, wait: Duration) {
        let end = self.now.after(wait);
        loop {
            let next = self.engine.poll_timeout();
            assert_eq!(next, self.reference.next_deadline());
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.reference.pass(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// Compares all that came out, and puts it on its way.
    fn settle(&mut self) {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.engine.poll_output()).collect();
        assert_eq!(outputs, self.reference.take_outputs());
        let counters = self.engine.counters();
        assert_eq!(counters.rooms, self.reference.rooms());
        assert_eq!(counters.memberships, self.reference.memberships());
        assert_eq!(counters.waiting, self.reference.waiting());
        assert_eq!(counters.log_bytes == 0, self.reference.keeps_nothing());
        for output in &outputs {
            match output {
                Output::Event { to, event } => {
                    self.check_once(event);
                    to.iter().for_each(|to| self.deliver(*to, output));
                }
                Output::Reply { call, .. } => self.deliver(call.connection, output),
                Output::Replaced { connection } => self.replaced(*connection),
                Output::Expelled { connection, is_last, .. } => {
                    assert!(is_last, "nobody here is in two rooms");
                    self.replaced(*connection);
                }
                Output::RoomStarted { .. } | Output::RoomEnded { .. } => {}
            }
        }
    }

    /// A request is carried out once, and what comes of it may only be given again as it was.
    fn check_once(&mut self, event: &Arc<Event>) {
        let text = match &event.body {
            Body::Chat { text, .. } => text.to_string(),
            Body::Message { data, .. } => data.as_str().to_owned(),
            Body::Emitted { args, .. } => args.as_str().to_owned(),
            Body::Offer { sdp, .. } | Body::Answer { sdp, .. } => sdp.to_string(),
            Body::Candidate { candidate, .. } => candidate.as_str().to_owned(),
            Body::MemberJoined(_)
            | Body::MemberLeft { .. }
            | Body::MemberUpdated(_)
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => return,
        };
        if let Some(first) = self.came_out.insert(text, event.clone()) {
            assert_eq!(first, *event, "carried out twice");
            assert!(event.seq.is_some(), "said twice");
        }
    }

    fn deliver(&mut self, to: ConnectionId, output: &Output) {
        let client = self.clients.iter_mut().find(|client| client.connection == Some(to));
        client.into_iter().for_each(|client| client.wire.extend(frame(output)));
    }

    /// The driver closes the connection. Its client, if it still is there, was put out by another.
    fn replaced(&mut self, connection: ConnectionId) {
        self.half_open.retain(|other| *other != connection);
        let served = self.clients.iter_mut().find(|client| client.connection == Some(connection));
        if let Some(client) = served {
            client.hang_up();
            client.forget();
        }
        self.engine.handle_disconnect(connection, self.now);
        assert_eq!(self.engine.poll_output(), None, "a replaced connection serves nobody");
    }

    fn read_all(&mut self, number: u8) {
        self.read(number, usize::MAX);
        self.check_completeness(number);
        let unused = self.client(number).connection.filter(|_| {
            let client = &self.clients[usize::from(number)];
            client.session.is_none() && client.joining.is_none()
        });
        if let Some(connection) = unused {
            self.client(number).hang_up();
            self.disconnect(connection);
        }
    }

    fn read(&mut self, number: u8, count: usize) {
        for done in self.client(number).read(count) {
            if let Command::Chat { text, .. } = done.command {
                assert!(self.came_out.contains_key(&*text), "{text} is answered and not said");
            }
        }
    }

    /// Who has read everything over a working connection has every event meant for it, in order, once.
    fn check_completeness(&self, number: u8) {
        let client = &self.clients[usize::from(number)];
        let (Some(session), Some(connection)) = (&client.session, client.connection) else {
            return;
        };
        if !self.reference.is_served_by(&session.who, connection) {
            return;
        }
        let log = self.reference.log(&session.who.room).iter().skip(session.pictured as usize);
        let meant = log.filter(|entry| entry.meant_for.contains(&session.who.peer));
        let meant: Vec<u64> = meant.filter_map(|entry| Some(entry.event.seq?.0)).collect();
        assert_eq!(session.have, meant, "client {number} has what was meant for it");
    }

    fn connect(&mut self, number: u8) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let client = self.client(number);
        client.hang_up();
        client.connection = Some(connection);
        connection
    }

    fn draw(&mut self) -> Fresh {
        self.drawn += 1;
        let (mut peer, mut secret) = ([1; 16], [1; 24]);
        peer[..8].copy_from_slice(&self.drawn.to_le_bytes());
        secret[..8].copy_from_slice(&self.drawn.to_le_bytes());
        Fresh { peer: PeerId::from_entropy(peer), secret: Secret::from_entropy(secret) }
    }

    fn client(&mut self, number: u8) -> &mut Client {
        &mut self.clients[usize::from(number)]
    }
}

struct Wish {
    room: u8,
    keeps: bool,
    nonce: bool,
    identity: u8,
}

impl Client {
    /// Where what the client sends arrives, and as whom it speaks.
    fn line(&self) -> Option<(ConnectionId, MemberRef)> {
        let session = self.session.as_ref().filter(|_| !self.is_deaf)?;
        Some((self.connection?, session.who.clone()))
    }
}

fn room_name(number: u8) -> RoomName {
    RoomName::parse(&format!("room {number}")).unwrap()
}
