//! What waits to be written to one stream of a client: bounded, because whoever relays can't wait for a slow reader.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::peers::Joined;

/// A quarter of a second of good video. More would only arrive later than anybody wants it.
const MAX_BYTES: usize = 128 * 1024;
/// Answers go on top of it: without them a client does not know where it stands.
const MAX_BYTES_WITH_ANSWERS: usize = 2 * MAX_BYTES;

#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

/// Whole messages, one behind the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Messages {
    pub bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Messages {
    fn push(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
        self.ends.push(self.bytes.len());
    }

    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        let mut begun = 0;
        self.ends.iter().map_while(move |end| {
            let (message, behind) = rest.split_at_checked(end - begun)?;
            (rest, begun) = (behind, *end);
            Some(message)
        })
    }
}

#[derive(Default)]
struct State {
    waiting: Messages,
    /// Nothing more will be written.
    ended: bool,
    joined: Option<Joined>,
}

enum Taken {
    Messages(Messages),
    NothingYet,
    Last,
}

impl State {
    fn take(&mut self) -> Taken {
        match (self.waiting.bytes.is_empty(), self.ended) {
            (false, _) => Taken::Messages(std::mem::take(&mut self.waiting)),
            (true, false) => Taken::NothingYet,
            (true, true) => Taken::Last,
        }
    }
}

impl Queue {
    /// Relayed data: dropped where there is no room, as a full router would.
    pub fn push_data(&self, message: &[u8]) {
        let mut state = self.lock();
        if !state.ended && state.waiting.bytes.len() + message.len() <= MAX_BYTES {
            state.waiting.push(message);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// What the client has asked for. Who asks and does not read is given up.
    pub fn push_answer(&self, message: &[u8]) {
        let mut state = self.lock();
        if state.waiting.bytes.len() + message.len() > MAX_BYTES_WITH_ANSWERS {
            state.ended = true;
        } else if !state.ended {
            state.waiting.push(message);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// From here on the stream carries what this connection does; what waits is written before.
    pub fn join(&self, joined: Joined) {
        let mut state = self.lock();
        (state.joined, state.ended) = (Some(joined), true);
        drop(state);
        self.changed.notify_one();
    }

    pub fn take_joined(&self) -> Option<Joined> {
        self.lock().joined.take()
    }

    /// Whether nothing that comes now would be written.
    pub fn is_over(&self) -> bool {
        self.lock().ended
    }

    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    /// What waits, or `None` when nothing more will come. May be dropped at any time.
    pub async fn next(&self) -> Option<Messages> {
        loop {
            match self.lock().take() {
                Taken::Messages(messages) => return Some(messages),
                Taken::Last => return None,
                Taken::NothingYet => {}
            }
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn data_that_finds_no_room_is_dropped_whole_and_answers_go_on() {
        let queue = Queue::default();
        queue.push_data(&vec![1; MAX_BYTES - 1]);
        queue.push_data(&[2; 2]);
        queue.push_answer(&[3; 2]);
        let waiting = queue.next().await.unwrap();
        let lengths: Vec<usize> = waiting.each().map(<[u8]>::len).collect();
        assert_eq!(lengths, [MAX_BYTES - 1, 2]);
        assert_eq!(waiting.bytes.last(), Some(&3));
        queue.push_data(&[4]);
        queue.push_data(&[5, 6]);
        let waiting = queue.next().await.unwrap();
        assert_eq!(waiting.each().collect::<Vec<_>>(), [&[4][..], &[5, 6]]);
    }

    #[tokio::test]
    async fn who_asks_and_does_not_read_is_given_up() {
        let queue = Queue::default();
        for _ in 0..3 {
            queue.push_answer(&vec![1; MAX_BYTES]);
        }
        queue.push_answer(&[2]);
        assert_eq!(queue.next().await.map(|waiting| waiting.bytes.len()), Some(2 * MAX_BYTES));
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test]
    async fn what_waits_is_written_before_the_end() {
        let queue = Queue::default();
        queue.push_answer(b"last");
        queue.end();
        queue.push_data(b"late");
        assert_eq!(queue.next().await.map(|waiting| waiting.bytes), Some(b"last".to_vec()));
        assert_eq!(queue.next().await, None);
    }
}
