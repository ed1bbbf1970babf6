//! Engine.IO alone: every message comes back.

use std::collections::VecDeque;

use parlor_dialects::socketio::engine::{Closed, Message};
use parlor_rooms::Timestamp;

use crate::transports::engineio::guest::{Guest, Output, Pulled};

#[derive(Default)]
pub struct Echo {
    outputs: VecDeque<Output>,
}

impl Guest for Echo {
    fn handle_message(&mut self, message: Message, _: Timestamp) {
        self.outputs.push_back(Output::Send(message));
    }

    fn handle_pinged(&mut self) {}

    fn handle_confirmed(&mut self, _: Timestamp) {}

    fn handle_timeout(&mut self, _: Timestamp) {}

    fn poll_timeout(&self) -> Option<Timestamp> {
        None
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn pull(&mut self, _: Timestamp) -> Pulled {
        Pulled::Nothing
    }

    fn has_given_up(&self) -> bool {
        false
    }

    fn handle_recalled(&mut self, _: Timestamp) {}

    fn handle_closed(self: Box<Self>, _: Closed, _: Timestamp) {}
}
