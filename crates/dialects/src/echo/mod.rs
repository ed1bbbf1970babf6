//! What the first chapter of every WebSocket tutorial teaches: every message is answered with itself.

use std::collections::VecDeque;

use crate::session::{Frame, Step};

#[derive(Debug, Default)]
pub struct Session {
    steps: VecDeque<Step>,
}

impl Session {
    /// Binary messages are taken for UTF-8, as the tutorials' servers do.
    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Text(text) => text.into(),
            Frame::Binary(bytes) => String::from_utf8_lossy(bytes),
        };
        let answer = format!("Server received your message => {text}");
        self.steps.push_back(Step::Send(answer.into()));
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }
}
