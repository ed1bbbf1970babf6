//! The token that a client shows when it joins: passed on unread, never shown.

use std::fmt;
use std::sync::Arc;

/// A text that only the driver can judge (RFC 7519 in the compact form of RFC 7515). `Debug` doesn't tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken(Arc<str>);

impl JoinToken {
    /// More than any sensible set of claims, and less than what servers take as a head.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// `None` for an empty text. One that is too long is cut off by whoever judges it, with a refusal.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// For whoever judges it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(…)")
    }
}
