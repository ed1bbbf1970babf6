//! The whole: clients, a network and one server, moved from event to event. The same seed is the same run.
//!
//! A second node would be another [`Server`] beside the first and a note of which link leads where:
//! neither the clock nor the network knows how many there are.

mod arrivals;
mod fate;

use std::collections::{BTreeMap, VecDeque};

use parlor_rooms::Counters;

use crate::Millis;
use crate::client::{Client, Want};
use crate::clock::Clock;
use crate::network::{Cut, Item, LinkId, Network, Way};
use crate::plan::Setup;
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
