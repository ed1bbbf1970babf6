//! What is kept of what has come in part: the message so far, and behind it the control frame that came in between.

use crate::error::Error;

#[derive(Debug, Default)]
pub struct Kept {
    bytes: Vec<u8>,
    /// So much of it is UTF-8; behind it there are at most three bytes of a character.
    checked: usize,
    /// Where the control frame begins.
    control: usize,
}

impl Kept {
    pub fn add(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    /// For what is not added as it came.
    pub fn message(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub fn as_message(&self) -> &[u8] {
        &self.bytes
    }

    /// Nothing is kept that could be needed later: an idle connection has no memory here.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the text can still become UTF-8, for what was added since the last time.
    pub fn check_text(&mut self) -> Result<(), Error> {
        let unchecked = self.bytes.get(self.checked..).unwrap_or_default();
        match std::str::from_utf8(unchecked) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Error::InvalidUtf8),
        }
        Ok(())
    }

    pub fn begin_control(&mut self) {
        self.control = self.bytes.len();
    }

    pub fn as_control(&self) -> &[u8] {
        self.bytes.get(self.control..).unwrap_or_default()
    }

    pub fn end_control(&mut self) {
        self.bytes.truncate(self.control);
        if self.bytes.is_empty() {
            self.clear();
        }
    }
}
