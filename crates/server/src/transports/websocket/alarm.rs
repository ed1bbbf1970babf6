//! What wakes a connection beside its stream and its outbox: a deadline, and the end of the server.
//!
//! Neither is asked each time that something happens: who was asked once wakes the task when its time has come.

use std::pin::Pin;
use std::task::Context;

use tokio::time::{Instant, Sleep};

use crate::shutdown::Stopping;

pub struct Alarm<'a, F> {
    /// One timer for every deadline. It is set anew when one comes nearer; that others have moved away is noticed when it fires.
    timer: Pin<&'a mut Sleep>,
    /// The timer was asked since it was set.
    is_set: bool,
    stop: Pin<&'a mut F>,
    stops: Stops,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stops {
    Unasked,
    Later,
    Told,
}

impl<'a, F: Future<Output = ()>> Alarm<'a, F> {
    pub fn new(timer: Pin<&'a mut Sleep>, stop: Pin<&'a mut F>) -> Self {
        Self { timer, is_set: false, stop, stops: Stops::Unasked }
    }

    /// Whether the timer has fired, which is then to be set.
    pub fn poll_timer(
        &mut self,
        context: &mut Context<'_>,
        deadline: Instant,
        now: Instant,
    ) -> bool {
        if deadline < self.timer.deadline() {
            self.set(deadline);
        }
        if self.is_set && now < self.timer.deadline() {
            return false;
        }
        self.is_set = true;
        self.timer.as_mut().poll(context).is_ready()
    }

    pub fn set(&mut self, deadline: Instant) {
        self.timer.as_mut().reset(deadline);
        self.is_set = false;
    }

    /// `true` once, when the server begins to stop.
    pub fn poll_stop(&mut self, context: &mut Context<'_>, stopping: &Stopping) -> bool {
        let is_due = match self.stops {
            Stops::Unasked => true,
            Stops::Later => stopping.has_begun(),
            Stops::Told => false,
        };
        if !is_due {
            return false;
        }
        let begun = self.stop.as_mut().poll(context).is_ready();
        self.stops = if begun { Stops::Told } else { Stops::Later };
        begun
    }
}
