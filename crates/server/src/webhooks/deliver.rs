//! The task of one receiver: sends what its queue wants sent, and tells the queue what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

use super::queue::{Answer, LaneId, Loss, Output};
use super::{Letter, Webhooks, signature};
use crate::otel::{self, Kind, Span, Status};
use crate::outgoing::{Courier, Unanswered};

/// How long to wait where nothing is waited for.
const LONG: Duration = Duration::from_secs(3_600);
/// Said so often while a receiver is away: the first time, and then each so-manieth.
const SAID_EACH: u64 = 100;

pub async fn run(hooks: Arc<Webhooks>, index: usize, with: (TlsConnector, Duration)) {
    let Some(place) = hooks.receivers.get(index).map(|receiver| receiver.place.clone()) else {
        return;
    };
    let (tls, patience) = with;
    let new_courier = || Courier::new(place.clone(), tls.clone(), patience);
    let mut desk = Desk { hooks: &hooks, index, failures: 0, losses: 0 };
    let mut flights = FuturesUnordered::new();
    let mut couriers: Vec<Courier> = Vec::new();
    loop {
        while let Some((lane, letter)) = desk.next() {
            let courier = couriers.pop().unwrap_or_else(new_courier);
            flights.push(fly(&hooks, courier, lane, letter));
        }
        let wait = desk.wait();
        tokio::select! {
            Some((courier, lane, answered)) = flights.next() => {
                couriers.push(courier);
                desk.land(lane, answered);
            }
            () = desk.changed() => {}
            () = sleep(wait) => desk.handle_timeout(),
        }
    }
}

type Answered = Result<StatusCode, Unanswered>;

async fn fly(
    hooks: &Webhooks,
    mut courier: Courier,
    lane: LaneId,
    letter: Arc<Letter>,
) -> (Courier, LaneId, Answered) {
    let body = letter.encode();
    let mut headers = HeaderMap::new();
    let signed = hooks.keys.sign(hooks.now().0 / 1_000, &body);
    let words = [(signature::HEADER, signed), ("parlor-event-id", letter.id())];
    for (name, value) in words {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let begun = Instant::now();
    let answered = courier.post(Bytes::from(body), headers).await;
    otel::record(|| span(letter.what.kind().word(), begun, &answered));
    (courier, lane, answered)
}

fn span(event: &'static str, begun: Instant, answered: &Answered) -> Span {
    let status = answered.as_ref().map_or("-".into(), |status| status.as_u16().to_string());
    let is_taken = answered.as_ref().is_ok_and(StatusCode::is_success);
    Span {
        name: "webhook",
        kind: Kind::Client,
        ended: SystemTime::now(),
        took: begun.elapsed(),
        attributes: vec![("parlor.event", event.into()), ("http.response.status_code", status)],
        status: if is_taken { Status::Ok } else { Status::Error },
    }
}

struct Desk<'a> {
    hooks: &'a Webhooks,
    index: usize,
    /// In a row.
    failures: u64,
    losses: u64,
}

impl Desk<'_> {
    /// The next that is to be sent.
    fn next(&mut self) -> Option<(LaneId, Arc<Letter>)> {
        loop {
            match self.hooks.with_queue(self.index, |queue| queue.poll_output())? {
                Output::Send { lane, what } => return Some((lane, what)),
                Output::Lost { sequence, why, .. } => self.note_loss(sequence, why),
            }
        }
    }

    fn wait(&self) -> Duration {
        let (next, events) =
            self.hooks.with_queue(self.index, |queue| (queue.poll_timeout(), queue.events()));
        if let Some(receiver) = self.hooks.receivers.get(self.index).filter(|_| events == 0) {
            receiver.idle.notify_one();
        }
        next.map_or(LONG, |at| self.hooks.clock.until(at))
    }

    async fn changed(&self) {
        match self.hooks.receivers.get(self.index) {
            Some(receiver) => receiver.changed.notified().await,
            None => std::future::pending().await,
        }
    }

    fn handle_timeout(&self) {
        let now = self.hooks.now();
        self.hooks.with_queue(self.index, |queue| queue.handle_timeout(now));
    }

    fn land(&mut self, lane: LaneId, answered: Answered) {
        let answer = match &answered {
            Ok(status) => judge(*status),
            Err(_) => Answer::Failed,
        };
        self.note(answer, &answered);
        // Without entropy the pauses are not spread, which is no reason not to deliver.
        let dice = getrandom::u64().unwrap_or_default();
        let now = self.hooks.now();
        self.hooks.with_queue(self.index, |queue| queue.handle_answer(lane, answer, now, dice));
    }

    fn note(&mut self, answer: Answer, answered: &Answered) {
        let Some(receiver) = self.hooks.receivers.get(self.index) else { return };
        receiver.counts.note(answer);
        let name = receiver.name.as_str();
        if answer == Answer::Delivered {
            if self.failures > 0 {
                tracing::info!(receiver = name, failures = self.failures, "takes webhooks again");
            }
            self.failures = 0;
            return;
        }
        if self.failures.is_multiple_of(SAID_EACH) {
            match answered {
                Ok(status) => {
                    tracing::warn!(receiver = name, status = status.as_u16(), "refuses a webhook");
                }
                Err(why) => tracing::warn!(receiver = name, "does not take webhooks: it {why}"),
            }
        }
        self.failures += 1;
    }

    fn note_loss(&mut self, sequence: u64, why: Loss) {
        let Some(receiver) = self.hooks.receivers.get(self.index) else { return };
        receiver.counts.note_loss(why);
        if self.losses.is_multiple_of(SAID_EACH) {
            let (name, losses) = (receiver.name.as_str(), self.losses + 1);
            tracing::warn!(
                receiver = name,
                sequence,
                losses,
                ?why,
                "an event is lost to a receiver of webhooks"
            );
        }
        self.losses += 1;
    }
}

/// Redirects are not followed: who moves is told by the log.
fn judge(status: StatusCode) -> Answer {
    let comes_back =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if status.is_success() {
        Answer::Delivered
    } else if status.is_server_error() || comes_back.contains(&status) {
        Answer::Failed
    } else {
        Answer::Rejected
    }
}
