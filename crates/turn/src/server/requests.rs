//! A request and its answer.

use parlor_rooms::Timestamp;
use stun_types::message::MessageClass;

use super::Turn;
use super::authenticate::Caller;
use crate::address::ClientAddr;
use crate::counters::Denials;
use crate::ids::AllocationId;
use crate::output::{Delivery, Output};
use crate::refusal::Refusal;
use crate::wire::message::Message;
use crate::wire::method;
use crate::wire::reply::{self, Challenge, Question, Success};

/// A request of somebody who may ask.
pub(super) struct Call<'m> {
    pub(super) from: ClientAddr,
    pub(super) message: &'m Message<'m>,
    pub(super) caller: Caller,
    pub(super) question: Question,
}

/// `Ok(None)`: the answer comes later, or has been put out already.
pub(super) type Answer = Result<Option<Success>, Refusal>;

impl Turn {
    /// One datagram of a client, or one message of a [`crate::StreamDecoder`].
    pub fn handle_client<'a>(
        &mut self,
        from: ClientAddr,
        packet: &'a [u8],
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivery<'a> {
        match packet.first() {
            Some(0x00..=0x3f) => self.stun(from, packet, buffer, now),
            Some(0x40..=0x7f) => {
                let delivered = self.channel_data(from, packet, buffer, now);
                self.settle(delivered)
            }
            Some(_) | None => self.malformed(),
        }
    }

    fn stun<'a>(
        &mut self,
        from: ClientAddr,
        packet: &'a [u8],
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivery<'a> {
        let Some(message) = Message::parse(packet) else { return self.malformed() };
        match (message.class, message.method) {
            (MessageClass::Request, _) => match self.request(from, &message, buffer, now) {
                Some(length) => written(from, buffer, length),
                None => Delivery::Nothing,
            },
            (MessageClass::Indication, method::SEND) => {
                let delivered = self.send_indication(from, &message, buffer, now);
                self.settle(delivered)
            }
            // Keeps the way through a NAT open, and wants no answer (RFC 8489, section 12).
            (MessageClass::Indication, method::BINDING) => Delivery::Nothing,
            (MessageClass::Indication | MessageClass::Success | MessageClass::Error, _) => {
                self.malformed()
            }
        }
    }

    fn malformed<'a>(&mut self) -> Delivery<'a> {
        self.counters.dropped.malformed += 1;
        Delivery::Nothing
    }

    fn request(
        &mut self,
        from: ClientAddr,
        message: &Message<'_>,
        buffer: &mut [u8],
        now: Timestamp,
    ) -> Option<usize> {
        self.handle_timeout(now);
        let mut question = Question {
            method: message.method,
            transaction: message.transaction,
            fingerprint: message.attributes.fingerprint,
            proof: None,
        };
        match self.judge(from, message, &mut question, now) {
            Ok(Some(success)) => reply::success(&question, &success, buffer),
            Ok(None) => None,
            Err(refusal) => self.refuse((from, question), &refusal, buffer, now),
        }
    }

    fn judge(
        &mut self,
        from: ClientAddr,
        message: &Message<'_>,
        question: &mut Question,
        now: Timestamp,
    ) -> Answer {
        if message.method == method::BINDING {
            check_attributes(message)?;
            self.counters.bindings += 1;
            return Ok(Some(Success::Bound { mapped: from.remote }));
        }
        let caller = self.authenticate(&from, message, now)?;
        question.proof = Some(caller.proof);
        check_attributes(message)?;
        self.carry_out(&Call { from, message, caller, question: *question }, now)
    }

    fn carry_out(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        match call.message.method {
            method::ALLOCATE => self.allocate(call, now),
            method::REFRESH => self.refresh(call, now),
            method::CREATE_PERMISSION => self.create_permission(call, now),
            method::CHANNEL_BIND => self.bind_channel(call, now),
            method::CONNECT => self.connect(call, now),
            method::CONNECTION_BIND => self.bind_connection(call, now),
            _ => Err(Refusal::BadRequest),
        }
    }

    /// The allocation that a request concerns, if it is the caller's.
    pub(super) fn allocation_of(&self, call: &Call<'_>) -> Result<AllocationId, Refusal> {
        let id = *self.by_client.get(&call.from).ok_or(Refusal::AllocationMismatch)?;
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        if *allocation.username != *call.caller.username {
            return Err(Refusal::WrongCredentials);
        }
        Ok(id)
    }

    fn refuse(
        &mut self,
        (from, mut question): (ClientAddr, Question),
        refusal: &Refusal,
        buffer: &mut [u8],
        now: Timestamp,
    ) -> Option<usize> {
        count(&mut self.counters.denied, refusal);
        let is_proved = question.proof.is_some() || from.transport.is_stream();
        if !is_proved && !self.limiter.admits(from.remote.ip(), now) {
            self.counters.dropped.unanswered += 1;
            return None;
        }
        if !matches!(refusal, Refusal::Unauthorized | Refusal::StaleNonce) {
            return reply::refusal(&question, refusal, None, buffer);
        }
        question.proof = None;
        let nonce = self.make_nonce(&from, now);
        let challenge = Challenge { realm: &self.settings.realm, nonce: &nonce };
        reply::refusal(&question, refusal, Some(challenge), buffer)
    }

    /// An answer that had to wait.
    pub(super) fn answer(&mut self, to: ClientAddr, question: &Question, answer: Answer) {
        let mut buffer = [0; MAX_REPLY];
        let length = match answer {
            Ok(Some(success)) => reply::success(question, &success, &mut buffer),
            Ok(None) => None,
            Err(refusal) => {
                count(&mut self.counters.denied, &refusal);
                reply::refusal(question, &refusal, None, &mut buffer)
            }
        };
        if let Some(bytes) = length.and_then(|length| buffer.get(..length)) {
            self.outputs.push_back(Output::ToClient { to, bytes: bytes.to_vec() });
        }
    }
}

/// The longest answer is an Allocate's with two addresses, some 200 bytes.
pub(super) const MAX_REPLY: usize = 512;

/// The part of the buffer that is to be sent.
pub(super) fn written(to: ClientAddr, buffer: &mut [u8], length: usize) -> Delivery<'_> {
    match buffer.get(..length) {
        Some(bytes) => Delivery::ToClient { to, bytes },
        None => Delivery::Nothing,
    }
}

fn check_attributes(message: &Message<'_>) -> Result<(), Refusal> {
    if !message.attributes.unknown.is_empty() {
        return Err(Refusal::UnknownAttributes(message.attributes.unknown.clone()));
    }
    if message.attributes.malformed {
        return Err(Refusal::BadRequest);
    }
    Ok(())
}

fn count(denied: &mut Denials, refusal: &Refusal) {
    let counter = match refusal {
        Refusal::BadRequest => &mut denied.malformed,
        Refusal::Unauthorized => &mut denied.unauthorized,
        Refusal::Forbidden => &mut denied.forbidden,
        Refusal::MobilityForbidden => &mut denied.mobility,
        Refusal::UnknownAttributes(_) => &mut denied.unknown_attribute,
        Refusal::AllocationMismatch => &mut denied.mismatch,
        Refusal::StaleNonce => &mut denied.stale_nonce,
        Refusal::FamilyNotSupported | Refusal::PeerFamilyMismatch => &mut denied.family,
        Refusal::WrongCredentials => &mut denied.wrong_credentials,
        Refusal::TransportNotSupported => &mut denied.transport,
        Refusal::ConnectionExists | Refusal::ConnectionFailed => &mut denied.connection,
        Refusal::QuotaReached => &mut denied.quota,
        Refusal::InsufficientCapacity => &mut denied.capacity,
    };
    *counter += 1;
}
