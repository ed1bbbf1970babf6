//! One member: what the others see, the session behind it, and how far it has acknowledged the log.

use std::sync::Arc;

use crate::admission::{AddressKey, Admission, Pass};
use crate::bars::Banned;
use crate::command::{Fresh, Join, OnDisconnect};
use crate::event::{MemberView, State};
use crate::ids::{ConnectionId, PeerId, Secret, Seq, Timestamp};
use crate::outcomes::Outcomes;
use crate::permissions::{Permission, Permissions, Role};
use crate::text::{Identity, Nonce};
use crate::tracks::Tracks;

#[derive(Debug)]
pub(crate) struct Member {
    /// That of the view, without the way there: each event asks every member.
    peer: PeerId,
    pub(crate) view: Arc<MemberView>,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) link: Link,
    pub(crate) standing: Standing,
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

/// What the server has found out about a member, beside what the others see.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) hidden: bool,
    pub(crate) pass: Option<Pass>,
    /// What is to happen next because of the pass.
    pub(crate) due: Option<PassDue>,
    /// What the token said; what moderators have changed since outlives a newer one that says the same.
    pub(crate) granted: (Option<Role>, Option<Permissions>),
    /// The first microphone is muted.
    pub(crate) starts_muted: bool,
    identity: Option<Identity>,
    address: Option<AddressKey>,
}

/// When a pass ends, and whether the member has been told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassDue {
    Notice(Timestamp),
    End(Timestamp),
}

impl Standing {
    fn new(admission: Admission, starts_muted: bool) -> Self {
        Self {
            hidden: admission.hidden,
            pass: admission.pass,
            due: None,
            granted: (admission.role, admission.permissions),
            starts_muted,
            identity: admission.identity,
            address: admission.address,
        }
    }

    /// Whose role nobody but the room has given.
    pub(crate) fn is_free(&self) -> bool {
        self.granted == (None, None)
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// By what a ban knows this member again.
    pub(crate) fn banned(&self) -> Option<Banned> {
        let identity = self.identity.clone().map(Banned::Identity);
        identity.or(self.address.map(Banned::Address))
    }
}

/// What the room gives a newcomer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) connection: ConnectionId,
    pub(crate) order: u64,
    pub(crate) role: Role,
    pub(crate) permissions: Permissions,
    pub(crate) starts_muted: bool,
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
    pub(crate) fn new(join: Join, admission: Admission, fresh: Fresh, seat: Seat) -> Self {
        let (name, identity) = (admission.name.clone(), admission.identity.clone());
        Self {
            peer: fresh.peer,
            view: Arc::new(MemberView {
                peer: fresh.peer,
                name: name.unwrap_or(join.name),
                // Without proof it is a claim.
                identity: identity.or(join.identity),
                alias: join.alias.as_ref().map(|claim| claim.alias.clone()),
                attributes: join.attributes,
                role: seat.role,
                permissions: seat.permissions,
                tracks: Tracks::default(),
                hand: None,
                state: State::Connected,
                incarnation: 1,
                order: seat.order,
            }),
            on_disconnect: join.on_disconnect,
            link: Link::Connected(seat.connection),
            standing: Standing::new(admission, seat.starts_muted),
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
        self.peer
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

    pub(crate) fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    pub(crate) fn moderates(&self) -> bool {
        self.view.permissions.has(Permission::Moderate)
    }

    pub(crate) fn is_seen(&self) -> bool {
        !self.standing.hidden
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
