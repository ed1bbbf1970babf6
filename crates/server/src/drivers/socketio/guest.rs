//! One Socket.IO client over one session: between its namespaces and the rooms.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_dialects::socketio::engine::{Closed, Message, Transport};
use parlor_dialects::socketio::member::Member;
use parlor_dialects::socketio::packet::Namespace;
use parlor_dialects::socketio::rtcmulticonnection::Handshake;
use parlor_dialects::socketio::session::{Comeback, Output as Said, Session, Settings};
use parlor_dialects::{Ask, Close, Dialect, Heard, JoinToken};
use parlor_rooms::{PeerId, Timestamp, Unadmitted};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::SocketIo;
use super::places::Left;
use super::socket::{AT_ONCE, Socket};
use crate::auth::wall_clock;
use crate::drivers::rooms::{Line, Portion};
use crate::metrics::{self, CountedSession, Direction};
use crate::transports::engineio::guest::{Arrival, Guest, Output, Pulled};
use crate::transports::shown;

/// Taken in at once, at most: what comes of it is written in one go.
const PORTION: Portion = Portion { things: 256, bytes: 64 * 1024 };

pub struct RoomsGuest {
    home: Arc<SocketIo>,
    sid: String,
    wake: Arc<Notify>,
    from: IpAddr,
    /// What the client has shown when it connected, for namespaces that it enters without another.
    token: Option<JoinToken>,
    session: Session,
    sockets: BTreeMap<Namespace, Socket>,
    /// Those who want to go on where another session has them still.
    coming_back: Vec<(Namespace, Comeback)>,
    recovery: bool,
    /// What the address says, if it is one of RTCMultiConnection's.
    handshake: Option<Handshake>,
    outputs: VecDeque<Output>,
    counted: CountedSession,
    /// Emptied where it is filled; it keeps its memory in between.
    heard: Vec<Heard>,
}

impl RoomsGuest {
    pub fn new(home: Arc<SocketIo>, arrival: Arrival<'_>, recovery: bool) -> Self {
        let settings = Settings { recovery, ..Settings::default() };
        Self {
            home,
            sid: arrival.sid.into(),
            wake: arrival.wake,
            from: arrival.from,
            token: shown::token(arrival.headers, arrival.query),
            session: Session::new(settings, arrival.now),
            sockets: BTreeMap::new(),
            coming_back: Vec::new(),
            recovery,
            handshake: Handshake::read(arrival.query),
            outputs: VecDeque::new(),
            counted: CountedSession::default(),
            heard: Vec::new(),
        }
    }

    fn settle(&mut self, now: Timestamp) {
        while let Some(said) = self.session.poll_output() {
            match said {
                Said::Send(message) => {
                    metrics::passed(Dialect::SocketIo, Direction::Out, 1, message.len());
                    self.outputs.push_back(Output::Send(message));
                }
                Said::Connect { namespace, auth, comeback } => {
                    self.admit((namespace, auth.as_deref()), comeback, now);
                }
                Said::Event { namespace, id, name, args } => {
                    let socket = self.sockets.get_mut(&namespace);
                    socket.into_iter().for_each(|s| s.member.handle_event(id, &name, &args));
                    self.settle_socket(&namespace);
                }
                // Nobody is asked anything by rooms.
                Said::Answered { .. } | Said::Unanswered { .. } => {}
                Said::Disconnected(namespace) => self.remove(&namespace),
                Said::Close => self.outputs.push_back(Output::Close),
            }
        }
    }

    /// Does what a socket's member wants done, until it wants nothing more.
    fn settle_socket(&mut self, namespace: &Namespace) {
        if let Some(socket) = self.sockets.get_mut(namespace) {
            socket.settle_and_hear(&mut self.session, &self.home);
        }
    }

    /// `false`: it is more than an event that is only told on.
    fn relay(&mut self, text: &str) -> bool {
        let Some(event) = self.session.read_plain(text) else { return false };
        let Some(socket) = self.sockets.get_mut(event.namespace) else { return false };
        let Some(ask) = socket.member.relay(&event) else { return false };
        let is_silent = ask.0.request.is_none();
        socket.said.push(ask);
        if !is_silent || socket.said.len() >= AT_ONCE {
            socket.carry_out(&self.home);
        }
        if !is_silent {
            socket.settle_and_hear(&mut self.session, &self.home);
        }
        true
    }

    /// Takes in what waits for its sockets, as much as a portion has room for. Which of them is closed, and why.
    fn take_in_all(&mut self, most: &mut Portion) -> (bool, Option<(Namespace, Close)>) {
        let mut any = false;
        for (namespace, socket) in &mut self.sockets {
            let closed = socket.line.outbox.take_all_heard(most, &mut self.heard);
            any |= !self.heard.is_empty();
            for heard in self.heard.drain(..) {
                socket.tell(heard, &mut self.session, &self.home);
            }
            if let Some(why) = closed {
                return (true, Some((namespace.clone(), why)));
            }
        }
        (any, None)
    }

    fn admit(
        &mut self,
        (namespace, auth): (Namespace, Option<&str>),
        comeback: Option<Comeback>,
        now: Timestamp,
    ) {
        if !self.home.rooms.speaks(Dialect::SocketIo) {
            const DATA: &str = r#"{"code":"dialect-off","hint":"The setting dialects.socketio of the server turns it on."}"#;
            let message = "Socket.IO is not spoken by this server";
            return self.session.refuse(&namespace, message, Some(DATA));
        }
        let token = auth.and_then(token_in).or_else(|| self.token.clone());
        if let Err(why) = self.look_at(token.as_ref()) {
            let data = json!({ "code": why.code(), "hint": why.hint() }).to_string();
            return self.session.refuse(&namespace, &why.to_string(), Some(&data));
        }
        self.token = token;
        let Some(comeback) = comeback.filter(|_| self.recovery) else {
            return self.accept(&namespace);
        };
        let elsewhere = self.home.places().session_of(&comeback.pid).map(str::to_owned);
        match elsewhere {
            Some(sid) if sid != self.sid => {
                self.coming_back.push((namespace, comeback));
                self.outputs.push_back(Output::Recall(sid));
            }
            Some(_) | None => self.recover(&namespace, &comeback, now),
        }
    }

    /// A token that is no good is better told of before the client believes that it is in. For which rooms it is good they tell.
    fn look_at(&self, token: Option<&JoinToken>) -> Result<(), Unadmitted> {
        let auth = &self.home.auth;
        match token {
            Some(token) if auth.proves_identity() => {
                let judged =
                    auth.unless_too_many(Some(self.from), || auth.check(token, wall_clock()));
                judged.map(|_| ())
            }
            None if !auth.has_open_rooms() => Err(Unadmitted::Missing),
            Some(_) | None => Ok(()),
        }
    }

    fn accept(&mut self, namespace: &Namespace) {
        let (Some(line), Some(pid)) = (self.open_line(None), fresh_secret()) else {
            return self.outputs.push_back(Output::Close);
        };
        let pid = self.recovery.then_some(pid);
        let handshake = self.handshake.clone().filter(|_| namespace.is_main());
        let member = Member::new(line.id, namespace.clone(), handshake);
        self.session.accept(namespace, &member.peer().to_string(), pid.as_deref());
        self.seat(Socket { namespace: namespace.clone(), said: Vec::new(), member, line, pid });
    }

    /// Goes on where the client was cut off, or begins anew.
    fn recover(&mut self, namespace: &Namespace, comeback: &Comeback, now: Timestamp) {
        let left = self.home.places().take(&comeback.pid, namespace, now);
        let Some(Left { kept, mut member, .. }) = left else { return self.accept(namespace) };
        let Some(line) = self.open_line(Some(member.peer())) else {
            return self.outputs.push_back(Output::Close);
        };
        for ask in member.resume(line.id) {
            self.home.rooms.ask(&line, ask);
        }
        let heard: Vec<Heard> = std::iter::from_fn(|| line.outbox.take_heard()).collect();
        let known = member.handle_resumed(&heard).is_ok();
        if !known || self.session.recover(namespace, kept, comeback).is_err() {
            self.dismiss(Socket {
                namespace: namespace.clone(),
                said: Vec::new(),
                member,
                line,
                pid: None,
            });
            return self.accept(namespace);
        }
        heard.iter().for_each(|heard| member.handle_heard(heard));
        let pid = Some(comeback.pid.clone());
        self.seat(Socket { namespace: namespace.clone(), said: Vec::new(), member, line, pid });
    }

    fn seat(&mut self, socket: Socket) {
        let namespace = socket.namespace.clone();
        if let Some(pid) = &socket.pid {
            self.home.places().enter(pid, &self.sid);
        }
        self.sockets.insert(namespace.clone(), socket);
        self.settle_socket(&namespace);
    }

    fn open_line(&self, peer: Option<PeerId>) -> Option<Line> {
        let mut line = self.home.rooms.open_line_of(peer, Arc::clone(&self.wake)).ok()?;
        (line.from, line.token) = (Some(self.from), self.token.clone());
        line.outbox.speak(Dialect::SocketIo);
        Some(line)
    }

    fn remove(&mut self, namespace: &Namespace) {
        if let Some(socket) = self.sockets.remove(namespace) {
            self.dismiss(socket);
        }
    }

    fn dismiss(&self, mut socket: Socket) {
        let leaves: Vec<Ask> = socket.member.leave_all();
        for leave in leaves {
            self.home.rooms.ask(&socket.line, leave);
        }
        self.home.rooms.disconnect(socket.line.id.connection);
        if let Some(pid) = &socket.pid {
            self.home.places().leave(pid);
        }
    }

    /// The rooms closed a socket: a newer one of the same identity serves its member, or it read too slowly.
    fn handle_line_closed(&mut self, namespace: &Namespace, why: Close, now: Timestamp) {
        self.remove(namespace);
        if matches!(why, Close::Replaced | Close::Removed | Close::RoomEnded | Close::Expired) {
            self.session.dismiss(namespace, now);
            self.settle(now);
        } else {
            self.outputs.push_back(Output::Close);
        }
    }

    /// The connection was cut: what was on its way is kept with the rest.
    fn keep_places(mut self, now: Timestamp) {
        let namespaces: Vec<Namespace> = self.sockets.keys().cloned().collect();
        for namespace in &namespaces {
            while self.take_in(namespace) {}
        }
        let kept = self.session.into_kept();
        for (namespace, kept) in kept {
            let Some(Socket { member, line, .. }) = self.sockets.remove(&namespace) else {
                continue;
            };
            self.home.rooms.disconnect(line.id.connection);
            self.home.places().keep(Left { namespace, kept, member }, now);
        }
        let home = self.home;
        for (_, mut socket) in self.sockets {
            for leave in socket.member.leave_all() {
                home.rooms.ask(&socket.line, leave);
            }
            home.rooms.disconnect(socket.line.id.connection);
        }
    }

    fn take_in(&mut self, namespace: &Namespace) -> bool {
        let Some(socket) = self.sockets.get_mut(namespace) else { return false };
        let Some(heard) = socket.line.outbox.take_heard() else { return false };
        socket.member.handle_heard(&heard);
        self.settle_socket(namespace);
        true
    }
}

impl Guest for RoomsGuest {
    fn handle_message(&mut self, message: Message, now: Timestamp) {
        metrics::passed(Dialect::SocketIo, Direction::In, 1, message.len());
        self.session.handle_message(message, now);
        self.settle(now);
    }

    fn handle_text(&mut self, text: &str, now: Timestamp) {
        if self.relay(text) {
            metrics::passed(Dialect::SocketIo, Direction::In, 1, text.len());
            self.settle(now);
        } else {
            self.carry_out();
            self.handle_message(Message::Text(text.into()), now);
        }
    }

    fn carry_out(&mut self) {
        self.sockets.values_mut().for_each(|socket| socket.carry_out(&self.home));
    }

    fn handle_pinged(&mut self) {
        self.session.handle_pinged();
    }

    fn handle_transport(&mut self, transport: Transport) {
        self.counted.follow(transport);
    }

    fn wants_confirmation(&self) -> bool {
        self.session.wants_confirmation()
    }

    fn handle_confirmed(&mut self, now: Timestamp) {
        self.session.handle_confirmed();
        let namespaces: Vec<Namespace> = self.sockets.keys().cloned().collect();
        for namespace in namespaces {
            self.sockets.get_mut(&namespace).into_iter().for_each(|s| s.member.acknowledge_rooms());
            self.settle_socket(&namespace);
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.session.handle_timeout(now);
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.session.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn pull(&mut self, now: Timestamp) -> Pulled {
        let mut most = PORTION;
        let (any, closed) = self.take_in_all(&mut most);
        if let Some((namespace, why)) = closed {
            self.handle_line_closed(&namespace, why, now);
        } else if !any {
            return Pulled::Nothing;
        }
        self.settle(now);
        if most.has_room() { Pulled::All } else { Pulled::Portion }
    }

    fn has_given_up(&self) -> bool {
        let slow = |socket: &Socket| socket.line.outbox.closing() == Some(Close::SlowConsumer);
        self.sockets.values().any(slow)
    }

    fn handle_recalled(&mut self, now: Timestamp) {
        for (namespace, comeback) in std::mem::take(&mut self.coming_back) {
            self.recover(&namespace, &comeback, now);
        }
        self.settle(now);
    }

    fn handle_closed(mut self: Box<Self>, why: Closed, now: Timestamp) {
        self.carry_out();
        if why.by_accident() {
            return self.keep_places(now);
        }
        let mut guest = *self;
        for (_, socket) in std::mem::take(&mut guest.sockets) {
            guest.dismiss(socket);
        }
    }
}

/// As `io(url, { auth: { token } })` sends it.
fn token_in(auth: &str) -> Option<JoinToken> {
    let auth: Value = serde_json::from_str(auth).ok()?;
    JoinToken::new(auth.get("token")?.as_str()?)
}

/// 18 bytes of entropy as 24 letters.
fn fresh_secret() -> Option<String> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}
