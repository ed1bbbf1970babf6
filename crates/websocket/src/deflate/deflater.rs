//! Messages compressed. One that keeps no context may serve many connections, one after the other.

use flate2::{Compress, Compression, FlushCompress};

use super::{Agreement, TAIL};
use crate::Role;

/// The window of the library: references never reach back further.
const LIBRARY_WINDOW_BITS: u8 = 15;

/// Compressed at once.
const ROOM: usize = 4 * 1024;

#[derive(Debug)]
pub struct Deflater {
    state: Compress,
    keeps_context: bool,
    /// References may reach back so far; `None`: as far as the library's do.
    window: Option<usize>,
    /// What references can reach: bytes since the dictionary was emptied.
    reachable: usize,
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
        let (mut rest, mut room) = (part, [0; ROOM]);
        loop {
            let (read, written) = (self.state.total_in(), self.state.total_out());
            // Fails only for a state that is misused.
            _ = self.state.compress(rest, &mut room, flush);
            let (read, written) = (self.state.total_in() - read, self.state.total_out() - written);
            rest = rest.get(read as usize..).unwrap_or_default();
            self.out.extend_from_slice(room.get(..written as usize).unwrap_or_default());
            if rest.is_empty() && written < ROOM as u64 {
                return;
            }
        }
    }
}

fn window(bits: u8) -> Option<usize> {
    (bits < LIBRARY_WINDOW_BITS).then(|| 1 << bits)
}
