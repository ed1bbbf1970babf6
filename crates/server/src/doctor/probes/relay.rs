//! Drives the client of a STUN or TURN server over real connections.

use super::super::exchange::{Exchange, Outcome, Side};
use super::super::findings::Trouble;
use super::super::findings::certificate::Trust;
use super::super::findings::ice::Bound;
use super::super::findings::relay::Tried;
use super::super::relays::{Relay, ServerUrl, Transport};
use super::super::target::Host;
use super::super::turn_client::{Carrier, Client, Credentials, Event, Output, Step};
use super::link::{Cover, Door, Link, look_up};
use super::tls::Roots;
use super::{trouble, within};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

const MAX_PACKET: usize = 2_048;
/// Nothing is due before something arrives.
const LONG: Duration = Duration::from_secs(60);

/// Everything that a relay check needs of the world.
pub struct Means {
    pub roots: Roots,
    /// Of one check.
    pub deadline: Duration,
    pub seeds: [u128; 2],
}

/// Each address of the name in turn, as browsers try them, until one relays.
pub async fn try_relay(relay: &Relay, means: &Means) -> Tried {
    let addresses = match addresses(&relay.url.host, relay.url.port, means.deadline).await {
        Ok(addresses) => addresses,
        Err(trouble) => return Tried::NotReached(trouble),
    };
    let mut last = Tried::NotReached(Trouble::Other("its name has no address".into()));
    for address in addresses {
        last = match within(means.deadline, exchange(relay, address, means)).await {
            Ok((outcome, trust)) => Tried::Reached(outcome, trust),
            Err(trouble) => Tried::NotReached(trouble),
        };
        if matches!(last, Tried::Reached(Outcome::Exchanged(_), _)) {
            break;
        }
    }
    last
}

/// One of each family.
async fn addresses(host: &Host, port: u16, deadline: Duration) -> Result<Vec<SocketAddr>, Trouble> {
    let found = within(deadline, async {
        look_up(host, port).await.map_err(|_| Trouble::Other(format!("{host} does not resolve")))
    });
    let found = found.await?;
    let v4 = found.iter().find(|address| address.is_ipv4());
    let v6 = found.iter().find(|address| address.is_ipv6());
    Ok(v4.into_iter().chain(v6).copied().collect())
}

async fn exchange(
    relay: &Relay,
    address: SocketAddr,
    means: &Means,
) -> Result<(Outcome, Option<Trust>), Trouble> {
    let (caller, trust) = link(&relay.url, address, means).await?;
    let (callee, _) = link(&relay.url, address, means).await?;
    let carrier = match relay.url.transport {
        Transport::Udp => Carrier::Datagrams,
        Transport::Tcp | Transport::Tls => Carrier::Stream,
    };
    let mut exchange = Exchange::new(&relay.credentials, carrier, means.seeds, Instant::now());
    let driven = drive(&mut exchange, caller, callee).await;
    match (exchange.settled(), driven) {
        (Some(outcome), _) => Ok((outcome.clone(), trust)),
        (None, Err(trouble)) => Err(trouble),
        (None, Ok(())) => Err(Trouble::Closed),
    }
}

async fn link(
    url: &ServerUrl,
    address: SocketAddr,
    means: &Means,
) -> Result<(Link, Option<Trust>), Trouble> {
    let cover = match url.transport {
        Transport::Udp => {
            let link = Link::udp(address).await.map_err(|error| trouble(&error))?;
            return Ok((link, None));
        }
        Transport::Tcp => Cover::Plain,
        Transport::Tls => Cover::Tls,
    };
    let door = Door { host: url.host.clone(), address, cover, roots: means.roots.clone() };
    let (stream, shown) = door.open().await?;
    Ok((Link::Stream(stream), shown.map(|shown| shown.trust)))
}

/// Until the exchange is over, or a connection is.
async fn drive(exchange: &mut Exchange, mut caller: Link, mut callee: Link) -> Result<(), Trouble> {
    let (mut to_caller, mut to_callee) = ([0; MAX_PACKET], [0; MAX_PACKET]);
    loop {
        while let Some((side, bytes)) = exchange.poll_output() {
            match side {
                Side::Caller => caller.send(&bytes).await?,
                Side::Callee => callee.send(&bytes).await?,
            }
        }
        if exchange.outcome().is_some() {
            return Ok(());
        }
        let due = exchange.poll_timeout().unwrap_or_else(|| Instant::now() + LONG);
        tokio::select! {
            came = caller.receive(&mut to_caller) => {
                let bytes = to_caller.get(..came?).unwrap_or_default();
                exchange.handle_bytes(Side::Caller, bytes, Instant::now());
            }
            came = callee.receive(&mut to_callee) => {
                let bytes = to_callee.get(..came?).unwrap_or_default();
                exchange.handle_bytes(Side::Callee, bytes, Instant::now());
            }
            () = sleep_until(due.into()) => exchange.handle_timeout(Instant::now()),
        }
    }
}

/// Asks a STUN server over UDP for our address.
pub async fn bind(host: &Host, port: u16, seed: u128, deadline: Duration) -> Bound {
    let mut last = Bound::Trouble(Trouble::Other(format!("{host} does not resolve")));
    let addresses = addresses(host, port, deadline).await.unwrap_or_default();
    for address in addresses {
        let bound = within(deadline, bind_at(address, seed)).await;
        last = bound.unwrap_or_else(Bound::Trouble);
        if matches!(last, Bound::Mapped { .. }) {
            break;
        }
    }
    last
}

async fn bind_at(address: SocketAddr, seed: u128) -> Result<Bound, Trouble> {
    let mut link = Link::udp(address).await.map_err(|error| trouble(&error))?;
    let began = Instant::now();
    let mut client = Client::new(Credentials::default(), Carrier::Datagrams, seed);
    client.ask(Step::Binding, began);
    let mut buffer = [0; MAX_PACKET];
    loop {
        while let Some(output) = client.poll_output() {
            match output {
                Output::Transmit(bytes) => link.send(&bytes).await?,
                Output::Event(Event::Mapped(mapped)) => {
                    let local = link.local().unwrap_or(address);
                    return Ok(Bound::Mapped { mapped, local, took: began.elapsed() });
                }
                Output::Event(Event::Failed { failure, .. }) => return Ok(Bound::Failed(failure)),
                Output::Event(
                    Event::Allocated(_)
                    | Event::Permitted
                    | Event::ChannelBound
                    | Event::Released
                    | Event::Indication { .. }
                    | Event::Channel { .. },
                ) => {}
            }
        }
        let due = client.poll_timeout().unwrap_or_else(|| Instant::now() + LONG);
        tokio::select! {
            came = link.receive(&mut buffer) => {
                client.handle_bytes(buffer.get(..came?).unwrap_or_default(), Instant::now());
            }
            () = sleep_until(due.into()) => client.handle_timeout(Instant::now()),
        }
    }
}
