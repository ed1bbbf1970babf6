//! One member: what the others see, the session behind it, and how far it has acknowledged the log.

use std::sync::Arc;

use crate::command::{Fresh, Join, OnDisconnect};
use crate::event::{MemberView, State};
use crate::ids::{ConnectionId, PeerId, Secret, Seq, Timestamp};
use crate::outcomes::Outcomes;
use crate::text::Nonce;

/// What a member may do: the server's policy. A client can't change its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent grants")]
pub struct Permissions {
    pub chat: bool,
    pub message: bool,
    pub signal: bool,
    pub update: bool,
}

impl Permissions {
    pub const ALL: Self = Self { chat: true, message: true, signal: true, update: true };
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) view: Arc<MemberView>,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) link: Link,
    pub(crate) outcomes: Outcomes,
    /// The client has said that it has everything up to here.
    pub(crate) acked: Seq,
    /// The newest event meant for this member that the log had to let go.
    pub(crate) lost: Seq,
    /// The newest connection that has served this session. A client opens one after the other, so what
    /// comes over an older one was given up on its way.
    newest: ConnectionId,
    nonce: Option<Nonce>,
    secret: Secret,
    unconfirmed: Option<Unconfirmed>,
    /// Opens the session for whoever claims its alias.
    alias_token: Option<Nonce>,
}

/// What the room gives a newcomer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) connection: ConnectionId,
    pub(crate) order: u64,
    pub(crate) permissions: Permissions,
}

/// A session is served by one connection, or waits for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Connected(ConnectionId),
    Waiting { until: Timestamp },
}

/// One change of the secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renewal {
    /// `None` when a repeated join opened the session: its nonce stays good.
    pub(crate) used: Option<Secret>,
    pub(crate) next: Secret,
}

/// What also opens the session until the client has shown that the last answer reached it.
#[derive(Debug)]
enum Unconfirmed {
    Join,
    Resume(Secret),
}

/// A join with the nonce of one that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// The client has not seen the answer: it gets the same session.
    Again,
    /// It has a newer connection; nobody waits for this answer any more.
    Late,
}

impl Member {
    pub(crate) fn new(join: Join, fresh: Fresh, seat: Seat) -> Self {
        Self {
            view: Arc::new(MemberView {
                peer: fresh.peer,
                name: join.name,
                identity: join.identity,
                alias: join.alias.as_ref().map(|claim| claim.alias.clone()),
                attributes: join.attributes,
                permissions: seat.permissions,
                state: State::Connected,
                incarnation: 1,
                order: seat.order,
            }),
            on_disconnect: join.on_disconnect,
            link: Link::Connected(seat.connection),
            outcomes: Outcomes::default(),
            acked: Seq::default(),
            lost: Seq::default(),
            newest: seat.connection,
            unconfirmed: join.nonce.is_some().then_some(Unconfirmed::Join),
            nonce: join.nonce,
            secret: fresh.secret,
            alias_token: join.alias.map(|claim| claim.token),
        }
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.view.peer
    }

    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self.link {
            Link::Connected(connection) => Some(connection),
            Link::Waiting { .. } => None,
        }
    }

    /// Whether this secret opens the session. The previous one doesn't when it comes late, after another try
    /// with it was answered: that would put out the client's newer connection.
    pub(crate) fn knows(&self, secret: Secret, connection: ConnectionId) -> bool {
        let previous = matches!(self.unconfirmed, Some(Unconfirmed::Resume(old)) if old == secret);
        self.secret == secret || (previous && connection >= self.newest)
    }

    /// What to do with a join that has this nonce.
    pub(crate) fn repetition(&self, nonce: &Nonce, connection: ConnectionId) -> Option<Repetition> {
        if self.nonce.as_ref() != Some(nonce) {
            None
        } else if connection < self.newest {
            Some(Repetition::Late)
        } else {
            let is_open = matches!(self.unconfirmed, Some(Unconfirmed::Join));
            is_open.then_some(Repetition::Again)
        }
    }

    pub(crate) fn serve(&mut self, connection: ConnectionId) -> Link {
        self.newest = self.newest.max(connection);
        std::mem::replace(&mut self.link, Link::Connected(connection))
    }

    pub(crate) fn gives_way_to(&self, token: &Nonce) -> bool {
        self.alias_token.as_ref() == Some(token)
    }

    /// The client has shown that it has the current secret: nothing older opens the session now.
    pub(crate) fn confirm(&mut self) {
        self.unconfirmed = None;
    }

    /// Changes the secret. The one that was used opens the session again until [`Self::confirm`].
    pub(crate) fn renew(&mut self, renewal: Renewal) {
        if let Some(used) = renewal.used {
            self.unconfirmed = Some(Unconfirmed::Resume(used));
        }
        self.secret = renewal.next;
    }

    /// For the owner's eyes.
    pub(crate) fn secret(&self) -> Secret {
        self.secret
    }

    /// The client starts to number its requests anew.
    pub(crate) fn forget_requests(&mut self) {
        self.outcomes = Outcomes::default();
    }

    pub(crate) fn change(&mut self, edit: impl FnOnce(&mut MemberView)) {
        edit(Arc::make_mut(&mut self.view));
    }
}
