//! TCP connections to peers (RFC 6062): Connect, ConnectionBind, ConnectionAttempt.

use parlor_rooms::Timestamp;
use stun_types::message::TransactionId;

use super::Turn;
use super::lifetimes::Deadline;
use super::requests::{Answer, Call, MAX_REPLY};
use crate::address::PeerAddr;
use crate::allocation::{Protocol, Socket};
use crate::ids::{AllocationId, Arrival, PeerConnection};
use crate::output::Output;
use crate::ports::Owner;
use crate::refusal::Refusal;
use crate::settings::Limits;
use crate::wire::reply::{self, Question, Success};

pub(super) struct Connection {
    allocation: AllocationId,
    peer: PeerAddr,
    /// The Connect that asked for it, which may come again; `None`: the peer came by itself.
    asked_by: Option<TransactionId>,
    stage: Stage,
    /// When it is given up, unless it is joined.
    deadline: Timestamp,
}

enum Stage {
    /// The peer has not answered yet.
    Connecting(Box<Question>),
    /// The client has not bound it yet.
    Waiting,
    Joined,
}

impl Turn {
    pub(super) fn connect(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let id = self.allocation_of(call)?;
        self.check_protocol(id, Protocol::Tcp)?;
        let peer = call.message.attributes.peer.ok_or(Refusal::BadRequest)?;
        if peer.0.port() == 0 {
            return Err(Refusal::BadRequest);
        }
        self.check_family(id, peer.family())?;
        if !self.admits(peer) {
            return Err(Refusal::Forbidden);
        }
        if let Some((number, connection)) = self.connection_to(id, peer) {
            return connection.again(number, call.question.transaction);
        }
        if !self.listens_if_ours(peer) {
            return Err(Refusal::ConnectionFailed);
        }
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        let from = allocation.relay(peer.family()).ok_or(Refusal::PeerFamilyMismatch)?.address;
        if allocation.connections.len() >= self.settings.limits.connections {
            return Err(Refusal::InsufficientCapacity);
        }
        let connection = self.open_connection(Connection {
            allocation: id,
            peer,
            asked_by: Some(call.question.transaction),
            stage: Stage::Connecting(Box::new(call.question)),
            deadline: now.after(Limits::CONNECTION_PATIENCE),
        });
        self.outputs.push_back(Output::Connect { connection, from, to: peer });
        Ok(None)
    }

    fn connection_to(
        &self,
        id: AllocationId,
        peer: PeerAddr,
    ) -> Option<(PeerConnection, &Connection)> {
        let allocation = self.allocations.get(id)?;
        let mut all = allocation
            .connections
            .iter()
            .filter_map(|number| Some((*number, self.connections.get(number)?)));
        all.find(|(_, connection)| connection.peer == peer)
    }

    /// A relayed address of ours takes connections if it is a listener; other programs of this host may have the ports of
    /// those that have no socket.
    fn listens_if_ours(&self, peer: PeerAddr) -> bool {
        let id = match self.ports.owner(peer.0) {
            None => return true,
            Some(Owner::Nobody | Owner::Reserved) => return false,
            Some(Owner::Allocation(id)) => id,
        };
        self.allocations.get(id).is_some_and(|allocation| {
            let relay = allocation.relay(peer.family());
            allocation.protocol == Protocol::Tcp
                && relay.is_some_and(|relay| relay.socket == Socket::Open)
        })
    }

    fn open_connection(&mut self, connection: Connection) -> PeerConnection {
        let number = loop {
            let [a, b, c, d, ..] = self.dice.throw().to_be_bytes();
            let number = PeerConnection(u32::from_be_bytes([a, b, c, d]));
            if !self.connections.contains_key(&number) {
                break number;
            }
        };
        self.deadlines.insert((connection.deadline, Deadline::Connection(number)));
        if let Some(allocation) = self.allocations.get_mut(connection.allocation) {
            allocation.connections.push(number);
        }
        self.connections.insert(number, connection);
        number
    }

    /// What `Connect` asked for is there.
    pub fn handle_connected(&mut self, connection: PeerConnection, now: Timestamp) {
        self.handle_timeout(now);
        let Some(state) = self.connections.get_mut(&connection) else { return };
        if !matches!(state.stage, Stage::Connecting(_)) {
            return;
        }
        self.deadlines.remove(&(state.deadline, Deadline::Connection(connection)));
        state.deadline = now.after(Limits::CONNECTION_PATIENCE);
        self.deadlines.insert((state.deadline, Deadline::Connection(connection)));
        let stage = std::mem::replace(&mut state.stage, Stage::Waiting);
        let id = state.allocation;
        let success = Success::Connected { connection: connection.0 };
        self.answer_connect(id, stage, Ok(Some(success)));
    }

    /// The peer can't be reached.
    pub fn handle_connect_failed(&mut self, connection: PeerConnection, now: Timestamp) {
        self.handle_timeout(now);
        if let Some(state) = self.forget_connection(connection) {
            self.answer_connect(state.allocation, state.stage, Err(Refusal::ConnectionFailed));
        }
    }

    fn answer_connect(&mut self, id: AllocationId, stage: Stage, answer: Answer) {
        let client = self.allocations.get(id).map(|allocation| allocation.client);
        match (client, stage) {
            (Some(client), Stage::Connecting(question)) => self.answer(client, &question, answer),
            (None, Stage::Connecting(_)) | (_, Stage::Waiting | Stage::Joined) => {}
        }
    }

    /// Somebody has connected to a relay's listener. `None`: close the connection at once.
    pub fn handle_accepted(&mut self, arrival: Arrival, now: Timestamp) -> Option<PeerConnection> {
        self.handle_timeout(now);
        let Arrival { relay, from } = arrival;
        let allocation = self.allocations.get(relay.allocation)?;
        let is_welcome = allocation.protocol == Protocol::Tcp
            && allocation.peers.is_permitted(from.0.ip(), now)
            && allocation.connections.len() < self.settings.limits.connections
            && self.connection_to(relay.allocation, from).is_none();
        if !is_welcome {
            self.counters.dropped.unpermitted += 1;
            return None;
        }
        let client = allocation.client;
        let connection = self.open_connection(Connection {
            allocation: relay.allocation,
            peer: from,
            asked_by: None,
            stage: Stage::Waiting,
            deadline: now.after(Limits::CONNECTION_PATIENCE),
        });
        let transaction = self.next_indication();
        let mut buffer = [0; MAX_REPLY];
        let length = reply::connection_attempt(transaction, connection.0, from, &mut buffer)?;
        let bytes = buffer.get(..length)?.to_vec();
        self.outputs.push_back(Output::ToClient { to: client, bytes });
        Some(connection)
    }

    /// Comes over a stream of its own, which then belongs to the connection (RFC 6062, section 5.4).
    pub(super) fn bind_connection(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let number = call.message.attributes.connection.ok_or(Refusal::BadRequest)?;
        let connection = PeerConnection(number);
        if !call.from.transport.is_stream() || self.by_client.contains_key(&call.from) {
            return Err(Refusal::BadRequest);
        }
        let state = self.connections.get_mut(&connection).ok_or(Refusal::BadRequest)?;
        let allocation = self.allocations.get(state.allocation).ok_or(Refusal::BadRequest)?;
        if *allocation.username != *call.caller.username {
            return Err(Refusal::WrongCredentials);
        }
        if !matches!(state.stage, Stage::Waiting) || allocation.expires <= now {
            return Err(Refusal::BadRequest);
        }
        state.stage = Stage::Joined;
        self.deadlines.remove(&(state.deadline, Deadline::Connection(connection)));
        self.answer(call.from, &call.question, Ok(Some(Success::Done)));
        self.outputs.push_back(Output::Join { connection, client: call.from });
        Ok(None)
    }

    /// A connection to a peer, or the client's stream that it was joined with, has ended.
    pub fn handle_connection_closed(&mut self, connection: PeerConnection, now: Timestamp) {
        self.handle_timeout(now);
        self.forget_connection(connection);
    }

    pub(super) fn give_up_connection(&mut self, connection: PeerConnection) {
        let Some(state) = self.forget_connection(connection) else { return };
        self.outputs.push_back(Output::CloseConnection { connection });
        self.answer_connect(state.allocation, state.stage, Err(Refusal::ConnectionFailed));
    }

    /// Of an allocation that is gone already.
    pub(super) fn close_connection(&mut self, connection: PeerConnection) {
        if self.forget_connection(connection).is_some() {
            self.outputs.push_back(Output::CloseConnection { connection });
        }
    }

    fn forget_connection(&mut self, connection: PeerConnection) -> Option<Connection> {
        let state = self.connections.remove(&connection)?;
        self.deadlines.remove(&(state.deadline, Deadline::Connection(connection)));
        if let Some(allocation) = self.allocations.get_mut(state.allocation) {
            allocation.connections.retain(|other| *other != connection);
        }
        Some(state)
    }
}

impl Connection {
    /// The same request again gets the same answer; a second connection to one peer is refused.
    fn again(&self, number: PeerConnection, transaction: TransactionId) -> Answer {
        if self.asked_by != Some(transaction) {
            return Err(Refusal::ConnectionExists);
        }
        match self.stage {
            Stage::Connecting(_) => Ok(None),
            Stage::Waiting | Stage::Joined => Ok(Some(Success::Connected { connection: number.0 })),
        }
    }
}
