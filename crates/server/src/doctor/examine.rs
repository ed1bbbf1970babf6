//! One run: which checks, in which order, and what goes on at the same time.

use super::findings::certificate::{self, Shown};
use super::findings::clock::{self, Clocks, Validity};
use super::findings::ice::{self, Told};
use super::findings::parlor::{self, Health};
use super::findings::reach::Connected;
use super::findings::relay::Tried;
use super::findings::relay_address::{self, Vantage};
use super::findings::websocket::{self, Opened};
use super::findings::{Got, machine, protocol, reach, relay};
use super::plan::{Local, Plan};
use super::probes::http::Asking;
use super::probes::link::{Cover, Door};
use super::probes::relay::{Means, bind, try_relay};
use super::probes::tls::Roots;
use super::probes::{self, port};
use super::relays::{Offer, Relay, Transport};
use super::report::{Area, Check, Finding};
use super::target::{Host, Scheme};
use futures_util::future::{join_all, join4};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A relay is asked a dozen times, each within the deadline's reach.
const RELAY_DEADLINES: u32 = 3;

/// Random bytes, made before: nothing fails for want of them half-way.
pub struct Entropy {
    pub key: [u8; 16],
    pub seeds: VecDeque<u128>,
}

/// Collects the checks, and tells of each as it ends.
struct Board<'a> {
    checks: Mutex<Vec<Check>>,
    heard: &'a (dyn Fn(&Check) + Sync),
}

impl Board<'_> {
    fn put(&self, area: Area, took: Duration, finding: Finding) {
        let check = Check { area, took, finding };
        (self.heard)(&check);
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).push(check);
    }

    fn skip(&self, areas: &[Area], why: &str) {
        for area in areas {
            self.put(*area, Duration::ZERO, Finding::skipped(why));
        }
    }
}

/// Of what is not there, nothing can be checked.
const OF_THE_SERVER: [Area; 5] =
    [Area::Parlor, Area::Certificate, Area::Clock, Area::WebSocket, Area::IceServers];

pub async fn examine(
    plan: &Plan,
    mut entropy: Entropy,
    heard: &(dyn Fn(&Check) + Sync),
) -> Vec<Check> {
    let board = Board { checks: Mutex::default(), heard };
    let roots = Roots::of_system();
    let beside = async {
        if let Some(local) = &plan.local {
            beside_the_server(local, plan.deadline, &board).await;
        }
    };
    let server = server(plan, &roots, entropy.key, &board);
    let ((), (addresses, offer)) = tokio::join!(beside, server);
    let seeds = &mut entropy.seeds;
    let stun_seed = seeds.pop_front().unwrap_or_default();
    let (relayed, ()) = tokio::join!(
        relays(plan, Offered { offer: &offer, reached: &addresses }, &roots, seeds, &board),
        stun(plan, Offered { offer: &offer, reached: &addresses }, stun_seed, &board)
    );
    let named = |relay: &Relay| match &relay.url.host {
        Host::Ip(_) => false,
        Host::Name(_) => relay.url.host != plan.target.host,
    };
    let elsewhere = plan.relays.is_some() || offer.relays.iter().any(named);
    let began = Instant::now();
    let vantage = plan
        .local
        .as_ref()
        .map_or(Vantage::Outside, |local| Vantage::Beside { exposed: local.exposed() });
    let finding = relay_address::relay_address(vantage, &addresses, &relayed, elsewhere);
    board.put(Area::RelayAddress, began.elapsed(), finding);
    let mut checks = board.checks.into_inner().unwrap_or_else(PoisonError::into_inner);
    checks.sort_by_key(|check| check.area);
    checks
}

async fn beside_the_server(local: &Local, deadline: Duration, board: &Board<'_>) {
    board.put(Area::Configuration, Duration::ZERO, machine::configuration(&[]));
    let began = Instant::now();
    let places = local.listen.iter().map(|address| async move {
        let place = probes::machine::place(address, deadline).await;
        (address.to_string(), address.port(), place)
    });
    let places = join_all(places).await;
    board.put(Area::Listening, began.elapsed(), machine::listening(&places));
    let exposed = local.exposed();
    let began = Instant::now();
    let files = machine::open_files(probes::machine::open_files(), local.max_connections, exposed);
    board.put(Area::OpenFiles, began.elapsed(), files);
    let began = Instant::now();
    let buffers = machine::udp_buffers(probes::machine::udp_buffers(), exposed);
    board.put(Area::UdpBuffers, began.elapsed(), buffers);
}

/// From the name to the list of relays: the addresses of the server, and what it offers.
async fn server(
    plan: &Plan,
    roots: &Roots,
    key: [u8; 16],
    board: &Board<'_>,
) -> (Vec<IpAddr>, Offer) {
    let target = &plan.target;
    let began = Instant::now();
    let resolved = port::resolve(target, plan.deadline).await;
    board.put(Area::Name, began.elapsed(), reach::name(&target.host, &resolved, &plan.advertised));
    let addresses = resolved.addresses();
    let given_up = |why| {
        board.skip(&OF_THE_SERVER, why);
        plan.relays.clone().unwrap_or_default()
    };
    if addresses.is_empty() {
        board.skip(&[Area::Tcp, Area::Protocol], "there is no address to connect to");
        return (addresses, given_up("there is no address to connect to"));
    }
    let Some(address) = connect(plan, &addresses, board).await else {
        board.skip(&[Area::Protocol], "nothing accepts a connection");
        return (addresses, given_up("nothing accepts a connection"));
    };
    let door =
        Door { host: target.host.clone(), address, cover: Cover::Plain, roots: roots.clone() };
    let Some((scheme, shown)) = protocol(plan, &door, board).await else {
        return (addresses, given_up("the port does not speak what was asked for"));
    };
    let offer = conversation(plan, Connection { door, scheme, shown, key }, board).await;
    (addresses, offer)
}

/// The first address that answers.
async fn connect(plan: &Plan, addresses: &[IpAddr], board: &Board<'_>) -> Option<SocketAddr> {
    let began = Instant::now();
    let port = plan.target.port;
    let tries = addresses.iter().map(|ip| port::connect(SocketAddr::new(*ip, port), plan.deadline));
    let tries = join_all(tries).await;
    board.put(Area::Tcp, began.elapsed(), reach::tcp(port, &tries));
    let open = tries.iter().find(|(_, connected)| matches!(connected, Connected::Open(_)));
    open.map(|(address, _)| *address)
}

async fn protocol(plan: &Plan, door: &Door, board: &Board<'_>) -> Option<(Scheme, Option<Shown>)> {
    let began = Instant::now();
    let authority = authority(plan, Scheme::Http);
    let (plain, (greeted, shown)) = tokio::join!(
        port::plain(door.address, &authority, plan.deadline),
        port::greet(door, plan.deadline)
    );
    let (finding, scheme) = protocol::protocol(&plan.target, plan.asked, &plain, &greeted);
    board.put(Area::Protocol, began.elapsed(), finding);
    Some((scheme?, shown))
}

fn authority(plan: &Plan, scheme: Scheme) -> String {
    let origin = plan.target.with_scheme(scheme);
    origin.split("://").last().unwrap_or_default().to_owned()
}

/// How to talk to the server, once that is known.
struct Connection {
    door: Door,
    scheme: Scheme,
    shown: Option<Shown>,
    key: [u8; 16],
}

async fn conversation(plan: &Plan, connection: Connection, board: &Board<'_>) -> Offer {
    let Connection { mut door, scheme, shown, key } = connection;
    door.cover = match scheme {
        Scheme::Http => Cover::Plain,
        Scheme::Https => Cover::Tls,
    };
    let origin = plan.origin.clone().unwrap_or_else(|| plan.target.with_scheme(scheme));
    let asking =
        Asking { door, authority: authority(plan, scheme), origin, deadline: plan.deadline };
    board.put(Area::Certificate, Duration::ZERO, certificate_of(plan, scheme, shown.as_ref()));
    let (livez, readyz, opened, list) = join4(
        timed(asking.get("/livez")),
        timed(asking.get("/readyz")),
        timed(probes::websocket::open(&asking, key)),
        timed(list(&asking)),
    )
    .await;
    let (took, at) = (livez.took.max(readyz.took), livez.middle);
    let health = Health { livez: livez.value, readyz: readyz.value };
    board.put(Area::Parlor, took, parlor::parlor(&health));
    board.put(Area::WebSocket, opened.took, {
        match (&opened.value, health.is_parlor()) {
            (Opened::Welcomed { .. }, _) | (_, true) => {
                websocket::websocket(&asking.origin, &opened.value, health.proxy().as_ref())
            }
            (_, false) => Finding::skipped("no Parlor answers"),
        }
    });
    let offer = offer(plan, &asking.origin, list, health.is_parlor(), board);
    let clocks = clocks(&health.livez, at);
    let validity = Validity { lifetime: offer.lifetime, expiry: offer.expiry() };
    board.put(Area::Clock, took, clock::clock(clocks, validity, since_1970()));
    offer
}

fn certificate_of(plan: &Plan, scheme: Scheme, shown: Option<&Shown>) -> Finding {
    match (scheme, shown) {
        (Scheme::Https, Some(shown)) => {
            let now = since_1970().as_secs().try_into().unwrap_or(i64::MAX);
            certificate::certificate(&plan.target.host, shown, now)
        }
        (Scheme::Https, None) => Finding::skipped("no certificate was shown"),
        // Behind a web server with TLS, pages come from an origin that has it.
        (Scheme::Http, _)
            if plan.origin.as_ref().is_some_and(|from| from.starts_with("https:")) =>
        {
            Finding::skipped("plain HTTP, for the web server in front, which has the certificate")
        }
        (Scheme::Http, _) if plan.local.as_ref().is_some_and(Local::exposed) => {
            certificate::plain_for_others()
        }
        (Scheme::Http, _) => certificate::plain(&plan.target),
    }
}

async fn list(asking: &Asking) -> Told {
    const PATH: &str = "/api/v1/ice-servers";
    let page = asking.get(PATH).await;
    let refused = page.as_ref().is_ok_and(|answer| answer.status == 403);
    let program = if refused { Some(asking.get_as_program(PATH).await) } else { None };
    Told::ByServer { page, program }
}

fn offer(plan: &Plan, origin: &str, list: Timed<Told>, parlor: bool, board: &Board<'_>) -> Offer {
    if !parlor && plan.relays.is_none() {
        board.skip(&[Area::IceServers], "no Parlor answers");
        return Offer::default();
    }
    let told = match plan.relays.clone() {
        Some(offer) => Told::ByFlags(offer),
        None => list.value,
    };
    let (finding, offer) = ice::ice_servers(origin, told);
    board.put(Area::IceServers, list.took, finding);
    offer
}

fn clocks(livez: &Got, here: Duration) -> Option<Clocks> {
    let date = livez.as_ref().ok()?.header("date")?;
    let server = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Clocks { server, here })
}

/// What clients are told of, and the addresses by which whoever told it was reached.
#[derive(Clone, Copy)]
struct Offered<'a> {
    offer: &'a Offer,
    reached: &'a [IpAddr],
}

impl Offered<'_> {
    fn misplaced(&self, plan: &Plan, host: &Host) -> Option<String> {
        // What stands on the command line is not the server's doing.
        let by_server = plan.relays.is_none();
        by_server.then(|| relay_address::misplaced(host, self.reached)).flatten()
    }
}

async fn stun(plan: &Plan, offered: Offered<'_>, seed: u128, board: &Board<'_>) {
    let url = offered.offer.stun.iter().find(|url| url.transport == Transport::Udp);
    let here: (&Host, u16) = (&plan.target.host, plan.target.port);
    let (host, port) = url.map_or(here, |url| (&url.host, url.port));
    let began = Instant::now();
    let bound = bind(host, port, seed, plan.deadline).await;
    let misplaced = offered.misplaced(plan, host);
    board.put(Area::Stun, began.elapsed(), ice::stun(port, &bound, url.is_some(), misplaced));
}

/// The addresses that the relays hand out.
async fn relays(
    plan: &Plan,
    offered: Offered<'_>,
    roots: &Roots,
    seeds: &mut VecDeque<u128>,
    board: &Board<'_>,
) -> Vec<IpAddr> {
    let mut tries = Vec::new();
    for relay in &offered.offer.relays {
        let seeds = [seeds.pop_front().unwrap_or_default(), seeds.pop_front().unwrap_or_default()];
        let means =
            Means { roots: roots.clone(), deadline: plan.deadline * RELAY_DEADLINES, seeds };
        tries.push(async move {
            let tried = timed(try_relay(relay, &means)).await;
            let misplaced = offered.misplaced(plan, &relay.url.host);
            let finding = relay::relay(&relay.url, &tried.value, misplaced);
            board.put(area(relay.url.transport), tried.took, finding);
            told(relay, &tried.value, plan)
        });
    }
    let relayed = join_all(tries).await.concat();
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        if !offered.offer.relays.iter().any(|relay| relay.url.transport == transport) {
            board.skip(&[area(transport)], "none is offered");
        }
    }
    relayed
}

/// Where clients send their packets: to the relay, and to what it handed out.
fn told(relay: &Relay, tried: &Tried, plan: &Plan) -> Vec<IpAddr> {
    let mut addresses = relay::addresses(tried);
    if let (Host::Ip(ip), None) = (&relay.url.host, &plan.relays) {
        addresses.push(*ip);
    }
    addresses
}

fn area(transport: Transport) -> Area {
    match transport {
        Transport::Udp => Area::RelayUdp,
        Transport::Tcp => Area::RelayTcp,
        Transport::Tls => Area::RelayTls,
    }
}

struct Timed<T> {
    value: T,
    took: Duration,
    /// By this machine's clock, half-way between question and answer.
    middle: Duration,
}

async fn timed<T>(probe: impl Future<Output = T>) -> Timed<T> {
    let (began, clock) = (Instant::now(), since_1970());
    let value = probe.await;
    let took = began.elapsed();
    Timed { value, took, middle: clock + took / 2 }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
