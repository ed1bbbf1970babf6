//! What a PeerJS client says of itself in the address that it opens, and the join that follows from it.

use std::sync::Arc;

use parlor_rooms::{Alias, AliasClaim, DisplayName, Join, Nonce, PeerId, RoomName};

use crate::directory;
use crate::matchbox::uuid;
use crate::memberships::plain_join;

/// Clients make tokens of about eleven letters. Ours is what they say, with the length that a claim must have.
const TOKEN_PREFIX: &str = "token of PeerJS ";
/// As many as fit behind the prefix, by far.
const PROOF_LETTERS: usize = 64;

/// Query parameters, decoded; what is absent is empty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Entrance {
    pub key: String,
    pub id: String,
    pub token: String,
}

impl Entrance {
    /// What to ask of the rooms, or the sentence to turn the client away with.
    pub(super) fn join(&self) -> Result<Join, &'static str> {
        if self.key.is_empty() || self.id.is_empty() || self.token.is_empty() {
            return Err("No id, token, or key supplied to websocket server");
        }
        let room = RoomName::parse(&self.key).map_err(|_| "Invalid key provided")?;
        let alias = Some(&self.id).filter(|id| is_id(id)).and_then(|id| Alias::parse(id).ok());
        let alias = alias.ok_or("Invalid id provided")?;
        let token = Nonce::parse(&format!("{TOKEN_PREFIX}{}", self.proof()));
        let token = token.map_err(|_| "Invalid token provided")?;
        let mut join = plain_join(room, display_name(&self.id));
        directory::mark(&mut join.attributes, super::KIND);
        join.alias = Some(AliasClaim { alias, token });
        Ok(join)
    }

    /// Of a token that also opens rooms, which is long, the end of its signature: nobody can guess that either.
    fn proof(&self) -> &str {
        let Some((_, signature)) = self.token.rsplit_once('.') else { return &self.token };
        let start = signature.len().saturating_sub(PROOF_LETTERS);
        signature.get(start..).unwrap_or(signature)
    }

    pub(super) fn id(&self) -> Arc<str> {
        self.id.as_str().into()
    }
}

/// The others see the id in place of a name, as much of it as fits.
fn display_name(id: &str) -> DisplayName {
    let name: String = id.chars().take(DisplayName::MAX_CHARS).collect();
    DisplayName::parse(&name).unwrap_or_default()
}

/// The clients' own rule: letters and digits, and single blanks, hyphens or underscores between them.
fn is_id(id: &str) -> bool {
    let words = id.split([' ', '_', '-']);
    words
        .into_iter()
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// An id for a client that has none: a random UUID (RFC 9562, section 5.4).
#[must_use]
pub fn fresh_id(mut entropy: [u8; 16]) -> String {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut entropy;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    uuid(PeerId::from_entropy(entropy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_the_clients_take_for_ids() {
        for id in ["a", "Ada", "ada-1", "a b_c-d", "00112233-4455-6677-8899-aabbccddeeff"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", " ", "-a", "a-", "a--b", "a _b", "é", "a/b", "a\n", "<b>"] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn a_fresh_id_is_a_random_uuid() {
        assert_eq!(fresh_id([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(fresh_id([255; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
