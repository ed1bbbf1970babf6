//! One Socket.IO client over one session: between its namespaces and the rooms.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_dialects::socketio::engine::{Closed, Message};
use parlor_dialects::socketio::member::{Member, Step};
use parlor_dialects::socketio::packet::Namespace;
use parlor_dialects::socketio::rtcmulticonnection::Handshake;
use parlor_dialects::socketio::session::{Comeback, Output as Said, Session, Settings};
use parlor_dialects::{Ask, Close, Dialect, Heard};
use parlor_rooms::{PeerId, Timestamp};
use tokio::sync::Notify;

use super::SocketIo;
use super::places::Left;
use crate::drivers::rooms::Line;
use crate::transports::engineio::guest::{Arrival, Guest, Output};

pub struct RoomsGuest {
    home: Arc<SocketIo>,
    sid: String,
    wake: Arc<Notify>,
    session: Session,
    sockets: BTreeMap<Namespace, Socket>,
    /// Those who want to go on where another session has them still.
    coming_back: Vec<(Namespace, Comeback)>,
    recovery: bool,
    /// What the address says, if it is one of RTCMultiConnection's.
    handshake: Option<Handshake>,
    outputs: VecDeque<Output>,
}

/// One namespace.
struct Socket {
    member: Member,
    line: Line,
    pid: Option<String>,
}

impl Socket {
    /// Takes note of all that rooms have put out for it.
    fn hear_all(&mut self) {
        while let Some(heard) = self.line.outbox.take_heard() {
            self.member.handle_heard(&heard);
        }
    }
}

impl RoomsGuest {
    pub fn new(home: Arc<SocketIo>, arrival: Arrival<'_>, recovery: bool) -> Self {
        let settings = Settings { recovery, ..Settings::default() };
        Self {
            home,
            sid: arrival.sid.into(),
            wake: arrival.wake,
            session: Session::new(settings, arrival.now),
            sockets: BTreeMap::new(),
            coming_back: Vec::new(),
            recovery,
            handshake: Handshake::read(arrival.query),
            outputs: VecDeque::new(),
        }
    }

    fn settle(&mut self, now: Timestamp) {
        while let Some(said) = self.session.poll_output() {
            match said {
                Said::Send(message) => self.outputs.push_back(Output::Send(message)),
                Said::Connect { namespace, comeback, .. } => self.admit(namespace, comeback, now),
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
        let Some(socket) = self.sockets.get_mut(namespace) else { return };
        while let Some(step) = socket.member.poll_output() {
            match step {
                Step::Ask(ask) => {
                    self.home.rooms.ask(&socket.line, ask);
                    socket.hear_all();
                }
                Step::Emit { name, args } => self.session.emit(namespace, name, args),
                Step::Acknowledge { id, args } => self.session.acknowledge(namespace, id, args),
            }
        }
    }

    fn admit(&mut self, namespace: Namespace, comeback: Option<Comeback>, now: Timestamp) {
        if !self.home.rooms.speaks(Dialect::SocketIo) {
            const DATA: &str = r#"{"code":"dialect-off","hint":"The setting dialects.socketio of the server turns it on."}"#;
            let message = "Socket.IO is not spoken by this server";
            return self.session.refuse(&namespace, message, Some(DATA));
        }
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

    fn accept(&mut self, namespace: &Namespace) {
        let (Some(line), Some(pid)) = (self.open_line(None), fresh_secret()) else {
            return self.outputs.push_back(Output::Close);
        };
        let pid = self.recovery.then_some(pid);
        let handshake = self.handshake.clone().filter(|_| namespace.is_main());
        let member = Member::new(line.id, namespace.clone(), handshake);
        self.session.accept(namespace, &member.peer().to_string(), pid.as_deref());
        self.seat(namespace, Socket { member, line, pid });
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
            self.dismiss(Socket { member, line, pid: None });
            return self.accept(namespace);
        }
        heard.iter().for_each(|heard| member.handle_heard(heard));
        self.seat(namespace, Socket { member, line, pid: Some(comeback.pid.clone()) });
    }

    fn seat(&mut self, namespace: &Namespace, socket: Socket) {
        if let Some(pid) = &socket.pid {
            self.home.places().enter(pid, &self.sid);
        }
        self.sockets.insert(namespace.clone(), socket);
        self.settle_socket(namespace);
    }

    fn open_line(&self, peer: Option<PeerId>) -> Option<Line> {
        let line = self.home.rooms.open_line_of(peer, Arc::clone(&self.wake)).ok()?;
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
        if why == Close::Replaced {
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
        self.session.handle_message(message, now);
        self.settle(now);
    }

    fn handle_pinged(&mut self) {
        self.session.handle_pinged();
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

    fn pull(&mut self, now: Timestamp) -> bool {
        let ready = self.sockets.iter().find_map(|(namespace, socket)| {
            let outbox = &socket.line.outbox;
            let why = outbox.closing();
            (why.is_some() || outbox.has_heard()).then(|| (namespace.clone(), why))
        });
        match ready {
            Some((namespace, Some(why))) => self.handle_line_closed(&namespace, why, now),
            Some((namespace, None)) => _ = self.take_in(&namespace),
            None => return false,
        }
        self.settle(now);
        true
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

    fn handle_closed(self: Box<Self>, why: Closed, now: Timestamp) {
        if why.by_accident() {
            return self.keep_places(now);
        }
        let mut guest = *self;
        for (_, socket) in std::mem::take(&mut guest.sockets) {
            guest.dismiss(socket);
        }
    }
}

/// 18 bytes of entropy as 24 letters.
fn fresh_secret() -> Option<String> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}
