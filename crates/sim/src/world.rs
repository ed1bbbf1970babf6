//! The whole: clients, a network and one server, moved from event to event. The same seed is the same run.
//!
//! A second node would be another [`Server`] beside the first and a note of which link leads where:
//! neither the clock nor the network knows how many there are.

use std::collections::{BTreeMap, VecDeque};

use parlor_rooms::Counters;

use crate::Millis;
use crate::client::{Client, Want};
use crate::clock::Clock;
use crate::network::{Cut, Item, LinkId, Network, Received, Way};
use crate::plan::{Order, Setup};
use crate::rng::Rng;
use crate::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(usize);

#[derive(Debug)]
pub struct World {
    setup: Setup,
    clock: Clock<Happening>,
    network: Network,
    /// `None` while it is down.
    server: Option<Server>,
    server_wakes_at: Option<Millis>,
    clients: Vec<Seat>,
    owners: BTreeMap<LinkId, usize>,
    /// For scenarios: what happens by chance.
    pub rng: Rng,
    planned_cuts: VecDeque<(usize, Cut)>,
    delivered: usize,
}

#[derive(Debug)]
struct Seat {
    client: Client,
    link: Option<LinkId>,
    wakes_at: Option<Millis>,
    /// Its reading speed over every connection.
    bytes_per_second: Option<u64>,
    /// Nothing that it dials answers.
    is_offline: bool,
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Arrival(LinkId, Way),
    ClientWakes(usize),
    ServerWakes,
    ServerStarts,
}

impl World {
    #[must_use]
    pub fn new(seed: u64, setup: Setup) -> Self {
        let mut rng = Rng::new(seed);
        let network = Network::new(setup.weather, rng.fork());
        let server = Some(Server::new(setup.clone(), rng.fork()));
        Self {
            setup,
            clock: Clock::new(),
            network,
            server,
            server_wakes_at: None,
            clients: Vec::new(),
            owners: BTreeMap::new(),
            rng,
            planned_cuts: VecDeque::new(),
            delivered: 0,
        }
    }

    /// Somebody opens the page of a room.
    pub fn native(&mut self, name: &str, room: &str) -> ClientId {
        let client = Client::native(name, room, self.rng.fork());
        self.seat(client)
    }

    /// Somebody comes with a tutorial's client.
    pub fn json(&mut self, name: &str, room: &str) -> ClientId {
        self.seat(Client::json(name, room))
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// # Panics
    /// For the id of another world.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids are made by `seat` alone")]
    pub fn client(&self, id: ClientId) -> &Client {
        &self.clients[id.0].client
    }

    /// What the engine holds; zeroes while the server is down.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.server.as_ref().map(Server::counters).unwrap_or_default()
    }

    #[must_use]
    pub fn connections(&self) -> usize {
        self.server.as_ref().map_or(0, Server::connections)
    }

    #[must_use]
    pub fn links(&self) -> usize {
        self.network.links()
    }

    /// Items that have arrived anywhere so far.
    #[must_use]
    pub fn delivered(&self) -> usize {
        self.delivered
    }

    pub fn run_for(&mut self, time: Millis) {
        let until = self.clock.now() + time;
        while let Some(happening) = self.clock.next(until) {
            self.happen(happening);
        }
    }

    /// Runs until `is_done`, at most for `time`. Tells whether it was done.
    pub fn run_until(&mut self, time: Millis, mut is_done: impl FnMut(&Self) -> bool) -> bool {
        let until = self.clock.now() + time;
        while !is_done(self) {
            let Some(happening) = self.clock.next(until) else { return is_done(self) };
            self.happen(happening);
        }
        true
    }

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

    fn seat(&mut self, client: Client) -> ClientId {
        let seat =
            Seat { client, link: None, wakes_at: None, bytes_per_second: None, is_offline: false };
        self.clients.push(seat);
        let id = self.clients.len() - 1;
        self.with(id, |_| {});
        ClientId(id)
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.clock.now();
        match happening {
            Happening::Arrival(link, way) => self.arrive(link, way),
            Happening::ClientWakes(id) => self.with(id, |seat| {
                // Otherwise an earlier time was planned since.
                if seat.wakes_at == Some(now) {
                    seat.wakes_at = None;
                    seat.client.handle_timeout(now);
                }
            }),
            Happening::ServerWakes => {
                if self.server_wakes_at != Some(now) {
                    return;
                }
                self.server_wakes_at = None;
                if let Some(server) = &mut self.server {
                    server.handle_timeout(now);
                }
                self.settle_server();
            }
            Happening::ServerStarts => {
                self.server = Some(Server::new(self.setup.clone(), self.rng.fork()));
            }
        }
    }

    fn arrive(&mut self, link: LinkId, way: Way) {
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
                server.handle_open(link, seat.client.dialect(), now);
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

    /// Lets something happen to a client, then does what it wants.
    fn with(&mut self, id: usize, work: impl FnOnce(&mut Seat)) {
        let Some(seat) = self.clients.get_mut(id) else { return };
        work(seat);
        while let Some(want) = self.clients.get_mut(id).and_then(|seat| seat.client.poll_output()) {
            self.do_for(id, want);
        }
        let Some(seat) = self.clients.get_mut(id) else { return };
        let Some(at) = seat.client.poll_timeout().map(|at| at.max(self.clock.now())) else {
            return;
        };
        if seat.wakes_at.is_none_or(|planned| at < planned) {
            seat.wakes_at = Some(at);
            self.clock.schedule(at, Happening::ClientWakes(id));
        }
    }

    fn do_for(&mut self, id: usize, want: Want) {
        let Some(seat) = self.clients.get_mut(id) else { return };
        match want {
            Want::Dial if seat.is_offline => {}
            Want::Dial => {
                let link = self.network.open();
                self.network.throttle(link, Way::Down, seat.bytes_per_second);
                seat.link = Some(link);
                self.owners.insert(link, id);
                self.send(link, Way::Up, Item::Open);
            }
            Want::Text(text) => {
                if let Some(link) = seat.link {
                    self.send(link, Way::Up, Item::Text(text.into()));
                }
            }
            Want::HangUp => {
                if let Some(link) = seat.link.take() {
                    self.send(link, Way::Up, Item::End);
                }
            }
        }
    }

    fn settle_server(&mut self) {
        while let Some(link) = self.server.as_mut().and_then(Server::poll_touched) {
            self.write(link);
        }
        let now = self.clock.now();
        let wanted = self.server.as_ref().and_then(Server::poll_timeout);
        let Some(at) = wanted.map(|at| at.max(now)) else { return };
        if self.server_wakes_at.is_none_or(|planned| at < planned) {
            self.server_wakes_at = Some(at);
            self.clock.schedule(at, Happening::ServerWakes);
        }
    }

    /// Writes what waits for a link, as far as its socket takes it.
    fn write(&mut self, link: LinkId) {
        let now = self.clock.now();
        loop {
            let takes_more = self.network.takes_more(link, Way::Down);
            let Some(server) = &mut self.server else { return };
            let Some(item) = server.take(link, takes_more, now) else { return };
            self.send(link, Way::Down, item);
        }
    }

    fn send(&mut self, link: LinkId, way: Way, item: Item) {
        if let Some(due) = self.network.send(link, way, item, self.clock.now()) {
            self.clock.schedule(due, Happening::Arrival(link, way));
        }
    }

    fn cut_link(&mut self, link: LinkId, cut: Cut) {
        let now = self.clock.now();
        self.network.cut(link, cut, now);
        for way in [Way::Up, Way::Down] {
            self.clock.schedule(now, Happening::Arrival(link, way));
        }
        self.sweep(link);
    }

    fn sweep(&mut self, link: LinkId) {
        if self.network.sweep(link) && self.clients.iter().all(|seat| seat.link != Some(link)) {
            self.owners.remove(&link);
        }
    }
}
