//! STUN as a client writes and reads it, by hand: the engine's codec must not check itself.

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

pub const BINDING: u16 = 0x001;
pub const ALLOCATE: u16 = 0x003;
pub const REFRESH: u16 = 0x004;
pub const SEND: u16 = 0x006;
pub const DATA_INDICATION: u16 = 0x017;
pub const CREATE_PERMISSION: u16 = 0x008;
pub const CHANNEL_BIND: u16 = 0x009;
pub const CONNECT: u16 = 0x00a;
pub const CONNECTION_BIND: u16 = 0x00b;
pub const CONNECTION_ATTEMPT: u16 = 0x01c;

pub const USERNAME: u16 = 0x0006;
pub const MESSAGE_INTEGRITY: u16 = 0x0008;
pub const ERROR_CODE: u16 = 0x0009;
pub const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub const CHANNEL_NUMBER: u16 = 0x000c;
pub const LIFETIME: u16 = 0x000d;
pub const XOR_PEER_ADDRESS: u16 = 0x0012;
pub const DATA: u16 = 0x0013;
pub const REALM: u16 = 0x0014;
pub const NONCE: u16 = 0x0015;
pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
pub const EVEN_PORT: u16 = 0x0018;
pub const REQUESTED_TRANSPORT: u16 = 0x0019;
pub const DONT_FRAGMENT: u16 = 0x001a;
pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001c;
pub const PASSWORD_ALGORITHM: u16 = 0x001d;
pub const USERHASH: u16 = 0x001e;
pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub const RESERVATION_TOKEN: u16 = 0x0022;
pub const CONNECTION_ID: u16 = 0x002a;
pub const ADDITIONAL_ADDRESS_FAMILY: u16 = 0x8000;
pub const ADDITIONAL_ADDRESS_FAMILY_OF_DRAFT: u16 = 0x8032;
pub const ADDRESS_ERROR_CODE: u16 = 0x8001;
pub const PASSWORD_ALGORITHMS: u16 = 0x8002;
pub const FINGERPRINT: u16 = 0x8028;
pub const MOBILITY_TICKET: u16 = 0x8030;

pub const UDP: [u8; 4] = [17, 0, 0, 0];
pub const TCP: [u8; 4] = [6, 0, 0, 0];
pub const V4: [u8; 4] = [1, 0, 0, 0];
pub const V6: [u8; 4] = [2, 0, 0, 0];

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// A message before it is bytes, or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Msg {
    pub kind: u16,
    pub transaction: [u8; 12],
    pub attributes: Vec<(u16, Vec<u8>)>,
}

impl Msg {
    pub fn new(kind: u16, transaction: u64) -> Self {
        let mut id = [0xa5; 12];
        id[4..].copy_from_slice(&transaction.to_be_bytes());
        Self { kind, transaction: id, attributes: Vec::new() }
    }

    pub fn indication(method: u16) -> Self {
        Self::new(method | 0x010, 0)
    }

    #[must_use]
    pub fn with(mut self, kind: u16, value: impl AsRef<[u8]>) -> Self {
        self.attributes.push((kind, value.as_ref().to_vec()));
        self
    }

    #[must_use]
    pub fn peer(self, address: &str) -> Self {
        self.peer_at(address.parse().unwrap())
    }

    #[must_use]
    pub fn peer_at(self, address: SocketAddr) -> Self {
        let value = xor(address, &self.transaction);
        self.with(XOR_PEER_ADDRESS, value)
    }

    #[must_use]
    pub fn channel(self, number: u16) -> Self {
        let [high, low] = number.to_be_bytes();
        self.with(CHANNEL_NUMBER, [high, low, 0, 0])
    }

    #[must_use]
    pub fn lifetime(self, seconds: u32) -> Self {
        self.with(LIFETIME, seconds.to_be_bytes())
    }

    pub fn get(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(found, _)| *found == kind).map(|(_, value)| value.as_slice())
    }

    pub fn is_success(&self) -> bool {
        self.kind & 0x110 == 0x100
    }

    /// The code of an error; 0 for a success.
    pub fn code(&self) -> u16 {
        self.get(ERROR_CODE).map_or(0, |value| u16::from(value[2]) * 100 + u16::from(value[3]))
    }

    pub fn number(&self, kind: u16) -> Option<u32> {
        self.get(kind).map(|value| u32::from_be_bytes(value.try_into().unwrap()))
    }

    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        self.get(kind).map(|value| unxor(value, &self.transaction))
    }

    pub fn addresses(&self, kind: u16) -> Vec<SocketAddr> {
        let all = self.attributes.iter().filter(|(found, _)| *found == kind);
        all.map(|(_, value)| unxor(value, &self.transaction)).collect()
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.kind.to_be_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend(COOKIE);
        bytes.extend(self.transaction);
        for (kind, value) in &self.attributes {
            push(&mut bytes, *kind, value);
        }
        bytes
    }

    pub fn parse(bytes: &[u8]) -> Self {
        assert_eq!(bytes[4..8], COOKIE);
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        assert_eq!(bytes.len(), 20 + length, "one whole message");
        let mut attributes = Vec::new();
        let mut rest = &bytes[20..];
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            let kind = u16::from_be_bytes([rest[0], rest[1]]);
            attributes.push((kind, rest[4..4 + length].to_vec()));
            rest = &rest[4 + length.next_multiple_of(4)..];
        }
        let kind = u16::from_be_bytes([bytes[0], bytes[1]]);
        Self { kind, transaction: bytes[8..20].try_into().unwrap(), attributes }
    }
}

/// Appends an attribute, and corrects the length in the header.
pub fn push(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    set_length(bytes, 0);
}

fn set_length(bytes: &mut [u8], more: usize) {
    let length = u16::try_from(bytes.len() - 20 + more).unwrap();
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
}

pub fn md5_key(user: &str, realm: &str, password: &str) -> Vec<u8> {
    Md5::digest(format!("{user}:{realm}:{password}")).to_vec()
}

pub fn sha256_key(user: &str, realm: &str, password: &str) -> Vec<u8> {
    Sha256::digest(format!("{user}:{realm}:{password}")).to_vec()
}

pub fn sign_sha1(bytes: &mut Vec<u8>, key: &[u8]) {
    set_length(bytes, 24);
    let mark = Hmac::<Sha1>::new_from_slice(key).unwrap().chain_update(&*bytes).finalize();
    push(bytes, MESSAGE_INTEGRITY, &mark.into_bytes());
}

pub fn sign_sha256(bytes: &mut Vec<u8>, key: &[u8], length: usize) {
    set_length(bytes, 4 + length);
    let mark = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&*bytes).finalize();
    push(bytes, MESSAGE_INTEGRITY_SHA256, &mark.into_bytes()[..length]);
}

pub fn fingerprint(bytes: &mut Vec<u8>) {
    set_length(bytes, 8);
    let mut crc = u32::MAX;
    for byte in &*bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let value = !crc ^ 0x5354_554e;
    push(bytes, FINGERPRINT, &value.to_be_bytes());
}

/// Whether the mark at the end of an answer, before any FINGERPRINT, is the key's.
pub fn is_signed(bytes: &[u8], kind: u16, key: &[u8]) -> bool {
    let message = Msg::parse(bytes);
    let mut again = message.clone();
    let Some(at) = message.attributes.iter().position(|(found, _)| *found == kind) else {
        return false;
    };
    again.attributes.truncate(at);
    let mut again = again.encode();
    match kind {
        MESSAGE_INTEGRITY => sign_sha1(&mut again, key),
        _ => sign_sha256(&mut again, key, 32),
    }
    Msg::parse(&again).attributes[at] == message.attributes[at]
}

pub fn xor(address: SocketAddr, transaction: &[u8; 12]) -> Vec<u8> {
    let mask = [&COOKIE[..], transaction].concat();
    let (family, ip) = match address.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let [high, low] = (address.port() ^ 0x2112).to_be_bytes();
    let mut value = vec![0, family, high, low];
    value.extend(ip.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
    value
}

pub fn unxor(value: &[u8], transaction: &[u8; 12]) -> SocketAddr {
    let mask = [&COOKIE[..], transaction].concat();
    let port = u16::from_be_bytes([value[2], value[3]]) ^ 0x2112;
    let ip: Vec<u8> = value[4..].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    match value[1] {
        1 => SocketAddr::from((<[u8; 4]>::try_from(ip).unwrap(), port)),
        _ => SocketAddr::from((<[u8; 16]>::try_from(ip).unwrap(), port)),
    }
}

/// Channel data as a datagram has it.
pub fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend(payload);
    bytes
}
