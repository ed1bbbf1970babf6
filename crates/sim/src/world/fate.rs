//! What a scenario does to a world: what people want, and what happens to their connections and the server.

use super::{ClientId, Happening, World};
use crate::Millis;
use crate::network::{Cut, Item, LinkId, Way};
use crate::plan::Order;

impl World {
    pub fn order(&mut self, id: ClientId, order: Order) {
        let now = self.clock.now();
        self.with(id.0, |seat| seat.client.handle_order(order, now));
    }

    pub fn chat(&mut self, id: ClientId, text: impl Into<String>) {
        self.order(id, Order::Chat(text.into()));
    }

    pub fn reload(&mut self, id: ClientId) {
        let now = self.clock.now();
        self.with(id.0, |seat| seat.client.handle_reload(now));
    }

    /// A frame past the client's manners, over its present connection.
    pub fn inject(&mut self, id: ClientId, text: impl Into<String>) {
        let link = self.clients.get(id.0).and_then(|seat| seat.link);
        if let Some(link) = link {
            self.send(link, Way::Up, Item::Text(text.into().into()));
        }
    }

    /// Breaks the present connection of a client, if it has one.
    pub fn cut(&mut self, id: ClientId, cut: Cut) {
        if let Some(link) = self.clients.get(id.0).and_then(|seat| seat.link) {
            self.cut_link(link, cut);
        }
    }

    /// Breaks the connection of the item that would arrive next after so many have arrived in all.
    pub fn plan_cut(&mut self, delivered: usize, cut: Cut) {
        self.planned_cuts.push_back((delivered, cut));
    }

    /// Breaks it so that any suffix of what is in flight is lost, and any end may not know.
    pub fn cut_somehow(&mut self, id: ClientId) {
        let Some(link) = self.clients.get(id.0).and_then(|seat| seat.link) else { return };
        let (up, down) = (Way::Up, Way::Down);
        let in_flight = [up, down].map(|way| self.network.in_flight(link, way) + 1);
        let [keep_up, keep_down] = in_flight.map(|most| self.rng.index(most));
        let (client_is_told, server_is_told) = (self.rng.percent(70), self.rng.percent(70));
        self.cut_link(link, Cut { keep_up, keep_down, client_is_told, server_is_told });
    }

    /// Half-open: nothing arrives this way for a while, then all of it, late.
    pub fn stall(&mut self, id: ClientId, way: Way, time: Millis) {
        let until = self.clock.now() + time;
        if let Some(link) = self.clients.get(id.0).and_then(|seat| seat.link) {
            self.network.stall(link, way, until);
        }
    }

    /// The connection breaks, and no other can be made until [`Self::come_online`].
    pub fn go_offline(&mut self, id: ClientId, cut: Cut) {
        self.cut(id, cut);
        self.set_offline(id, true);
    }

    pub fn come_online(&mut self, id: ClientId) {
        self.set_offline(id, false);
    }

    /// How fast a client reads from now on; `None`: as fast as it comes.
    pub fn read_at(&mut self, id: ClientId, bytes_per_second: Option<u64>) {
        let Some(seat) = self.clients.get_mut(id.0) else { return };
        seat.bytes_per_second = bytes_per_second;
        if let Some(link) = seat.link {
            self.network.throttle(link, Way::Down, bytes_per_second);
        }
    }

    /// The server dies, all its state is lost, and another one starts after a while.
    pub fn restart(&mut self, down: Millis) {
        self.server = None;
        let links: Vec<LinkId> = self.owners.keys().copied().collect();
        for link in links {
            let keep_down = self.rng.index(self.network.in_flight(link, Way::Down) + 1);
            let client_is_told = self.rng.percent(80);
            self.cut_link(link, Cut { keep_down, client_is_told, ..Cut::CLEAN });
        }
        self.clock.schedule(self.clock.now() + down, Happening::ServerStarts);
    }

    fn set_offline(&mut self, id: ClientId, is_offline: bool) {
        if let Some(seat) = self.clients.get_mut(id.0) {
            seat.is_offline = is_offline;
        }
    }
}
