//! Requests that make something and may be repeated when their answer was lost: carried out once for each
//! `Idempotency-Key`.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use super::answering::{Answer, Written};
use super::problem::{Code, Problem};
use crate::transports::sse::answered::{Answered, Key};

/// The last answers to requests with a key; the oldest is forgotten first.
#[derive(Default)]
pub struct Repeated(Mutex<Answered<Written>>);

impl Repeated {
    /// One after the other: a repetition that overtakes its request waits here for the answer. What was refused was
    /// not carried out, and is tried again.
    pub fn once(
        &self,
        headers: &HeaderMap,
        asked: &[u8],
        carry_out: impl FnOnce() -> Answer,
    ) -> Answer {
        let Some(key) = headers.get("idempotency-key") else { return carry_out() };
        let wrong = |_| {
            Problem::new(Code::BadParameter, "`Idempotency-Key` must be 1 to 64 visible characters")
        };
        let key = Key::parse(key.to_str().unwrap_or_default()).map_err(wrong)?;
        let mut answered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answered.find(&key, asked).map_err(|_| Code::KeyReused)? {
            return Ok(answer);
        }
        let answer = carry_out()?;
        answered.remember(key, asked, answer.clone());
        Ok(answer)
    }
}
