//! Socket.IO clients in rooms: lets them in, and keeps the places of those whose connection was cut.

mod guest;
mod places;
mod socket;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::{ORIGIN, USER_AGENT};
use parlor_dialects::socketio::engine::{Settings, find};

use crate::auth::Auth;
use crate::config::Config;
use crate::drivers::rooms::RoomsDriver;
use crate::limits::Guard;
use crate::origin::OriginPolicy;
use crate::transports::engineio::guest::{Arrival, Guest, House};
use crate::transports::engineio::{Carrier, Pace};
use crate::transports::gate::Gate;
use crate::transports::websocket;
use guest::RoomsGuest;
use places::Places;

pub struct SocketIo {
    rooms: Arc<RoomsDriver>,
    auth: Arc<Auth>,
    origins: Arc<OriginPolicy>,
    places: Mutex<Places>,
}

/// These clients send more and smaller messages than others, and wait where others are refused. A burst is well
/// below what waits for a reader, who may have to wait for a processor.
const FASTER_RATE: usize = 10;
const FASTER_BURST: usize = 2;

/// Sessions for everybody who comes, at most so many at a time.
pub fn start(
    config: &Config,
    rooms: Arc<RoomsDriver>,
    auth: Arc<Auth>,
    (max_sessions, guard, origins): (usize, Arc<Guard>, Arc<OriginPolicy>),
) -> Arc<Carrier> {
    let limits = &config.limits;
    let settings = Settings {
        max_waiting_packets: limits.outbox_frames,
        max_waiting_bytes: limits.outbox_bytes.0.max(2 * Settings::default().max_payload),
        ..Settings::default()
    };
    let pace = Pace {
        per_second: limits.messages_per_second.saturating_mul(FASTER_RATE),
        burst: limits.burst.saturating_mul(FASTER_BURST),
    };
    let gate = Gate::judged(max_sessions, limits.max_connections_per_address, guard);
    let house = Arc::new(Reception(SocketIo::new(config, rooms, auth, origins)));
    Carrier::start((settings, pace, websocket::compression(config)), house, gate)
}

impl SocketIo {
    fn new(
        config: &Config,
        rooms: Arc<RoomsDriver>,
        auth: Arc<Auth>,
        origins: Arc<OriginPolicy>,
    ) -> Arc<Self> {
        let places = Mutex::new(Places::new(config.rooms.grace));
        Arc::new(Self { rooms, auth, origins, places })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Nothing in here can panic half-way, so a poisoned lock holds a sound value.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The carrier's view of it.
struct Reception(Arc<SocketIo>);

impl House for Reception {
    fn receive(&self, arrival: Arrival<'_>) -> Option<Box<dyn Guest>> {
        let recovery = can_recover(arrival.query, arrival.headers);
        Some(Box::new(RoomsGuest::new(Arc::clone(&self.0), arrival, recovery)))
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), String> {
        self.0.origins.check(headers).map_err(|refused| refused.to_string())
    }
}

/// Recovery adds an argument to each event. JavaScript doesn't mind; Python hands every argument to a function that
/// must have a place for it, and its client knows of no recovery. `recovery=0` or `1` in the address decides.
fn can_recover(query: &str, headers: &HeaderMap) -> bool {
    if let Some(said) = find(query, "recovery") {
        return said != "0";
    }
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    match agent {
        Some(agent) => !agent.to_ascii_lowercase().contains("python"),
        // Browsers say both, Node says neither; only Python's WebSocket client says where it comes from and not what it is.
        None => !headers.contains_key(ORIGIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovers(query: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        can_recover(query, &headers.collect())
    }

    #[test]
    fn javascript_is_offered_recovery_and_python_is_not() {
        assert!(recovers("EIO=4", &[]));
        assert!(recovers("EIO=4", &[("user-agent", "Mozilla/5.0"), ("origin", "http://a")]));
        assert!(recovers("EIO=4", &[("user-agent", "node-XMLHttpRequest")]));
        assert!(!recovers("EIO=4", &[("user-agent", "python-requests/2.32")]));
        assert!(!recovers("EIO=4", &[("user-agent", "Python/3.13 aiohttp/3.12")]));
        assert!(!recovers("EIO=4", &[("origin", "http://localhost:8080")]));
        assert!(recovers("EIO=4&recovery=1", &[("user-agent", "python-requests/2.32")]));
        assert!(!recovers("EIO=4&recovery=0", &[]));
    }
}
