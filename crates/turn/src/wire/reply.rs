//! Answers and indications, written into the caller's buffer. No SOFTWARE: an answer is as small as it can be.

use std::net::SocketAddr;

use stun_types::attribute::{
    AttributeWrite, ErrorCode, MessageIntegrity, MessageIntegritySha256, Nonce, RawAttribute,
    Realm, UnknownAttributes, XorMappedAddress,
};
use stun_types::message::{
    Message, MessageClass, MessageType, MessageWrite as _, MessageWriteExt as _,
    MessageWriteMutSlice, Method, TransactionId,
};
use turn_types::AddressFamily;
use turn_types::attribute::{
    AddressErrorCode, ConnectionId, Data, Lifetime, ReservationToken, XorPeerAddress,
    XorRelayedAddress,
};

use super::integrity::{Hash, Key};
use super::method;
use crate::address::{Family, PeerAddr};
use crate::refusal::Refusal;

/// What is needed of a request to answer it.
#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub(crate) method: u16,
    pub(crate) transaction: TransactionId,
    pub(crate) fingerprint: bool,
    /// How the request was proved, and so how the answer is.
    pub(crate) proof: Option<(Hash, Key)>,
}

/// What a request has brought about. The same again for a request that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    Bound { mapped: SocketAddr },
    Allocated(Granted),
    Refreshed { lifetime: u32 },
    Connected { connection: u32 },
    Done,
}

/// The answer to an Allocate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) relayed: [Option<SocketAddr>; 2],
    /// Of two families one was granted (RFC 8656, section 7.2).
    pub(crate) withheld: Option<(Family, Withheld)>,
    pub(crate) lifetime: u32,
    pub(crate) mapped: SocketAddr,
    pub(crate) token: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    NotSupported,
    NoCapacity,
}

impl From<Withheld> for Refusal {
    fn from(why: Withheld) -> Self {
        match why {
            Withheld::NotSupported => Self::FamilyNotSupported,
            Withheld::NoCapacity => Self::InsufficientCapacity,
        }
    }
}

/// What a client needs to prove itself.
#[derive(Clone, Copy)]
pub(crate) struct Challenge<'a> {
    pub(crate) realm: &'a str,
    pub(crate) nonce: &'a str,
}

/// PASSWORD-ALGORITHMS: SHA-256 rather than MD5, neither with parameters (RFC 8489, section 14.11).
pub(crate) const PASSWORD_ALGORITHMS: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];
const PASSWORD_ALGORITHMS_TYPE: u16 = 0x8002;

/// How many bytes of the buffer are the answer; `None`: they don't fit. The same in all that follows.
pub(crate) fn success(question: &Question, success: &Success, buffer: &mut [u8]) -> Option<usize> {
    let mut writer =
        Writer::new(MessageClass::Success, question.method, question.transaction, buffer);
    match success {
        Success::Bound { mapped } => writer.mapped(*mapped),
        Success::Allocated(granted) => writer.granted(granted),
        Success::Refreshed { lifetime } => writer.add(&Lifetime::new(*lifetime)),
        Success::Connected { connection } => writer.add(&ConnectionId::new(*connection)),
        Success::Done => {}
    }
    writer.finish(question)
}

pub(crate) fn refusal(
    question: &Question,
    refusal: &Refusal,
    challenge: Option<Challenge<'_>>,
    buffer: &mut [u8],
) -> Option<usize> {
    let mut writer =
        Writer::new(MessageClass::Error, question.method, question.transaction, buffer);
    writer.error(refusal);
    if let Some(challenge) = challenge {
        writer.challenge(challenge);
    }
    writer.finish(question)
}

/// Data that a peer has sent, for a client that has bound no channel to it.
pub(crate) fn data(
    transaction: TransactionId,
    from: PeerAddr,
    payload: &[u8],
    buffer: &mut [u8],
) -> Option<usize> {
    if payload.len() > MAX_DATA {
        return None; // The codec would write a length that has no room in the header.
    }
    let mut writer = Writer::new(MessageClass::Indication, method::DATA, transaction, buffer);
    writer.add(&XorPeerAddress::new(from.0, transaction));
    writer.add(&Data::new(payload));
    writer.end()
}

/// A peer has connected to a relayed address (RFC 6062, section 5.3): an indication, as nobody answers it.
pub(crate) fn connection_attempt(
    transaction: TransactionId,
    connection: u32,
    from: PeerAddr,
    buffer: &mut [u8],
) -> Option<usize> {
    let method = method::CONNECTION_ATTEMPT;
    let mut writer = Writer::new(MessageClass::Indication, method, transaction, buffer);
    writer.add(&ConnectionId::new(connection));
    writer.add(&XorPeerAddress::new(from.0, transaction));
    writer.end()
}

/// What is written when the buffer is too small is nothing at all.
struct Writer<'a> {
    message: Option<MessageWriteMutSlice<'a>>,
    transaction: TransactionId,
}

impl<'a> Writer<'a> {
    fn new(
        class: MessageClass,
        method: u16,
        transaction: TransactionId,
        buffer: &'a mut [u8],
    ) -> Self {
        let kind = MessageType::from_class_method(class, Method::new(method));
        let message = (buffer.len() >= 20)
            .then(|| Message::builder(kind, transaction, MessageWriteMutSlice::new(buffer)));
        Self { message, transaction }
    }

    fn add(&mut self, attribute: &dyn AttributeWrite) {
        self.message.take_if(|message| message.add_attribute(attribute).is_err());
    }

    fn mapped(&mut self, address: SocketAddr) {
        self.add(&XorMappedAddress::new(canonical(address), self.transaction));
    }

    fn granted(&mut self, granted: &Granted) {
        for address in granted.relayed.into_iter().flatten() {
            self.add(&XorRelayedAddress::new(address, self.transaction));
        }
        if let Some((family, why)) = granted.withheld {
            self.withheld(family, why);
        }
        self.add(&Lifetime::new(granted.lifetime));
        self.mapped(granted.mapped);
        if let Some(token) = granted.token {
            self.add(&ReservationToken::new(token));
        }
    }

    fn withheld(&mut self, family: Family, why: Withheld) {
        let refusal = Refusal::from(why);
        let family = match family {
            Family::V4 => AddressFamily::IPV4,
            Family::V6 => AddressFamily::IPV6,
        };
        if let Ok(error) = ErrorCode::new(refusal.code(), refusal.reason()) {
            self.add(&AddressErrorCode::new(family, error));
        }
    }

    fn error(&mut self, refusal: &Refusal) {
        if let Ok(error) = ErrorCode::new(refusal.code(), refusal.reason()) {
            self.add(&error);
        }
        if let Refusal::UnknownAttributes(types) = refusal {
            let types: Vec<_> = types.iter().take(MAX_UNKNOWN).map(|kind| (*kind).into()).collect();
            self.add(&UnknownAttributes::new(&types));
        }
    }

    fn challenge(&mut self, challenge: Challenge<'_>) {
        if let (Ok(realm), Ok(nonce)) = (Realm::new(challenge.realm), Nonce::new(challenge.nonce)) {
            self.add(&realm);
            self.add(&nonce);
            self.add(&RawAttribute::new(PASSWORD_ALGORITHMS_TYPE.into(), &PASSWORD_ALGORITHMS));
        }
    }

    fn finish(mut self, question: &Question) -> Option<usize> {
        if let Some((hash, key)) = &question.proof {
            self.sign(*hash, key);
        }
        if question.fingerprint {
            self.message.take_if(|message| message.add_fingerprint().is_err());
        }
        self.end()
    }

    /// The codec's own signing knows one hash for each kind of key; RFC 8489 lets clients choose both.
    fn sign(&mut self, hash: Hash, key: &Key) {
        let Some(message) = self.message.as_mut() else { return };
        let room = message.max_size().unwrap_or(0).saturating_sub(message.len());
        if room < 4 + hash.length() {
            self.message = None;
            return;
        }
        match hash {
            Hash::Sha1 => message.push_attribute_unchecked(&MessageIntegrity::new([0; 20])),
            Hash::Sha256 => {
                let Ok(empty) = MessageIntegritySha256::new(&[0; 32]) else { return };
                message.push_attribute_unchecked(&empty);
            }
        }
        let signed = message.len() - 4 - hash.length();
        if let Some((message, attribute)) = message.mut_data().split_at_mut_checked(signed)
            && let Some(mark) = attribute.get_mut(4..)
        {
            key.sign(hash, message, mark);
        }
    }

    fn end(self) -> Option<usize> {
        self.message.map(MessageWriteMutSlice::finish)
    }
}

/// A message's length is a multiple of four of 16 bits, and an address and two headers are in it.
const MAX_DATA: usize = 0xfffc - 24 - 4;

/// As many unknown attributes are named: more of them are no mistake but an attempt to have long answers.
const MAX_UNKNOWN: usize = 8;

/// A socket for both families shows IPv4 addresses in IPv6 ones.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
