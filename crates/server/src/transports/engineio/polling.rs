//! HTTP long-polling: a GET that waits for messages, a POST that brings some.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use parlor_dialects::socketio::engine::{Closed, Refused};

use super::seat::Seat;
use super::{Carrier, cors};

/// How long the body of a POST may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Packets of a POST that are heard before others have their turn: those who are to take them among them.
const PORTION: usize = 64;

impl Carrier {
    pub(super) async fn poll_or_post(
        self: &Arc<Self>,
        seat: Arc<Seat>,
        request: Request,
    ) -> Result<Response<Body>, Refused> {
        match *request.method() {
            Method::GET => {
                let now = self.now();
                self.drive(&seat, |state| state.engine.handle_poll(now))?;
                self.answer(&seat).await
            }
            Method::POST => self.post(&seat, request.into_body()).await,
            _ => Err(Refused::BadRequest),
        }
    }

    /// Waits for what the parked GET is answered with.
    pub(super) async fn answer(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
    ) -> Result<Response<Body>, Refused> {
        let mut parked = Parked { carrier: self, seat, answered: false };
        loop {
            if let Some(answer) = seat.take_answer() {
                parked.answered = true;
                return answer.map(|body| cors::text(body.into_bytes()));
            }
            if seat.is_ended() {
                return Err(Refused::BadRequest);
            }
            seat.wake.notified().await;
            self.drive(seat, |_| ());
        }
    }

    async fn post(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        body: Body,
    ) -> Result<Response<Body>, Refused> {
        let now = self.now();
        self.drive(seat, |state| state.engine.handle_post_begin(now))?;
        let mut posting = Posting { carrier: self, seat, failed: Some(Closed::TransportGone) };
        let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, self.settings.max_payload));
        let body = match read.await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                posting.failed = Some(Closed::TooLarge);
                return Ok(cors::json(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    too_large(self.settings.max_payload),
                ));
            }
            Err(_) => return Err(Refused::BadRequest),
        };
        self.drive(seat, |state| state.engine.handle_post(&body))
            .inspect_err(|_| posting.failed = None)?;
        loop {
            let now = self.now();
            let more = self.drive(seat, |state| state.handle_posted(PORTION, now));
            if !more {
                posting.failed = None;
            }
            // The rest waits, and the client's next POST for the answer to this one.
            match seat.pace() {
                Duration::ZERO => tokio::task::yield_now().await,
                wait => tokio::time::sleep(wait).await,
            }
            if !more {
                return Ok(cors::text("ok"));
            }
        }
    }
}

fn too_large(max: usize) -> String {
    format!(r#"{{"code":3,"message":"A payload has at most {max} bytes"}}"#)
}

/// A GET whose client goes away before it is answered.
struct Parked<'a> {
    carrier: &'a Arc<Carrier>,
    seat: &'a Arc<Seat>,
    answered: bool,
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.carrier.drive(self.seat, super::state::State::handle_poll_gone);
        }
        // Somebody else may have to look at what this one was woken for.
        self.seat.wake.notify_one();
    }
}

/// A POST that comes to no good end.
struct Posting<'a> {
    carrier: &'a Arc<Carrier>,
    seat: &'a Arc<Seat>,
    failed: Option<Closed>,
}

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        if let Some(why) = self.failed {
            self.carrier.drive(self.seat, |state| state.engine.handle_post_failed(why));
        }
    }
}
