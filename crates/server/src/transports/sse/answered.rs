//! The answers to a member's last POSTs, so that a repeated one is answered and not carried out again.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Bytes;
use axum::http::StatusCode;
use parlor_dialects::Problem;
use parlor_dialects::sse::Trouble;

/// The oldest is forgotten first.
pub const MAX_ANSWERS: usize = 256;
const MAX_KEY_CHARS: usize = 64;

pub type Answer = (StatusCode, Bytes);

/// An `Idempotency-Key`: a new one for each request, the same for its repetitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Box<str>);

impl Key {
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let is_fine = (1..=MAX_KEY_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        let why = || format!("`Idempotency-Key` must be 1 to {MAX_KEY_CHARS} visible characters");
        is_fine.then(|| Self(text.into())).ok_or_else(|| Problem::BadMessage(why()).into())
    }
}

pub struct Answered<A = Answer>(VecDeque<(Key, u64, A)>);

impl<A> Default for Answered<A> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<A: Clone> Answered<A> {
    /// `None`: this request is new.
    pub fn find(&self, key: &Key, body: &[u8]) -> Result<Option<A>, Trouble> {
        let Some((_, hash, answer)) = self.0.iter().find(|(known, _, _)| known == key) else {
            return Ok(None);
        };
        if *hash == hash_of(body) { Ok(Some(answer.clone())) } else { Err(Trouble::KeyReused) }
    }

    pub fn remember(&mut self, key: Key, body: &[u8], answer: A) {
        if self.0.len() >= MAX_ANSWERS {
            self.0.pop_front();
        }
        self.0.push_back((key, hash_of(body), answer));
    }
}

/// Only tells a mistake from a repetition: a client that finds a collision deceives itself.
fn hash_of(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key::parse(&number.to_string()).unwrap()
    }

    #[test]
    fn a_repeated_request_gets_its_first_answer() {
        let mut answered: Answered = Answered::default();
        assert_eq!(answered.find(&key(1), b"hi"), Ok(None));
        let answer = (StatusCode::OK, Bytes::from("ok"));
        answered.remember(key(1), b"hi", answer.clone());
        assert_eq!(answered.find(&key(1), b"hi"), Ok(Some(answer)));
        assert_eq!(answered.find(&key(1), b"ho"), Err(Trouble::KeyReused));
        assert_eq!(answered.find(&key(2), b"hi"), Ok(None));
    }

    #[test]
    fn so_many_are_remembered_and_no_more() {
        let mut answered: Answered = Answered::default();
        for number in 0..=MAX_ANSWERS {
            answered.remember(key(number), b"", (StatusCode::OK, Bytes::new()));
        }
        assert_eq!(answered.find(&key(0), b""), Ok(None));
        assert!(answered.find(&key(1), b"").unwrap().is_some());
        assert_eq!(answered.0.len(), MAX_ANSWERS);
    }

    #[test]
    fn a_key_is_short_and_visible() {
        for wrong in ["", "a b", "é", "a\u{7f}", &"x".repeat(65)] {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Key::parse(&"x".repeat(64)).is_ok());
    }
}
