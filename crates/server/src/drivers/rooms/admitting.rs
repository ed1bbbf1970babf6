//! Whether somebody may join, and as what: found out before the rooms are asked, and before anything is locked.

use std::net::IpAddr;

use parlor_dialects::{Ask, Dialect, JoinToken};
use parlor_rooms::{
    AddressKey, Admission, Call, Command, Entry, Fresh, Join, MemberRef, PassId, Refusal, Reply,
    Resume, RoomName, Seq, Timestamp,
};

use super::{Answer, Line, RoomsDriver, fresh};
use crate::auth::{RevokeError, wall_clock};
use crate::transports::gate::network_of;

/// An ask once tokens and policies have been looked at: verifying a signature takes a while.
pub(super) enum Judged {
    Join(Call, Box<Entry>),
    Resume(Call, Resume, Fresh),
    Refresh(Call, MemberRef, Box<Admission>),
    Command(Call, MemberRef, Command),
    Presence(Call, RoomName),
    Ping(Call, MemberRef),
    Ack(MemberRef, Seq),
    Refused(Call, Refusal),
}

impl RoomsDriver {
    pub(super) fn judge(&self, line: &Line, ask: Ask) -> Result<Judged, getrandom::Error> {
        let fresh = || fresh(line.id.peer);
        let refused = |call| move |refusal| Judged::Refused(call, refusal);
        Ok(match ask {
            Ask::Join(call, mut join, token) => match self.admit(line, &mut join, token.as_ref()) {
                Ok(admission) => {
                    Judged::Join(call, Box::new(Entry { join, admission, fresh: fresh()? }))
                }
                Err(refusal) => Judged::Refused(call, refusal),
            },
            Ask::Resume(call, resume) => Judged::Resume(call, resume, fresh()?),
            Ask::Refresh(call, who, token) => self
                .look_at(Visitor::on(line), Some(&token), &who.room)
                .map_or_else(refused(call), |admission| {
                    Judged::Refresh(call, who, Box::new(admission))
                }),
            Ask::Presence(call, room, token) => self
                .look_at(Visitor::on(line), token.as_ref(), &room)
                .map_or_else(refused(call), |_| Judged::Presence(call, room)),
            Ask::Command(call, who, command) => Judged::Command(call, who, command),
            Ask::Ping(call, who) => Judged::Ping(call, who),
            Ask::Ack(who, seq) => Judged::Ack(who, seq),
        })
    }

    /// Where tokens tell who somebody is, what the client says of it counts for nothing.
    fn admit(
        &self,
        line: &Line,
        join: &mut Join,
        token: Option<&JoinToken>,
    ) -> Result<Admission, Refusal> {
        let admission = self.look_at(Visitor::on(line), token, &join.room)?;
        if self.auth.proves_identity() {
            join.identity.clone_from(&admission.identity);
        }
        if let Some(name) = &admission.name {
            join.name.clone_from(name);
        }
        Ok(admission)
    }

    /// A newer token for a member, on another way than its line.
    pub fn refresh_aside(&self, who: &MemberRef, token: &JoinToken) -> Answer {
        let visitor = Visitor { dialect: Some(Dialect::Sse), from: None, token: None };
        let admission = self.look_at(visitor, Some(token), &who.room)?;
        let now = self.now();
        let mut answer = Err(Refusal::SessionUnknown);
        self.run(None, now, |inner| {
            let outcome = inner.engine.handle_refresh_aside(who, admission, now);
            answer = outcome.map(|seq| Reply::Done { seq });
        });
        answer
    }

    /// Takes a token back, with whoever came in by it. Writes a file, so it is no work for a task that others wait for.
    pub fn revoke(&self, id: PassId) -> Result<(), RevokeError> {
        let kept = self.auth.revoke(id.clone(), None, wall_clock());
        let now = self.now();
        self.run(None, now, |inner| inner.engine.handle_revocation(&id, now));
        kept
    }

    /// By the policies for dialects and rooms, and by the token, else by the one that was shown when the client connected.
    fn look_at(
        &self,
        visitor: Visitor<'_>,
        token: Option<&JoinToken>,
        room: &RoomName,
    ) -> Result<Admission, Refusal> {
        if !self.policies.allow(visitor.dialect, room) {
            return Err(Refusal::NotPermitted);
        }
        let (now, wall) = (self.clock.now(), wall_clock());
        let token = token.or(visitor.token);
        let judge = || self.auth.admit(token, room, wall);
        // Who shows none does not guess.
        let from = visitor.from.filter(|_| token.is_some());
        let admission = self.auth.unless_too_many(from, judge);
        let mut admission = admission.map_err(Refusal::Token)?;
        if let Some(pass) = &mut admission.pass {
            pass.issued_at = moved(pass.issued_at, wall, now);
            pass.ends_at = pass.ends_at.map(|at| moved(at, wall, now));
        }
        admission.address = visitor.from.map(address_key);
        self.houses.complete(&mut admission, room, token.is_some());
        Ok(admission)
    }
}

/// Who asks, as far as it is known before there is a token.
struct Visitor<'a> {
    dialect: Option<Dialect>,
    from: Option<IpAddr>,
    token: Option<&'a JoinToken>,
}

impl<'a> Visitor<'a> {
    fn on(line: &'a Line) -> Self {
        Self { dialect: line.outbox.dialect(), from: line.from, token: line.token.as_ref() }
    }
}

/// A time that the wall tells, as the rooms tell it: their clock does not jump when the wall's is set.
fn moved(at: Timestamp, wall: Timestamp, rooms: Timestamp) -> Timestamp {
    if at >= wall {
        Timestamp(rooms.0.saturating_add(at.0 - wall.0))
    } else {
        Timestamp(rooms.0.saturating_sub(wall.0 - at.0))
    }
}

fn address_key(address: IpAddr) -> AddressKey {
    AddressKey(match network_of(address) {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    })
}
