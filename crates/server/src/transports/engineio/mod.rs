//! Engine.IO sessions over HTTP polling and WebSocket. Knows no more of what they carry than [`guest`] says.

mod cors;
pub mod guest;
mod pace;
mod polling;
mod seat;
mod socket;
mod state;
mod table;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_dialects::socketio::engine::{
    Closed, Engine, Packet, Query, Refused, Settings, Transport, write_payload,
};
use parlor_rooms::Timestamp;
use tokio::sync::Notify;

use crate::transports::gate::Gate;
use crate::transports::websocket::handshake;
use crate::transports::websocket::opening::Compression;
use guest::{Arrival, House};
use pace::Debt;
pub use pace::Pace;
use seat::{Errands, Seat};
use state::{Next, SocketId, State};
use table::Table;

pub struct Carrier {
    settings: Settings,
    pace: Pace,
    compression: Compression,
    house: Arc<dyn House>,
    gate: Arc<Gate>,
    table: Table,
    started: Instant,
}

impl Carrier {
    /// `gate` counts sessions, which by polling have no connection of their own.
    pub fn start(
        (settings, pace, compression): (Settings, Pace, Compression),
        house: Arc<dyn House>,
        gate: Arc<Gate>,
    ) -> Arc<Self> {
        let table = Table::default();
        let carrier = Arc::new(Self {
            settings,
            pace,
            compression,
            house,
            gate,
            table,
            started: Instant::now(),
        });
        tokio::spawn(table::watch_deadlines(Arc::downgrade(&carrier)));
        carrier
    }

    /// Answers one request to the address of the sessions, whatever its method.
    pub async fn handle(self: &Arc<Self>, client: IpAddr, request: Request) -> Response<Body> {
        let headers = request.headers().clone();
        if let Err(why) = self.house.admit(&headers) {
            return cors::forbidden(&why);
        }
        if request.method() == Method::OPTIONS {
            return cors::preflight(&headers);
        }
        let response = match self.serve(client, request).await {
            Ok(response) => response,
            Err(refused) => refusal(refused),
        };
        cors::allow(response, &headers)
    }

    /// Ends every session, for good.
    pub fn stop(self: &Arc<Self>) {
        self.table.stop();
        let now = self.now();
        for seat in self.table.all() {
            self.drive(&seat, |state| state.stop(now));
        }
    }

    /// Returns when every session is over, and its client knows. May be dropped at any time.
    pub async fn ended(&self) {
        self.table.emptied().await;
    }

    async fn serve(
        self: &Arc<Self>,
        client: IpAddr,
        request: Request,
    ) -> Result<Response<Body>, Refused> {
        let uri = request.uri().clone();
        let query = Query::read(uri.query().unwrap_or_default())?;
        let upgrade = handshake::wants_websocket(request.headers());
        if upgrade != (query.transport == Transport::WebSocket) {
            return Err(Refused::BadRequest);
        }
        match (query.sid, query.transport) {
            (Some(sid), Transport::Polling) => match self.table.find(sid) {
                Some(seat) => self.poll_or_post(seat, request).await,
                None if request.method() == Method::GET && self.table.take_farewell(sid) => {
                    Ok(cors::text(write_payload(&[Packet::Noop]).into_bytes()))
                }
                None => Err(Refused::UnknownSession),
            },
            (Some(sid), Transport::WebSocket) => {
                let seat = self.table.find(sid).ok_or(Refused::UnknownSession)?;
                Ok(socket::upgrade(Arc::clone(self), seat, request))
            }
            (None, _) if request.method() != Method::GET => Err(Refused::BadMethod),
            (None, transport) => {
                // A handshake that fails is refused before there is a session.
                if upgrade && let Err(refused) = handshake::accept(&request) {
                    return Ok(axum::response::IntoResponse::into_response(refused));
                }
                let Some(seat) = self.open(transport, client, (&uri, request.headers())) else {
                    return Ok(unavailable());
                };
                match transport {
                    Transport::Polling => self.answer(&seat).await,
                    Transport::WebSocket => Ok(socket::serve_new(Arc::clone(self), seat, request)),
                }
            }
        }
    }

    fn open(
        self: &Arc<Self>,
        transport: Transport,
        client: IpAddr,
        (uri, headers): (&axum::http::Uri, &HeaderMap),
    ) -> Option<Arc<Seat>> {
        let permit = self.gate.enter(client).filter(|permit| !permit.over_limit())?;
        let sid = fresh_sid()?;
        let (now, wake) = (self.now(), Arc::new(Notify::new()));
        let query = uri.query().unwrap_or_default();
        let arrival = Arrival { sid: &sid, query, headers, from: client, wake: wake.clone(), now };
        let guest = self.house.receive(arrival)?;
        let engine = Engine::open(transport, &sid, self.settings, now);
        let debt = Debt::new(self.pace, Instant::now());
        let seat = Arc::new(Seat::new((sid, permit, wake), State::new(engine, guest, debt)));
        if !self.table.insert(&seat) {
            return None; // Stopping.
        }
        self.drive(&seat, |_| ());
        Some(seat)
    }

    /// Changes a session and does what follows from it, in other sessions too.
    fn drive<R>(self: &Arc<Self>, seat: &Arc<Seat>, change: impl FnOnce(&mut State) -> R) -> R {
        let now = self.now();
        let (result, errands) = seat.drive(now, change);
        self.run_errands(seat, errands);
        result
    }

    /// What a WebSocket of a session is to do next.
    fn serve_socket(self: &Arc<Self>, seat: &Arc<Seat>, socket: SocketId) -> Next {
        let (next, errands) = seat.serve(socket, self.now());
        self.run_errands(seat, errands);
        next
    }

    fn run_errands(self: &Arc<Self>, seat: &Arc<Seat>, errands: Errands) {
        if errands.ended {
            self.table.remove(&seat.sid);
        }
        if errands.farewell {
            self.table.remember_farewell(&seat.sid, self.now());
        }
        if let Some(at) = errands.wake_at {
            self.table.schedule(at, &seat.sid);
        }
        for sid in errands.recalls {
            if let Some(other) = self.table.find(&sid) {
                self.drive(&other, |state| state.engine.end_because(Closed::TransportGone));
            }
            let now = self.now();
            self.drive(seat, |state| state.handle_recalled(now));
        }
    }

    /// Milliseconds since the carrier was started.
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// 15 bytes of entropy as 20 letters.
fn fresh_sid() -> Option<String> {
    let mut bytes = [0; 15];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn refusal(refused: Refused) -> Response<Body> {
    let status = StatusCode::from_u16(refused.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    cors::json(status, refused.body())
}

fn unavailable() -> Response<Body> {
    cors::json(
        StatusCode::SERVICE_UNAVAILABLE,
        r#"{"code":3,"message":"There are too many sessions, or the server is stopping"}"#.into(),
    )
}
