//! The messages of a TURN client as bytes: what it asks, what it is told.

use super::{Allocation, Step};
use std::net::SocketAddr;
use std::time::Duration;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Software, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass,
    MessageIntegrityCredentials, MessageType, MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::{AttributeWrite, MessageWrite, MessageWriteExt};
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND};

/// What a server gives when it names no lifetime (RFC 8656 section 7.2).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    pub name: String,
    pub password: String,
}

/// With what the server wants requests to be signed.
pub struct Challenge {
    nonce: String,
    key: LongTermKeyCredentials,
}

impl Challenge {
    pub fn new(credentials: &Credentials, realm: String, nonce: String) -> Self {
        let Credentials { name, password } = credentials.clone();
        Self { nonce, key: LongTermKeyCredentials::new(name, password, realm) }
    }

    /// Whether a message is signed with the same password.
    pub fn signed(&self, bytes: &[u8]) -> bool {
        let key = MessageIntegrityCredentials::LongTerm(self.key.clone());
        Message::from_bytes(bytes).is_ok_and(|message| message.validate_integrity(&key).is_ok())
    }
}

pub enum Answer {
    Success,
    Error { code: u16, reason: String, challenge: Option<(String, String)> },
}

pub enum Told {
    Answer { id: TransactionId, answer: Answer },
    Data { from: SocketAddr, payload: Vec<u8> },
}

/// `None`: something in it is too long for its attribute.
pub fn request(step: Step, id: TransactionId, challenge: Option<&Challenge>) -> Option<Vec<u8>> {
    let (method, attributes) = body(step, id);
    let mut message = builder(MessageClass::Request, method, id);
    for attribute in &attributes {
        message.add_attribute(attribute.as_ref()).ok()?;
    }
    message.add_attribute(&Software::new("Parlor doctor").ok()?).ok()?;
    if let Some(challenge) = challenge.filter(|_| step != Step::Binding) {
        sign(&mut message, challenge)?;
    }
    message.add_fingerprint().ok()?;
    Some(message.finish())
}

fn sign(message: &mut MessageWriteVec, challenge: &Challenge) -> Option<()> {
    message.add_attribute(&Username::new(challenge.key.username()).ok()?).ok()?;
    message.add_attribute(&Realm::new(challenge.key.realm()).ok()?).ok()?;
    message.add_attribute(&Nonce::new(&challenge.nonce).ok()?).ok()?;
    let key = MessageIntegrityCredentials::LongTerm(challenge.key.clone());
    message.add_message_integrity(&key, IntegrityAlgorithm::Sha1).ok()
}

fn body(step: Step, id: TransactionId) -> (Method, Vec<Box<dyn AttributeWrite>>) {
    match step {
        Step::Binding => (BINDING, Vec::new()),
        Step::Allocate => {
            (ALLOCATE, vec![Box::new(RequestedTransport::new(RequestedTransport::UDP))])
        }
        Step::Permit(peer) => (CREATE_PERMISSION, vec![Box::new(XorPeerAddress::new(peer, id))]),
        Step::BindChannel { number, peer } => (
            CHANNEL_BIND,
            vec![Box::new(ChannelNumber::new(number)), Box::new(XorPeerAddress::new(peer, id))],
        ),
        Step::Release => (REFRESH, vec![Box::new(Lifetime::new(0))]),
    }
}

pub fn send_indication(id: TransactionId, peer: SocketAddr, payload: &[u8]) -> Option<Vec<u8>> {
    let mut message = builder(MessageClass::Indication, SEND, id);
    message.add_attribute(&XorPeerAddress::new(peer, id)).ok()?;
    message.add_attribute(&Data::new(payload)).ok()?;
    Some(message.finish())
}

fn builder(class: MessageClass, method: Method, id: TransactionId) -> MessageWriteVec {
    let kind = MessageType::from_class_method(class, method);
    Message::builder(kind, id, MessageWriteVec::new())
}

/// `None`: nothing that a client has to hear.
pub fn read(bytes: &[u8]) -> Option<Told> {
    let message = Message::from_bytes(bytes).ok()?;
    let id = message.transaction_id();
    match message.class() {
        MessageClass::Success => Some(Told::Answer { id, answer: Answer::Success }),
        MessageClass::Error => Some(Told::Answer { id, answer: error(&message) }),
        MessageClass::Indication => {
            let from = message.attribute::<XorPeerAddress>().ok()?.addr(id);
            let payload = message.attribute::<Data<'_>>().ok()?.data().to_vec();
            message.has_method(DATA).then_some(Told::Data { from, payload })
        }
        MessageClass::Request => None,
    }
}

fn error(message: &Message<'_>) -> Answer {
    let error = message.attribute::<ErrorCode>();
    let (code, reason) =
        error.map_or_else(|_| (0, String::new()), |error| (error.code(), error.reason().into()));
    let challenge = || {
        let realm = message.attribute::<Realm>().ok()?.realm().to_owned();
        Some((realm, message.attribute::<Nonce>().ok()?.nonce().to_owned()))
    };
    Answer::Error { code, reason, challenge: challenge() }
}

pub fn mapped(bytes: &[u8]) -> Option<SocketAddr> {
    let message = Message::from_bytes(bytes).ok()?;
    Some(message.attribute::<XorMappedAddress>().ok()?.addr(message.transaction_id()))
}

pub fn allocation(bytes: &[u8]) -> Option<Allocation> {
    let message = Message::from_bytes(bytes).ok()?;
    let relayed = message.attribute::<XorRelayedAddress>().ok()?.addr(message.transaction_id());
    let lifetime = message
        .attribute::<Lifetime>()
        .map_or(DEFAULT_LIFETIME, |lifetime| Duration::from_secs(lifetime.seconds().into()));
    Some(Allocation { relayed, mapped: mapped(bytes), lifetime })
}
