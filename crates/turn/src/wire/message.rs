//! A STUN message, read once: what it is and what its attributes say.

use stun_types::attribute::{Attribute as _, AttributeFromRaw, RawAttribute};
use stun_types::message::{Message as Raw, MessageClass, TransactionId};
use turn_types::attribute::{
    ChannelNumber, ConnectionId, EvenPort, Lifetime, RequestedTransport, ReservationToken,
    XorPeerAddress,
};

use super::integrity::{Claim, Hash};
use crate::address::PeerAddr;

/// What precedes the attributes.
const HEADER: usize = 20;

/// Attribute types that are read here (RFC 8489, section 18.3; RFC 8656, section 18; RFC 6062; RFC 8016).
mod kind {
    pub(super) const USERNAME: u16 = 0x0006;
    pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(super) const CHANNEL_NUMBER: u16 = 0x000c;
    pub(super) const LIFETIME: u16 = 0x000d;
    pub(super) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(super) const DATA: u16 = 0x0013;
    pub(super) const REALM: u16 = 0x0014;
    pub(super) const NONCE: u16 = 0x0015;
    pub(super) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(super) const EVEN_PORT: u16 = 0x0018;
    pub(super) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(super) const DONT_FRAGMENT: u16 = 0x001a;
    pub(super) const MESSAGE_INTEGRITY_SHA256: u16 = 0x001c;
    pub(super) const PASSWORD_ALGORITHM: u16 = 0x001d;
    pub(super) const USERHASH: u16 = 0x001e;
    pub(super) const RESERVATION_TOKEN: u16 = 0x0022;
    pub(super) const CONNECTION_ID: u16 = 0x002a;
    pub(super) const ADDITIONAL_ADDRESS_FAMILY: u16 = 0x8000;
    /// The number that coturn's clients have from a draft of RFC 8656 (draft-ietf-tram-turn-ssoda).
    pub(super) const ADDITIONAL_ADDRESS_FAMILY_OF_DRAFT: u16 = 0x8032;
    pub(super) const PASSWORD_ALGORITHMS: u16 = 0x8002;
    pub(super) const FINGERPRINT: u16 = 0x8028;
    pub(super) const MOBILITY_TICKET: u16 = 0x8030;
}

/// The attributes that a message may have but that mean nothing in a request: known, so no reason for a 420.
const MEANINGLESS: [u16; 5] = [0x0001, 0x0009, 0x000a, 0x0016, 0x0020];

#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) class: MessageClass,
    pub(crate) method: u16,
    pub(crate) transaction: TransactionId,
    pub(crate) attributes: Attributes<'a>,
}

/// Of an attribute that comes twice the first counts (RFC 8489, section 14).
#[derive(Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) username: Option<&'a str>,
    pub(crate) userhash: Option<&'a [u8]>,
    pub(crate) realm: Option<&'a [u8]>,
    pub(crate) nonce: Option<&'a [u8]>,
    pub(crate) password_algorithm: Option<&'a [u8]>,
    pub(crate) password_algorithms: Option<&'a [u8]>,
    pub(crate) integrity: Option<Claim<'a>>,
    pub(crate) fingerprint: bool,
    pub(crate) channel: Option<u16>,
    pub(crate) lifetime: Option<u32>,
    /// The first of them.
    pub(crate) peer: Option<PeerAddr>,
    pub(crate) data: Option<&'a [u8]>,
    pub(crate) transport: Option<u8>,
    /// The number of a family, known or not.
    pub(crate) family: Option<u8>,
    pub(crate) additional_family: Option<u8>,
    /// Whether the next port is to be reserved.
    pub(crate) even_port: Option<bool>,
    pub(crate) reservation: Option<u64>,
    pub(crate) dont_fragment: bool,
    pub(crate) connection: Option<u32>,
    pub(crate) mobility: bool,
    /// What has to be understood, and isn't.
    pub(crate) unknown: Vec<u16>,
    /// Some attribute can't be read.
    pub(crate) malformed: bool,
}

impl<'a> Message<'a> {
    /// `None`: no STUN, cut, with something behind it, or with a wrong FINGERPRINT.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let &[_, _, high, low] = bytes.first_chunk()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length % 4 != 0 || bytes.len() != HEADER + length {
            return None; // The codec would read on behind the end.
        }
        let raw = Raw::from_bytes(bytes).ok()?;
        let mut attributes = Attributes::default();
        for (offset, attribute) in raw.iter_attributes() {
            let start = offset + 4;
            let value = bytes.get(start..start + usize::from(attribute.length()))?;
            attributes.take(offset, value, &attribute, raw.transaction_id());
        }
        Some(Self {
            bytes,
            class: raw.class(),
            method: raw.method().value(),
            transaction: raw.transaction_id(),
            attributes,
        })
    }

    /// Every peer that the message names; `None` for one that can't be read.
    pub(crate) fn peers(&self) -> Vec<Option<PeerAddr>> {
        let Ok(raw) = Raw::from_bytes(self.bytes) else { return Vec::new() };
        raw.iter_attributes()
            .filter(|(_, attribute)| attribute.get_type().value() == kind::XOR_PEER_ADDRESS)
            .map(|(_, attribute)| peer(&attribute, self.transaction))
            .collect()
    }
}

fn peer(attribute: &RawAttribute<'_>, transaction: TransactionId) -> Option<PeerAddr> {
    let address = XorPeerAddress::from_raw_ref(attribute).ok()?;
    Some(PeerAddr(address.addr(transaction)))
}

impl<'a> Attributes<'a> {
    fn take(
        &mut self,
        offset: usize,
        value: &'a [u8],
        raw: &RawAttribute<'_>,
        transaction: TransactionId,
    ) {
        let kind = raw.get_type().value();
        let readable = match kind {
            kind::USERNAME => first(
                &mut self.username,
                std::str::from_utf8(value).ok().filter(|_| value.len() <= 513),
            ),
            kind::USERHASH => first(&mut self.userhash, Some(value)),
            kind::REALM => first(&mut self.realm, Some(value)),
            kind::NONCE => first(&mut self.nonce, Some(value)),
            kind::PASSWORD_ALGORITHM => first(&mut self.password_algorithm, Some(value)),
            kind::PASSWORD_ALGORITHMS => first(&mut self.password_algorithms, Some(value)),
            kind::MESSAGE_INTEGRITY => self.take_claim(Hash::Sha1, offset, value),
            kind::MESSAGE_INTEGRITY_SHA256 => self.take_claim(Hash::Sha256, offset, value),
            kind::FINGERPRINT => {
                self.fingerprint = true;
                true
            }
            kind::XOR_PEER_ADDRESS => first(&mut self.peer, peer(raw, transaction)),
            kind::DATA => first(&mut self.data, Some(value)),
            _ => return self.take_rare(value, raw),
        };
        self.malformed |= !readable;
    }

    /// What only requests have.
    fn take_rare(&mut self, value: &'a [u8], raw: &RawAttribute<'_>) {
        let readable = match raw.get_type().value() {
            kind::CHANNEL_NUMBER => {
                first(&mut self.channel, read::<ChannelNumber>(raw).map(|read| read.channel()))
            }
            kind::LIFETIME => {
                first(&mut self.lifetime, read::<Lifetime>(raw).map(|read| read.seconds()))
            }
            kind::REQUESTED_TRANSPORT => first(
                &mut self.transport,
                read::<RequestedTransport>(raw).map(|read| read.protocol()),
            ),
            kind::REQUESTED_ADDRESS_FAMILY => first(&mut self.family, family(value)),
            kind::ADDITIONAL_ADDRESS_FAMILY | kind::ADDITIONAL_ADDRESS_FAMILY_OF_DRAFT => {
                first(&mut self.additional_family, family(value))
            }
            kind::EVEN_PORT => {
                first(&mut self.even_port, read::<EvenPort>(raw).map(|read| read.requested()))
            }
            kind::RESERVATION_TOKEN => {
                first(&mut self.reservation, read::<ReservationToken>(raw).map(|read| read.token()))
            }
            kind::CONNECTION_ID => {
                first(&mut self.connection, read::<ConnectionId>(raw).map(|read| read.id()))
            }
            kind::DONT_FRAGMENT => {
                self.dont_fragment = true;
                value.is_empty()
            }
            kind::MOBILITY_TICKET => {
                self.mobility = true;
                true
            }
            other => {
                if raw.get_type().comprehension_required() && !MEANINGLESS.contains(&other) {
                    self.unknown.push(other);
                }
                true
            }
        };
        self.malformed |= !readable;
    }

    /// The stronger one counts (RFC 8489, section 9.2.4).
    fn take_claim(&mut self, hash: Hash, offset: usize, value: &'a [u8]) -> bool {
        if self.integrity.is_none_or(|claim| claim.hash != hash) {
            self.integrity = Some(Claim { hash, offset, value });
        }
        true
    }
}

/// Keeps the first value, and says whether this one could be read.
fn first<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let readable = value.is_some();
    if place.is_none() {
        *place = value;
    }
    readable
}

fn read<'r, A: AttributeFromRaw<'r>>(raw: &'r RawAttribute<'r>) -> Option<A> {
    A::from_raw_ref(raw).ok()
}

/// The number of the family; the rest is reserved (RFC 8656, section 18.6).
fn family(value: &[u8]) -> Option<u8> {
    let &[family, ..] = <&[u8; 4]>::try_from(value).ok()?;
    Some(family)
}
