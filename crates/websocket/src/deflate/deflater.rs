//! Messages compressed. One that keeps no context may serve many connections, one after the other.

use flate2::{Compress, Compression, FlushCompress};

use super::{Agreement, TAIL};
use crate::Role;

/// The window of the library: references never reach back further.
const LIBRARY_WINDOW_BITS: u8 = 15;

/// What is compressed is written here first. With less than 85 KiB the library writes into a buffer of its own, and what it then hands out
/// piece by piece is not always what it has written (seen with 4 KiB and messages of 64 KiB that hardly shrink).
const ROOM: usize = 256 * 1024;

#[derive(Debug)]
pub struct Deflater {
    state: Compress,
    keeps_context: bool,
    /// References may reach back so far; `None`: as far as the library's do.
    window: Option<usize>,
    /// What references can reach: bytes since the dictionary was emptied.
    reachable: usize,
    room: Vec<u8>,
    out: Vec<u8>,
}

impl Deflater {
    /// For what `sender` sends.
    #[must_use]
    pub fn new(sender: Role, agreement: &Agreement) -> Self {
        let (anew, bits) = match sender {
            Role::Server => {
                (agreement.server_no_context_takeover, agreement.server_max_window_bits)
            }
            Role::Client => (agreement.client_no_context_takeover, LIBRARY_WINDOW_BITS),
        };
        Self {
            state: Compress::new(Compression::fast(), false),
            keeps_context: !anew,
            window: window(bits),
            reachable: 0,
            room: vec![0; ROOM],
            out: Vec::new(),
        }
    }

    /// From here on it is for another connection whose server agreed on this. No context may be kept before or after.
    pub fn serve(&mut self, agreement: &Agreement) {
        self.window = window(agreement.server_max_window_bits);
    }

    /// The payload to send, or `None` where the message itself is not longer. With a context that is kept it is always the former:
    /// what the other end has not seen, later messages must not refer to.
    pub(crate) fn deflate(&mut self, message: &[u8]) -> Option<&[u8]> {
        self.out.clear();
        let mut rest = message;
        while !rest.is_empty() {
            let room = self.window.map_or(usize::MAX, |window| window - self.reachable);
            let (part, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            let is_last = after.is_empty();
            self.reachable = self.reachable.saturating_add(part.len());
            let is_full = self.window.is_some_and(|window| self.reachable >= window);
            let anew = is_full || (is_last && !self.keeps_context);
            if anew {
                self.reachable = 0;
            }
            self.compress(part, if anew { FlushCompress::Full } else { FlushCompress::Sync });
            rest = after;
        }
        // An empty message is an empty block, section 7.2.3.6.
        let payload = if message.is_empty() { &[0][..] } else { self.out.strip_suffix(&TAIL)? };
        (self.keeps_context || payload.len() < message.len()).then_some(payload)
    }

    fn compress(&mut self, part: &[u8], flush: FlushCompress) {
        let mut rest = part;
        loop {
            let (read, written) = (self.state.total_in(), self.state.total_out());
            // Fails only for a state that is misused.
            _ = self.state.compress(rest, &mut self.room, flush);
            let (read, written) = (self.state.total_in() - read, self.state.total_out() - written);
            rest = rest.get(read as usize..).unwrap_or_default();
            self.out.extend_from_slice(self.room.get(..written as usize).unwrap_or_default());
            if rest.is_empty() && written < ROOM as u64 {
                return;
            }
        }
    }
}

fn window(bits: u8) -> Option<usize> {
    (bits < LIBRARY_WINDOW_BITS).then(|| 1 << bits)
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    /// What hardly shrinks makes blocks of all kinds.
    #[test]
    fn large_messages_that_hardly_shrink_are_what_they_were() {
        let agreement = Agreement {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: 15,
        };
        let mut deflater = Deflater::new(Role::Server, &agreement);
        let mut chance = 1u64;
        for message in 0..200u64 {
            // Rows of pixels: each much like the one before it, with noise of a strength of its own.
            let noise = (1u64 << (message % 8)) - 1;
            let bytes: Vec<u8> = (0..65_536u64)
                .map(|at| {
                    chance =
                        chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1 + message);
                    let shade = (at % 512) / 3 + (at / 512) / 2;
                    (shade + ((chance >> 33) & noise)).to_le_bytes()[0]
                })
                .collect();
            let Some(payload) = deflater.deflate(&bytes) else { continue };
            let whole = [payload, &TAIL].concat();
            let mut back = Vec::with_capacity(2 * bytes.len());
            let mut inflater = Decompress::new(false);
            inflater.decompress_vec(&whole, &mut back, FlushDecompress::Sync).unwrap();
            assert!(back == bytes, "message {message}");
        }
    }
}
