//! `GET /api/v1/ice-servers`: servers for peer connections, for pages that are in no room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::any;
use parlor_dialects::Problem;
use parlor_dialects::sse::Trouble;
use parlor_rooms::PeerId;

use super::gate::network_of;
use super::http::Client;
use super::sse::{Cors, respond};
use super::websocket::rate::Bucket;
use crate::node::Node;

/// A page asks once, and again before the credentials expire. A school behind one address opens its pages together.
const PER_SECOND: usize = 2;
const BURST: usize = 60;
/// Addresses that are remembered; who has not asked for as long as the burst takes to fill is forgotten first.
const MAX_ADDRESSES: usize = 10_000;

struct Desk {
    node: Arc<Node>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked(HashMap<IpAddr, (Bucket, Instant)>);

pub fn router(node: &Arc<Node>) -> Router<Arc<Node>> {
    let desk = Arc::new(Desk { node: Arc::clone(node), asked: Mutex::default() });
    Router::new().route("/api/v1/ice-servers", any(ice_servers)).with_state(desk)
}

async fn ice_servers(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let cors = match Cors::check(&desk.node.origins, request.headers()) {
        Ok(cors) => cors,
        Err(refused) => return respond::trouble(&refused),
    };
    let client = request.extensions().get::<Client>().copied();
    let answer = match *request.method() {
        Method::OPTIONS => Ok(cors.preflight("GET")),
        Method::GET | Method::HEAD => desk.answer(client),
        _ => Err(Trouble::Method { allowed: "GET" }),
    };
    cors.mark(answer.unwrap_or_else(|trouble| respond::trouble(&trouble)))
}

impl Desk {
    fn answer(&self, client: Option<Client>) -> Result<Response, Trouble> {
        // On this machine a web server speaks for everybody.
        if let Some(client) =
            client.filter(|client| !client.address.ip().to_canonical().is_loopback())
        {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = asked.take(client.address.ip(), Instant::now());
            taken.map_err(|retry_after| Problem::RateLimited { retry_after })?;
        }
        let mut user = [0; 16];
        getrandom::fill(&mut user).map_err(|_| Trouble::Internal)?;
        let came_in_at = client.and_then(|client| client.came_in_at);
        let ice = self.node.rooms.ice(PeerId::from_entropy(user), came_in_at);
        respond::of(Ok(ice.encode()))
    }
}

impl Asked {
    fn take(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        const FILLED: Duration = Duration::from_secs((BURST / PER_SECOND) as u64);
        let network = network_of(address);
        if self.0.len() >= MAX_ADDRESSES && !self.0.contains_key(&network) {
            self.0.retain(|_, (_, last)| now.saturating_duration_since(*last) < FILLED);
        }
        if self.0.len() >= MAX_ADDRESSES && !self.0.contains_key(&network) {
            return Err(FILLED);
        }
        let fresh = || (Bucket::new(PER_SECOND, BURST, now), now);
        let (bucket, last) = self.0.entry(network).or_insert_with(fresh);
        *last = now;
        bucket.take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: usize) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap()).into()
    }

    #[test]
    fn an_address_that_asks_too_often_waits_and_no_other_does() {
        let (mut asked, now) = (Asked::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(asked.take(address(1), now), Ok(()));
        }
        assert!(asked.take(address(1), now).is_err());
        assert_eq!(asked.take(address(2), now), Ok(()));
        assert_eq!(asked.take(address(1), now + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn so_many_addresses_are_remembered_and_no_more() {
        let (mut asked, now) = (Asked::default(), Instant::now());
        for number in 0..MAX_ADDRESSES {
            assert_eq!(asked.take(address(number), now), Ok(()));
        }
        assert!(asked.take(address(MAX_ADDRESSES), now).is_err());
        assert_eq!(asked.take(address(7), now), Ok(()));
        let later = now + Duration::from_secs(60);
        assert_eq!(asked.take(address(MAX_ADDRESSES), later), Ok(()));
        assert_eq!(asked.0.len(), 1);
    }
}
