//! One client's side of Socket.IO over one Engine.IO session: its namespaces, acknowledgements and recovery.
//!
//! Whether a client may connect to a namespace, and what an event means, is for the application above to decide.

mod sent;
mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parlor_rooms::Timestamp;

use super::engine::{Message, Text};
use super::packet::{Args, BadPacket, Body, Decoder, Format, Namespace, Packet, Plain, encode};
pub use sent::Spoken;
use sent::Told;
pub use socket::{Comeback, Kept};
use socket::{Credentials, Socket, line};

/// Nobody was seen in more than three.
const MAX_NAMESPACES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a client may be connected to no namespace.
    pub connect_timeout: Duration,
    /// Of one packet with all its attachments.
    pub max_packet_bytes: usize,
    /// Whether sockets can be recovered. Clients that know of it find an offset behind the last argument.
    pub recovery: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(45),
            max_packet_bytes: 1_000_000,
            recovery: true,
        }
    }
}

/// What the driver is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Send(Message),
    /// Is to be answered by [`Session::accept`], [`Session::recover`] or [`Session::refuse`].
    Connect {
        namespace: Namespace,
        /// A JSON object.
        auth: Option<Arc<str>>,
        comeback: Option<Comeback>,
    },
    Event {
        namespace: Namespace,
        id: Option<u64>,
        name: Arc<str>,
        args: Args,
    },
    /// The answer to [`Session::ask`].
    Answered {
        namespace: Namespace,
        id: u64,
        args: Args,
    },
    /// Nobody answered in time.
    Unanswered {
        namespace: Namespace,
        id: u64,
    },
    /// The client left this namespace by its own will.
    Disconnected(Namespace),
    /// The connection is to be closed.
    Close,
}

#[derive(Debug)]
pub struct Session {
    settings: Settings,
    decoder: Decoder,
    sockets: BTreeMap<Namespace, State>,
    /// When a client that is in no namespace is closed.
    connect_by: Option<Timestamp>,
    outputs: VecDeque<Output>,
    closed: bool,
}

#[derive(Debug)]
enum State {
    /// The application decides.
    Asking,
    Connected(Socket),
    /// By the server; what the client had sent before it knew is not heard.
    Dismissed,
}

impl Session {
    #[must_use]
    pub fn new(settings: Settings, now: Timestamp) -> Self {
        Self {
            settings,
            decoder: Decoder::new(settings.max_packet_bytes),
            sockets: BTreeMap::new(),
            connect_by: Some(now.after(settings.connect_timeout)),
            outputs: VecDeque::new(),
            closed: false,
        }
    }

    pub fn handle_message(&mut self, message: Message, now: Timestamp) {
        if self.closed {
            return;
        }
        match self.decoder.handle(message) {
            Ok(Some(packet)) => self.handle_packet(packet, now),
            Ok(None) => {}
            Err(BadPacket) => self.close(),
        }
    }

    /// An event of the client, if a text is no more than one and nothing waits before it. `None`: it is to be handled as a message.
    pub fn read_plain<'a>(&mut self, text: &'a str) -> Option<Plain<'a>> {
        if self.closed || !self.outputs.is_empty() {
            return None;
        }
        let plain = self.decoder.read_plain(text)?;
        matches!(self.sockets.get(plain.namespace), Some(State::Connected(_))).then_some(plain)
    }

    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.connect_by.is_some_and(|by| by <= now) {
            self.connect_by = None;
            self.close();
        }
        for (namespace, state) in &mut self.sockets {
            let State::Connected(socket) = state else { continue };
            for id in socket.unanswered(now) {
                let namespace = namespace.clone();
                self.outputs.push_back(Output::Unanswered { namespace, id });
            }
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let answers = self.connected().filter_map(|(_, socket)| socket.poll_timeout());
        answers.chain(self.connect_by).min()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The engine has sent a ping behind everything that was put out so far.
    pub fn handle_pinged(&mut self) {
        self.sockets_mut().for_each(Socket::handle_pinged);
    }

    /// Whether so much is kept that the client should soon show that it has it.
    #[must_use]
    pub fn wants_confirmation(&self) -> bool {
        self.connected().any(|(_, socket)| socket.wants_confirmation())
    }

    /// The client has answered the last ping.
    pub fn handle_confirmed(&mut self) {
        self.sockets_mut().for_each(Socket::handle_confirmed);
    }

    /// Lets the client in. `pid` is a secret; without one the socket can't be recovered.
    pub fn accept(&mut self, namespace: &Namespace, sid: &str, pid: Option<&str>) {
        let pid = pid.filter(|_| self.settings.recovery);
        self.enter(namespace, Socket::new(Credentials::new(sid, pid)));
    }

    /// Lets the client go on where it was cut off. `Err`: too much is gone; it is to be accepted anew.
    pub fn recover(
        &mut self,
        namespace: &Namespace,
        kept: Kept,
        comeback: &Comeback,
    ) -> Result<(), Kept> {
        let (socket, missed) = kept.resume(comeback)?;
        self.enter(namespace, socket);
        for (number, told) in missed {
            match told {
                Told::Spoken(spoken) => self.send_line(line(namespace, Some(number), &*spoken)),
                Told::Packet(packet) => self.send(&packet),
            }
        }
        Ok(())
    }

    /// `message` is for people; `data`, if there is any, is JSON for programs.
    pub fn refuse(&mut self, namespace: &Namespace, message: &str, data: Option<&str>) {
        self.sockets.remove(namespace);
        let message = serde_json::to_string(message).unwrap_or_default();
        let payload = match data {
            Some(data) => format!(r#"{{"message":{message},"data":{data}}}"#),
            None => format!(r#"{{"message":{message}}}"#),
        };
        self.say(namespace, Body::ConnectError(payload.into()));
    }

    /// An event for the client; one that it may have to be sent again after a cut, if it can be recovered.
    pub fn emit(&mut self, namespace: &Namespace, name: Arc<str>, args: Args) {
        let Some(State::Connected(socket)) = self.sockets.get_mut(namespace) else { return };
        let packet = socket.event(namespace, name, args);
        self.send(&packet);
    }

    /// The same for what others are sent too.
    pub fn emit_spoken(&mut self, namespace: &Namespace, spoken: Arc<dyn Spoken>) {
        let Some(State::Connected(socket)) = self.sockets.get_mut(namespace) else { return };
        let line = socket.line(namespace, spoken);
        self.send_line(line);
    }

    /// An event that the client answers. Returns the number that its answer will have.
    pub fn ask(
        &mut self,
        namespace: &Namespace,
        (name, args): (Arc<str>, Args),
        by: Timestamp,
    ) -> Option<u64> {
        let Some(State::Connected(socket)) = self.sockets.get_mut(namespace) else { return None };
        let id = socket.question(by);
        self.say(namespace, Body::Event { id: Some(id), name, args });
        Some(id)
    }

    /// Answers an event that had an `id`.
    pub fn acknowledge(&mut self, namespace: &Namespace, id: u64, args: Args) {
        if matches!(self.sockets.get(namespace), Some(State::Connected(_))) {
            self.say(namespace, Body::Ack { id, args });
        }
    }

    /// Sends the client out of a namespace.
    pub fn dismiss(&mut self, namespace: &Namespace, now: Timestamp) {
        if let Some(state @ State::Connected(_)) = self.sockets.get_mut(namespace) {
            *state = State::Dismissed;
            self.say(namespace, Body::Disconnect);
            self.watch(now);
        }
    }

    /// The connection is gone: what is left of each socket that may be recovered.
    #[must_use]
    pub fn into_kept(self) -> Vec<(Namespace, Kept)> {
        let sockets = self.sockets.into_iter().filter_map(|(namespace, state)| match state {
            State::Connected(socket) => Some((namespace, socket.into_kept()?)),
            State::Asking | State::Dismissed => None,
        });
        sockets.collect()
    }

    fn handle_packet(&mut self, Packet { namespace, body }: Packet, now: Timestamp) {
        match (self.sockets.get_mut(&namespace), body) {
            (None | Some(State::Dismissed), Body::Connect(auth)) => {
                self.ask_to_enter(namespace, auth)
            }
            (Some(State::Dismissed), _) => {}
            (Some(State::Connected(_)), Body::Event { id, name, args }) => {
                self.outputs.push_back(Output::Event { namespace, id, name, args });
            }
            (Some(State::Connected(socket)), Body::Ack { id, args }) => {
                if socket.answered(id) {
                    self.outputs.push_back(Output::Answered { namespace, id, args });
                }
            }
            (Some(State::Connected(_)), Body::Disconnect) => {
                self.sockets.remove(&namespace);
                self.watch(now);
                self.outputs.push_back(Output::Disconnected(namespace));
            }
            // The wrong thing at the wrong time, by the protocol's rules.
            (None | Some(State::Asking | State::Connected(_)), _) => self.close(),
        }
    }

    fn ask_to_enter(&mut self, namespace: Namespace, auth: Option<Arc<str>>) {
        let used = self.sockets.values().filter(|state| !matches!(state, State::Dismissed)).count();
        if used >= MAX_NAMESPACES || self.sockets.len() >= 2 * MAX_NAMESPACES {
            return self.refuse(&namespace, "Too many namespaces", None);
        }
        let comeback = auth.as_deref().and_then(Comeback::read);
        self.sockets.insert(namespace.clone(), State::Asking);
        self.outputs.push_back(Output::Connect { namespace, auth, comeback });
    }

    fn enter(&mut self, namespace: &Namespace, socket: Socket) {
        let greeting = socket.greeting();
        self.sockets.insert(namespace.clone(), State::Connected(socket));
        self.connect_by = None;
        self.say(namespace, Body::Connect(Some(greeting.into())));
    }

    /// A client that is in no namespace any more has as long as one that has just come.
    fn watch(&mut self, now: Timestamp) {
        if self.connected().next().is_none() {
            self.connect_by = Some(now.after(self.settings.connect_timeout));
        }
    }

    fn send_line(&mut self, line: Text) {
        if self.decoder.format() != Some(Format::MessagePack) {
            return self.outputs.push_back(Output::Send(Message::Text(line)));
        }
        // It was written by us: it can be read.
        if let Ok(Some(packet)) = Decoder::new(usize::MAX).handle(Message::Text(line)) {
            self.send(&packet);
        }
    }

    fn say(&mut self, namespace: &Namespace, body: Body) {
        self.send(&Packet { namespace: namespace.clone(), body });
    }

    fn send(&mut self, packet: &Packet) {
        // Nothing is sent to a client that has not spoken, so its format is known.
        let format = self.decoder.format().unwrap_or(Format::Default);
        self.outputs.extend(encode(packet, format).into_iter().map(Output::Send));
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            self.outputs.push_back(Output::Close);
        }
    }

    fn connected(&self) -> impl Iterator<Item = (&Namespace, &Socket)> {
        self.sockets.iter().filter_map(|(namespace, state)| match state {
            State::Connected(socket) => Some((namespace, socket)),
            State::Asking | State::Dismissed => None,
        })
    }

    fn sockets_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.sockets.values_mut().filter_map(|state| match state {
            State::Connected(socket) => Some(socket),
            State::Asking | State::Dismissed => None,
        })
    }
}

#[cfg(test)]
mod tests;
