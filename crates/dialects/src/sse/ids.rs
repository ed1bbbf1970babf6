//! What a client keeps: the id of the last event, which opens the stream again, and the token, which POSTs show.

use std::fmt;

use parlor_rooms::{MemberRef, PeerId, Resume, RoomName, Secret, Seq};

/// `<seq>.<peer>.<secret>`: all that a resume needs, because all that an `EventSource` brings back is this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// `None`: the client knows the session, but nothing of the room any more.
    pub seq: Option<Seq>,
    pub peer: PeerId,
    pub secret: Secret,
}

impl EventId {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, rest) = text.split_once('.')?;
        let is_number = seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = match seq {
            "" => None,
            digits => Some(Seq(digits.parse().ok().filter(|_| is_number)?)),
        };
        let (peer, secret) = peer_and_secret(rest)?;
        Some(Self { seq, peer, secret })
    }

    pub(super) fn resume(self, room: RoomName) -> Resume {
        let member = MemberRef { room, peer: self.peer };
        Resume { member, secret: self.secret, since: self.seq }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Seq(seq)) = self.seq {
            write!(f, "{seq}")?;
        }
        write!(f, ".{}.{}", self.peer, self.secret.reveal())
    }
}

/// `<peer>.<secret>`: says who posts. It stays the same for as long as the session is carried by streams, unlike
/// the secret in event ids, so that a client may post while its stream is being opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub peer: PeerId,
    pub secret: Secret,
}

impl Token {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        peer_and_secret(text).map(|(peer, secret)| Self { peer, secret })
    }

    /// From the value of an `Authorization` header (RFC 6750, section 2.1).
    #[must_use]
    pub fn from_authorization(value: &str) -> Option<Self> {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Self::parse(token.trim()))?
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.peer, self.secret.reveal())
    }
}

fn peer_and_secret(text: &str) -> Option<(PeerId, Secret)> {
    let (peer, secret) = text.split_once('.')?;
    Some((PeerId::parse(peer)?, Secret::parse(secret)?))
}
