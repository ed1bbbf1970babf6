//! The requests of a TURN client and what their answers say. No sockets.

use super::User;
use crate::Result;
use std::net::SocketAddr;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message, MessageClass, MessageWrite,
    MessageWriteExt, MessageWriteVec, StunWriteError,
};
use turn_types::attribute::XorRelayedAddress;
use turn_types::attribute::{ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, REFRESH};

/// What is asked of the server.
#[derive(Debug, Clone, Copy)]
pub enum Request {
    Allocate,
    Bind { channel: u16, peer: SocketAddr },
    Release,
}

/// Proves who asks.
pub struct Proof {
    user: String,
    realm: String,
    nonce: String,
    key: IntegrityKey,
}

#[derive(Debug)]
pub enum Answer {
    Done,
    Relayed(SocketAddr),
    /// Ask again, with a proof made from these.
    Unauthorized {
        realm: String,
        nonce: String,
    },
    /// The server knows this port from an allocation before, which has not ended yet.
    PortInUse,
    Refused(String),
}

const UNAUTHORIZED: u16 = 401;
const ALLOCATION_MISMATCH: u16 = 437;
const STALE_NONCE: u16 = 438;

impl Proof {
    pub fn new(user: &User, realm: String, nonce: String) -> Self {
        let name = user.name.clone();
        let key = LongTermKeyCredentials::new(name, user.password.clone(), realm.clone())
            .make_key(IntegrityAlgorithm::Sha1);
        Self { user: user.name.clone(), realm, nonce, key }
    }
}

impl Request {
    pub fn encode(self, proof: Option<&Proof>) -> Result<Vec<u8>> {
        self.write(proof).map_err(|error| error.to_string())
    }

    fn write(self, proof: Option<&Proof>) -> Result<Vec<u8>, StunWriteError> {
        let request = |method| Message::builder_request(method, MessageWriteVec::new());
        let mut message = match self {
            Self::Allocate => {
                let mut message = request(ALLOCATE);
                message.add_attribute(&RequestedTransport::new(RequestedTransport::UDP))?;
                message
            }
            Self::Bind { channel, peer } => {
                let mut message = request(CHANNEL_BIND);
                let transaction = message.transaction_id();
                message.add_attribute(&ChannelNumber::new(channel))?;
                message.add_attribute(&XorPeerAddress::new(peer, transaction))?;
                message
            }
            Self::Release => {
                let mut message = request(REFRESH);
                message.add_attribute(&Lifetime::new(0))?;
                message
            }
        };
        if let Some(proof) = proof {
            message.add_attribute(&Username::new(&proof.user)?)?;
            message.add_attribute(&Realm::new(&proof.realm)?)?;
            message.add_attribute(&Nonce::new(&proof.nonce)?)?;
            message.add_message_integrity_with_key(&proof.key, IntegrityAlgorithm::Sha1)?;
        }
        Ok(message.finish())
    }
}

/// `None`: no answer to this request.
pub fn read(request: &[u8], datagram: &[u8]) -> Option<Answer> {
    let asked = Message::from_bytes(request).ok()?;
    let answer = Message::from_bytes(datagram).ok()?;
    if answer.transaction_id() != asked.transaction_id() {
        return None;
    }
    if answer.has_class(MessageClass::Success) {
        let relayed = answer.attribute::<XorRelayedAddress>().ok();
        let relayed = relayed.map(|relayed| relayed.addr(answer.transaction_id()));
        return Some(relayed.map_or(Answer::Done, Answer::Relayed));
    }
    let error = answer.attribute::<ErrorCode>().ok()?;
    let realm = answer.attribute::<Realm>().ok();
    let nonce = answer.attribute::<Nonce>().ok();
    Some(match (error.code(), realm, nonce) {
        (UNAUTHORIZED | STALE_NONCE, Some(realm), Some(nonce)) => {
            Answer::Unauthorized { realm: realm.realm().into(), nonce: nonce.nonce().into() }
        }
        (ALLOCATION_MISMATCH, _, _) => Answer::PortInUse,
        (code, _, _) => Answer::Refused(format!("{code} {}", error.reason())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_with_a_proof() {
        let asked = Request::Allocate.encode(None).unwrap();
        let request = Message::from_bytes(&asked).unwrap();
        let mut refusal = Message::builder_error(&request, MessageWriteVec::new());
        refusal.add_attribute(&ErrorCode::new(401, "Unauthorized").unwrap()).unwrap();
        refusal.add_attribute(&Realm::new("parlor").unwrap()).unwrap();
        refusal.add_attribute(&Nonce::new("once").unwrap()).unwrap();
        let Some(Answer::Unauthorized { realm, nonce }) = read(&asked, &refusal.finish()) else {
            panic!("not a challenge")
        };
        let user: User = "1700000000:ada:secret".parse().unwrap();
        assert_eq!(user.name, "1700000000:ada");
        let proven = Request::Allocate.encode(Some(&Proof::new(&user, realm, nonce))).unwrap();
        let key = LongTermKeyCredentials::new(user.name, user.password, "parlor".into());
        assert!(Message::from_bytes(&proven).unwrap().validate_integrity(&key.into()).is_ok());
    }

    #[test]
    fn what_answers_another_request_is_no_answer() {
        let asked = Request::Release.encode(None).unwrap();
        let other = Request::Release.encode(None).unwrap();
        let request = Message::from_bytes(&other).unwrap();
        let answer = Message::builder_success(&request, MessageWriteVec::new()).finish();
        assert!(read(&asked, &answer).is_none());
        assert!(read(&other, &answer).is_some());
        assert!(read(&asked, b"neither STUN nor anything").is_none());
    }
}
