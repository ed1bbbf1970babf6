//! Messages of the other end, decompressed as they come in, up to a limit.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Agreement, TAIL};
use crate::Role;
use crate::error::Error;

/// Decompressed at once. The library clears what it is given before it writes there: the whole rest of a large message for each small
/// fragment would be a way to make a server busy.
const ROOM: usize = 4 * 1024;

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
        let (mut rest, mut room) = (part, [0; ROOM]);
        loop {
            let (read, written) = (state.total_in(), state.total_out());
            let status = state
                .decompress(rest, &mut room, FlushDecompress::Sync)
                .map_err(|_| Error::BadDeflate)?;
            let (read, written) = (state.total_in() - read, state.total_out() - written);
            rest = rest.get(read as usize..).unwrap_or_default();
            out.extend_from_slice(room.get(..written as usize).unwrap_or_default());
            if out.len() > limit {
                return Err(Error::MessageTooLarge);
            }
            match status {
                // A last block: what follows begins anew, section 7.2.3.4.
                Status::StreamEnd => state.reset(false),
                Status::Ok | Status::BufError if read + written == 0 && !rest.is_empty() => {
                    return Err(Error::BadDeflate);
                }
                Status::Ok | Status::BufError => {}
            }
            if rest.is_empty() && written < ROOM as u64 {
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
