//! Messages of the other end, decompressed as they come in, up to a limit.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Agreement, TAIL};
use crate::Role;
use crate::error::Error;

#[derive(Debug)]
pub struct Inflater {
    keeps_context: bool,
    /// There from the first compressed message on, or only while one is being read.
    state: Option<Decompress>,
}

impl Inflater {
    /// For what `sender` sends.
    #[must_use]
    pub fn new(sender: Role, agreement: &Agreement) -> Self {
        let anew = match sender {
            Role::Client => agreement.client_no_context_takeover,
            Role::Server => agreement.server_no_context_takeover,
        };
        Self { keeps_context: !anew, state: None }
    }

    /// Appends what a part of a message holds, if `out` stays within `limit`.
    pub fn inflate(&mut self, part: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        let state = self.state.get_or_insert_with(|| Decompress::new(false));
        let mut rest = part;
        loop {
            let (read, written) = (state.total_in(), out.len());
            out.reserve(room(rest.len()).min(limit.saturating_sub(written) + 1));
            let status = state
                .decompress_vec(rest, out, FlushDecompress::Sync)
                .map_err(|_| Error::BadDeflate)?;
            let read = usize::try_from(state.total_in() - read).unwrap_or(usize::MAX);
            rest = rest.get(read..).unwrap_or_default();
            if out.len() > limit {
                return Err(Error::MessageTooLarge);
            }
            let idle = read == 0 && out.len() == written;
            match status {
                // A last block: what follows begins anew, section 7.2.3.4.
                Status::StreamEnd => state.reset(false),
                Status::Ok | Status::BufError if idle && !rest.is_empty() => {
                    return Err(Error::BadDeflate);
                }
                Status::Ok | Status::BufError => {}
            }
            if rest.is_empty() && out.len() < out.capacity() {
                return Ok(());
            }
        }
    }

    /// Appends what the message still holds.
    pub fn end_message(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        self.inflate(&TAIL, out, limit)?;
        if !self.keeps_context {
            self.state = None;
        }
        Ok(())
    }
}

/// Text becomes a quarter of its size; the least is for what comes byte by byte.
fn room(compressed: usize) -> usize {
    const LEAST: usize = 256;
    compressed.saturating_mul(4).max(LEAST)
}
