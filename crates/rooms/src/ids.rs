//! The names of things: a type for each side of a confusion.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::hashing;
use crate::text::{Invalid, check_name};

/// Milliseconds since 1970 UTC. Within one process it never runs backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    #[must_use]
    pub fn after(self, wait: std::time::Duration) -> Self {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// One transport connection, numbered by the server in the order of their opening. Never shown to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The number of an event in its room's log; the first event has 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The client's number of a request; within a session they increase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// The largest integer that every JSON reader keeps exact (RFC 8259, section 6).
    pub const MAX: u64 = (1 << 53) - 1;

    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// The name of a room: 1 to [`RoomName::MAX_CHARS`] characters without control characters.
#[derive(Clone, Debug)]
pub struct RoomName {
    name: Arc<str>,
    hash: u64,
}

impl RoomName {
    pub const MAX_CHARS: usize = 64;

    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let name = check_name(name, Self::MAX_CHARS)?;
        Ok(Self { name: name.into(), hash: hashing::of_text(name) })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Which of so many parts of the rooms this one is in: the same for the life of the process.
    #[must_use]
    pub fn share(&self, of: usize) -> usize {
        // The upper bits, as tables use the lower ones.
        usize::try_from(self.hash >> 32).unwrap_or_default() % of.max(1)
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for RoomName {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.name, &other.name) || (self.hash == other.hash && self.name == other.name)
    }
}

impl Eq for RoomName {}

impl PartialOrd for RoomName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RoomName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A member of a room: made by the server, unguessable, the only way to address somebody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId([u8; 16]);

impl PeerId {
    /// Whose words the server's own are. No member has it: entropy is not all zeros.
    pub const SERVER: Self = Self([0; 16]);
    /// 16 bytes of entropy become 22 letters of base64url (RFC 4648, section 5).
    pub const TEXT_LEN: usize = 22;

    #[must_use]
    pub fn from_entropy(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    /// For dialects that spell ids in their own way.
    #[must_use]
    pub fn bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The text, of ASCII.
    #[must_use]
    pub fn letters(&self) -> [u8; Self::TEXT_LEN] {
        encode(&self.0)
    }
}

/// All of its bits are random: any part is a hash.
impl Hash for PeerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_ne_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.letters()).unwrap_or_default())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}

/// What resumes a session. Changes with each use; `Debug` doesn't tell it.
#[derive(Clone, Copy)]
pub struct Secret([u8; 24]);

impl Secret {
    /// 24 bytes of entropy become 32 letters of base64url.
    pub const TEXT_LEN: usize = 32;

    #[must_use]
    pub fn from_entropy(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    /// Shown to its owner, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        encode::<24, { Self::TEXT_LEN }>(&self.0).map(char::from).iter().collect()
    }
}

/// Compares in constant time: the answer's delay says nothing about the secret.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Three bytes are four letters.
fn encode<const N: usize, const LETTERS: usize>(bytes: &[u8; N]) -> [u8; LETTERS] {
    let mut text = [0; LETTERS];
    for (three, four) in bytes.chunks(3).zip(text.chunks_mut(4)) {
        let bits = three.iter().fold(0, |bits, byte| (bits << 8) | u32::from(*byte));
        // What is missing of the last letter is zero.
        let (bits, mut held) = (bits << 8, 8 * three.len() + 8);
        for letter in four {
            held -= 6;
            *letter = self::letter(bits >> held);
        }
    }
    text
}

fn letter(sextet: u32) -> u8 {
    ALPHABET.get((sextet & 63) as usize).copied().unwrap_or(b'A')
}

/// The bytes of a text of exactly the right length; left-over bits must be zero, so that one id has one spelling.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(6) {
        return None;
    }
    let mut out = [0; N];
    let mut slots = out.iter_mut();
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes() {
        bits = (bits << 6) | u32::from(sextet(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            *slots.next()? = u8::try_from(bits >> held).ok()?;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(out)
}

fn sextet(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_exactly_one_spelling() {
        let id = PeerId::from_entropy([0xA5; 16]);
        assert_eq!(id.to_string().len(), PeerId::TEXT_LEN);
        assert_eq!(PeerId::parse(&id.to_string()), Some(id));
        assert_eq!(
            PeerId::parse(&PeerId::from_entropy([255; 16]).to_string().replace('w', "x")),
            None
        );
        assert_eq!(PeerId::parse("short"), None);
        assert_eq!(PeerId::parse(&"é".repeat(11)), None);
    }

    #[test]
    fn a_secret_is_read_back_and_not_told_by_debug() {
        let secret = Secret::from_entropy([7; 24]);
        assert_eq!(Secret::parse(&secret.reveal()), Some(secret));
        assert_ne!(Secret::parse(&secret.reveal()), Some(Secret::from_entropy([8; 24])));
        assert!(!format!("{secret:?}").contains(&secret.reveal()));
    }

    #[test]
    fn a_room_name_has_limits() {
        assert!(RoomName::parse("Straße 7 🎻").is_ok());
        assert!(RoomName::parse("").is_err());
        assert!(RoomName::parse(" ").is_err());
        assert!(RoomName::parse("a\u{0}b").is_err());
        assert!(RoomName::parse(&"x".repeat(65)).is_err());
    }
}
