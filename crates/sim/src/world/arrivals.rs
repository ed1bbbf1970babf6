//! What happens when something arrives at an end of a link.

use super::{Happening, World};
use crate::network::{Cut, Item, LinkId, Received, Way};

impl World {
    pub(super) fn arrive(&mut self, link: LinkId, way: Way) {
        let is_due = |(after, _): &mut (usize, Cut)| self.delivered >= *after;
        if let Some((_, cut)) = self.planned_cuts.pop_front_if(is_due) {
            self.cut_link(link, cut);
        }
        match self.network.receive(link, way, self.clock.now()) {
            Received::Item(item) => {
                self.delivered += 1;
                match way {
                    Way::Up => self.arrive_at_server(link, item),
                    Way::Down => self.arrive_at_client(link, item),
                }
                self.sweep(link);
            }
            Received::NotBefore(at) => self.clock.schedule(at, Happening::Arrival(link, way)),
            Received::Nothing => {}
        }
    }

    fn arrive_at_server(&mut self, link: LinkId, item: Item) {
        let now = self.clock.now();
        let Some(server) = &mut self.server else {
            return self.send(link, Way::Down, Item::End); // Nobody listens.
        };
        match item {
            Item::Open => {
                let owner = self.owners.get(&link).and_then(|id| self.clients.get(*id));
                let Some(seat) = owner else { return };
                server.handle_open(link, seat.client.door(), now);
                self.send(link, Way::Down, Item::Open);
            }
            Item::Text(text) => {
                server.handle_text(link, &String::from_utf8_lossy(&text), now);
            }
            Item::Pong => server.handle_pong(link, now),
            Item::Ping => {}
            Item::Close(_) | Item::End => {
                server.handle_gone(link, now);
                self.send(link, Way::Down, Item::End);
            }
        }
        self.settle_server();
    }

    fn arrive_at_client(&mut self, link: LinkId, item: Item) {
        let now = self.clock.now();
        let Some(id) = self.owners.get(&link).copied() else { return };
        if item == Item::Ping {
            self.send(link, Way::Up, Item::Pong); // Browsers answer by themselves.
        }
        if item.is_last() {
            self.send(link, Way::Up, Item::End);
        }
        self.with(id, |seat| {
            if seat.link != Some(link) {
                return; // Abandoned.
            }
            if item.is_last() {
                seat.link = None;
            }
            seat.client.handle_item(&item, now);
        });
        self.write(link);
        self.settle_server();
    }
}
