//! One connection of the server: its session, what waits for it, and its deadlines; after the server's own.

use std::time::Duration;

use parlor_dialects::{Close, Frame, Session};

use crate::Millis;
use crate::bucket::Bucket;
use crate::network::{Item, LinkId};
use crate::outbox::{Outbox, OutboxLimits};
use crate::plan::Setup;

/// Refused messages before a connection is closed, and how many are forgiven each second.
const MAX_REFUSALS: u32 = 2_000;
const FORGIVEN_PER_SECOND: u32 = 20;
/// How long one write may take, and how long a client may take to read its last frames.
const WRITE_TIMEOUT: Millis = 30_000;
const CLOSE_TIMEOUT: Millis = 2_000;
#[derive(Debug)]
pub(super) struct Line {
    pub(super) link: LinkId,
    pub(super) session: Session,
    pub(super) outbox: Outbox,
    pub(super) rate: Bucket,
    pub(super) refusals: Bucket,
    pub(super) opened_at: Millis,
    pub(super) heard_at: Millis,
    pub(super) pinged_at: Millis,
    /// Since when the socket has taken nothing of what waits.
    blocked_since: Option<Millis>,
}

impl Line {
    pub(super) fn new(link: LinkId, session: Session, setup: &Setup, now: Millis) -> Self {
        let limits = OutboxLimits { frames: setup.outbox_frames, bytes: setup.outbox_bytes };
        Self {
            link,
            session,
            outbox: Outbox::new(limits),
            rate: Bucket::new(setup.messages_per_second, setup.burst, now),
            refusals: Bucket::new(FORGIVEN_PER_SECOND, MAX_REFUSALS, now),
            opened_at: now,
            heard_at: now,
            pinged_at: now,
            blocked_since: None,
        }
    }

    pub(super) fn hear(&mut self, text: &str, now: Millis) {
        self.heard_at = now;
        let frame = Frame::Text(text);
        match self.rate.take(now) {
            Ok(()) => self.session.handle_frame(frame),
            Err(_) if self.refusals.take(now).is_err() => self.outbox.close(Close::RateLimited),
            Err(wait) => {
                self.session.handle_excess(frame, Duration::from_millis(wait));
            }
        }
    }

    pub(super) fn take(&mut self, takes_more: bool, now: Millis) -> Option<Item> {
        if takes_more {
            self.blocked_since = None;
            return self.outbox.take();
        }
        let blocked_since = *self.blocked_since.get_or_insert(now);
        let is_over = self.outbox.is_closing() && now >= blocked_since + CLOSE_TIMEOUT;
        is_over.then_some(Item::End)
    }

    pub(super) fn next_deadline(&self, setup: &Setup) -> Option<Millis> {
        if self.outbox.is_closing() {
            return self.blocked_since.map(|since| since + CLOSE_TIMEOUT);
        }
        let ping = self.heard_at.max(self.pinged_at) + setup.idle_timeout / 3;
        let write = self.blocked_since.map(|since| since + WRITE_TIMEOUT);
        let join = self.session.must_join().then_some(self.opened_at + setup.join_timeout);
        let always = [ping, self.heard_at + setup.idle_timeout];
        always.into_iter().chain(write).chain(join).min()
    }

    pub(super) fn handle_deadline(&mut self, setup: &Setup, now: Millis) {
        if self.outbox.is_closing() || self.next_deadline(setup).is_none_or(|at| at > now) {
            return;
        }
        if self.blocked_since.is_some_and(|since| now >= since + WRITE_TIMEOUT) {
            self.outbox.give_up();
            self.blocked_since = Some(now);
        } else if self.session.must_join() && now >= self.opened_at + setup.join_timeout {
            self.outbox.close(Close::JoinTimeout);
        } else if now >= self.heard_at + setup.idle_timeout {
            self.outbox.close(Close::IdleTimeout);
        } else {
            self.pinged_at = now;
            self.outbox.ping();
        }
    }
}
