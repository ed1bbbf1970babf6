//! The task that tells the collector, in turns. A collector that is not there costs a line in the log and what was told.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::encode::{self, Times};
use super::span;
use crate::config::Otel;
use crate::metrics;
use crate::node::Node;
use crate::outgoing::{Courier, Place};
use crate::tls::trust;

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of a span: trace and own.
const ID_BYTES: usize = 24;

/// Nothing without an endpoint.
pub fn start(node: &Arc<Node>) -> Result<(), String> {
    let settings = node.config.otel.clone();
    let Some(endpoint) = &settings.endpoint.0 else { return Ok(()) };
    let tls = trust::connector(settings.ca_file.0.as_deref())?;
    let courier = |path: &str| {
        let place = Place::parse(&format!("{}{path}", endpoint.to_string().trim_end_matches('/')));
        let place = place.ok_or_else(|| format!("otel.endpoint {endpoint} takes no path"))?;
        Ok::<_, String>(Courier::new(place, tls.clone(), PATIENCE))
    };
    let exporter = Exporter {
        metrics: courier("/v1/metrics")?,
        traces: courier("/v1/traces")?,
        instance: format!("{:016x}", getrandom::u64().map_err(|error| error.to_string())?),
        started: SystemTime::now(),
        is_down: false,
        node: Arc::clone(node),
    };
    span::want();
    tokio::spawn(exporter.run(settings));
    Ok(())
}

struct Exporter {
    metrics: Courier,
    traces: Courier,
    instance: String,
    started: SystemTime,
    is_down: bool,
    node: Arc<Node>,
}

impl Exporter {
    async fn run(mut self, settings: Otel) {
        let mut turns = interval(settings.interval);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.tell().await;
        }
    }

    async fn tell(&mut self) {
        let times = Times { started: self.started, now: SystemTime::now() };
        let page = metrics::page(&self.node);
        let body = encode::metrics(&page.metrics, &self.instance, times);
        let sent = post(&mut self.metrics, &body).await;
        self.note(sent);
        let (spans, dropped) = span::take();
        if dropped > 0 {
            tracing::warn!(dropped, "more spans than wait for the collector");
        }
        let mut entropy = vec![0; spans.len() * ID_BYTES];
        if spans.is_empty() || getrandom::fill(&mut entropy).is_err() {
            return;
        }
        let body = encode::traces(&spans, &self.instance, &entropy);
        let sent = post(&mut self.traces, &body).await;
        self.note(sent);
    }

    /// Once for each time of need, not for each try.
    fn note(&mut self, sent: Result<(), String>) {
        match sent {
            Ok(()) => self.is_down = false,
            Err(why) => {
                if !std::mem::replace(&mut self.is_down, true) {
                    tracing::warn!("the collector of otel.endpoint {why}");
                }
            }
        }
    }
}

async fn post(courier: &mut Courier, body: &Value) -> Result<(), String> {
    let body = Bytes::from(body.to_string());
    match courier.post(body, HeaderMap::new()).await {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status) => Err(format!("answers {status}")),
        Err(why) => Err(why.to_string()),
    }
}
