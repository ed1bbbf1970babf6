//! What is to be said of one event, once for all who speak the same dialect.

use parlor_dialects::{Bytes, Dialect, encode_event};
use parlor_rooms::Event;

/// One event in the dialects of those who hear it.
pub struct Words<'a> {
    event: &'a Event,
    hearers: usize,
    known: Vec<(Dialect, Option<Bytes>)>,
}

impl<'a> Words<'a> {
    pub fn of(event: &'a Event, hearers: usize) -> Self {
        Self { event, hearers, known: Vec::new() }
    }

    /// `None`: the dialect has no words for it.
    pub fn spoken_in(&mut self, dialect: Dialect) -> Option<Bytes> {
        if self.hearers == 1 {
            // Nobody else needs them: neither a list nor a shared buffer is made.
            return encode_event(dialect, self.event, self.hearers);
        }
        if let Some((_, frame)) = self.known.iter().find(|(known, _)| *known == dialect) {
            return frame.clone();
        }
        let frame = encode_event(dialect, self.event, self.hearers);
        self.known.push((dialect, frame.clone()));
        frame
    }
}
