//! What ends, and when.

use std::collections::VecDeque;

use parlor_rooms::Timestamp;
use stun_types::message::TransactionId;

use super::Turn;
use crate::address::ClientAddr;
use crate::allocation::{Relay, Socket};
use crate::ids::{AllocationId, PeerConnection, RelayId};
use crate::output::Output;
use crate::ports::Owner;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deadline {
    Allocation(AllocationId),
    /// By its token.
    Reservation(u64),
    Connection(PeerConnection),
}

/// The last requests that ended something. Whose answer was lost asks again, and hears the same.
#[derive(Default)]
pub(super) struct Ended(VecDeque<(ClientAddr, TransactionId)>);

impl Ended {
    /// A request is repeated for 40 s at most (RFC 8489, section 6.2.1), and few of the answers are lost.
    const MOST: usize = 256;

    pub(super) fn remember(&mut self, client: ClientAddr, transaction: TransactionId) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back((client, transaction));
    }

    pub(super) fn knows(&self, client: ClientAddr, transaction: TransactionId) -> bool {
        self.0.contains(&(client, transaction))
    }
}

impl Turn {
    /// Ends what has expired.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while self.poll_timeout().is_some_and(|at| at <= now) {
            let Some((_, deadline)) = self.deadlines.pop_first() else { return };
            match deadline {
                Deadline::Allocation(id) => {
                    self.counters.expired += 1;
                    self.end(id);
                }
                Deadline::Reservation(token) => self.drop_reservation(token),
                Deadline::Connection(connection) => self.give_up_connection(connection),
            }
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// A client's stream has ended, and its allocation with it.
    pub fn handle_stream_closed(&mut self, client: ClientAddr, now: Timestamp) {
        self.handle_timeout(now);
        if let Some(id) = self.by_client.get(&client) {
            self.end(*id);
        }
    }

    /// Ends an allocation and all that it has.
    pub(super) fn end(&mut self, id: AllocationId) {
        let Some(allocation) = self.allocations.remove(id) else { return };
        self.deadlines.remove(&(allocation.expires, Deadline::Allocation(id)));
        self.by_client.remove(&allocation.client);
        self.release_quota(&allocation.user);
        for connection in &allocation.connections {
            self.close_connection(*connection);
        }
        for (family, relay) in allocation.addresses() {
            self.close_relay(RelayId { allocation: id, family }, relay);
        }
    }

    pub(super) fn close_relay(&mut self, id: RelayId, relay: Relay) {
        self.ports.set(relay.address, Owner::Nobody);
        match relay.socket {
            Socket::None => {}
            Socket::Opening { .. } | Socket::Open => {
                self.outputs.push_back(Output::CloseRelay { relay: id });
            }
        }
    }

    pub(super) fn drop_reservation(&mut self, token: u64) {
        let Some(reservation) = self.reservations.remove(&token) else { return };
        self.deadlines.remove(&(reservation.expires, Deadline::Reservation(token)));
        self.ports.set(reservation.address, Owner::Nobody);
        self.release_quota(&reservation.user);
    }

    pub(super) fn take_quota(&mut self, user: &str) {
        *self.users.entry(user.into()).or_default() += 1;
    }

    fn release_quota(&mut self, user: &str) {
        let Some(count) = self.users.get_mut(user) else { return };
        *count -= 1;
        if *count == 0 {
            self.users.remove(user);
        }
    }
}
