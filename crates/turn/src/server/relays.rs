//! The sockets of relayed addresses, where peers outside of this process may be reached.

use parlor_rooms::Timestamp;

use super::Turn;
use crate::allocation::{Protocol, Relay, Socket};
use crate::ids::{AllocationId, RelayId};
use crate::output::Output;
use crate::ports::{Owner, Wish};
use crate::refusal::Refusal;
use crate::wire::reply::{Success, Withheld};

impl Turn {
    pub(super) fn open_socket(&mut self, relay: RelayId, protocol: Protocol, state: Relay) {
        let address = state.address;
        match (state.socket, protocol) {
            (Socket::Opening { .. }, Protocol::Udp) => {
                self.outputs.push_back(Output::OpenRelay { relay, address });
            }
            (Socket::Opening { .. }, Protocol::Tcp) => {
                self.outputs.push_back(Output::OpenListener { relay, address });
            }
            (Socket::None | Socket::Open, _) => {}
        }
    }

    /// The socket or listener that `OpenRelay` or `OpenListener` asked for is there.
    pub fn handle_relay_opened(&mut self, relay: RelayId, now: Timestamp) {
        self.handle_timeout(now);
        let Some(allocation) = self.allocations.get_mut(relay.allocation) else { return };
        if let Some(state) = allocation.relay_mut(relay.family) {
            state.socket = Socket::Open;
        }
        self.answer_allocate(relay.allocation);
    }

    /// The address can't be had. The engine may ask for another one.
    pub fn handle_relay_failed(&mut self, relay: RelayId, now: Timestamp) {
        self.handle_timeout(now);
        let Some(allocation) = self.allocations.get(relay.allocation) else { return };
        let Some(Relay { address, socket: Socket::Opening { retries } }) =
            allocation.relay(relay.family).copied()
        else {
            return;
        };
        let protocol = allocation.protocol;
        self.ports.set(address, Owner::Nobody);
        let random = self.dice.throw();
        let again = retries
            .checked_sub(1)
            .and_then(|left| Some((left, self.ports.find(address.ip(), Wish::Any, random)?)));
        let Some((retries, address)) = again else { return self.give_up_relay(relay) };
        self.ports.set(address, Owner::Allocation(relay.allocation));
        let state = Relay { address, socket: Socket::Opening { retries } };
        self.replace(relay, Some(state));
        self.open_socket(relay, protocol, state);
    }

    fn replace(&mut self, relay: RelayId, state: Option<Relay>) {
        let Some(allocation) = self.allocations.get_mut(relay.allocation) else { return };
        *allocation.relay_mut(relay.family) = state;
        allocation.granted.relayed =
            allocation.relays.map(|relay| relay.map(|relay| relay.address));
    }

    /// With the other family the allocation is good for something; without, it is refused.
    fn give_up_relay(&mut self, relay: RelayId) {
        self.replace(relay, None);
        let Some(allocation) = self.allocations.get_mut(relay.allocation) else { return };
        if allocation.addresses().next().is_some() {
            allocation.granted.withheld = Some((relay.family, Withheld::NoCapacity));
            return self.answer_allocate(relay.allocation);
        }
        let (client, token) = (allocation.client, allocation.granted.token);
        if let Some(question) = allocation.unanswered.take() {
            self.answer(client, &question, Err(Refusal::InsufficientCapacity));
        }
        if let Some(token) = token {
            self.drop_reservation(token);
        }
        self.end(relay.allocation);
    }

    fn answer_allocate(&mut self, id: AllocationId) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        if allocation.is_opening() {
            return;
        }
        let (client, granted) = (allocation.client, allocation.granted);
        if let Some(question) = allocation.unanswered.take() {
            self.counters.allocated += 1;
            self.answer(client, &question, Ok(Some(Success::Allocated(granted))));
        }
    }
}
