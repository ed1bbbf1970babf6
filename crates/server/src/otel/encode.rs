//! OTLP 1 in JSON: 64-bit numbers are texts, ids are hexadecimal. No clock, no entropy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::span::{Span, Status};
use crate::metrics::{BOUNDS, Distribution, Kind, Metric, Sample};

/// Sums count from the start.
const CUMULATIVE: u8 = 2;
const ERROR: u8 = 2;

/// When the process was started, and when this is told.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub started: SystemTime,
    pub now: SystemTime,
}

/// The body of a request to `/v1/metrics`.
pub fn metrics(all: &[Metric], instance: &str, times: Times) -> Value {
    let metrics: Vec<Value> = all.iter().map(|metric| one_metric(metric, times)).collect();
    json!({ "resourceMetrics": [{
        "resource": resource(instance),
        "scopeMetrics": [{ "scope": scope(), "metrics": metrics }],
    }] })
}

/// The body of a request to `/v1/traces`. `entropy` makes the ids, 24 bytes for each.
pub fn traces(spans: &[Span], instance: &str, entropy: &[u8]) -> Value {
    let ids = entropy.chunks_exact(24);
    let spans: Vec<Value> = spans.iter().zip(ids).map(|(span, id)| one_span(span, id)).collect();
    json!({ "resourceSpans": [{
        "resource": resource(instance),
        "scopeSpans": [{ "scope": scope(), "spans": spans }],
    }] })
}

fn resource(instance: &str) -> Value {
    let attributes = [
        ("service.name", "parlor"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", instance),
    ];
    json!({ "attributes": attributes.map(|(key, value)| attribute(key, value)) })
}

fn scope() -> Value {
    json!({ "name": "parlor", "version": env!("CARGO_PKG_VERSION") })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn attributes(all: &[(&'static str, String)]) -> Vec<Value> {
    all.iter().map(|(key, value)| attribute(key, value)).collect()
}

fn nanos(at: SystemTime) -> String {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos().to_string()
}

fn one_metric(metric: &Metric, times: Times) -> Value {
    let Metric { name, kind, help, samples, distribution } = metric;
    let points: Vec<Value> = samples.iter().map(|sample| point(sample, times)).collect();
    match kind {
        Kind::Gauge => {
            json!({ "name": name, "description": help, "gauge": { "dataPoints": points } })
        }
        Kind::Counter => json!({ "name": name, "description": help, "sum": {
            "aggregationTemporality": CUMULATIVE, "isMonotonic": true, "dataPoints": points,
        } }),
        Kind::Histogram => {
            let points = distribution.iter().map(|read| histogram(read, times));
            json!({ "name": name, "description": help, "histogram": {
                "aggregationTemporality": CUMULATIVE, "dataPoints": points.collect::<Vec<_>>(),
            } })
        }
    }
}

/// Each bucket for itself, and one for what is beyond the last bound.
fn histogram(read: &Distribution, times: Times) -> Value {
    let mut before = 0;
    let counts = read.within.iter().chain([&read.count]).map(|within| {
        let own = within.saturating_sub(before);
        before = *within;
        own.to_string()
    });
    json!({
        "startTimeUnixNano": nanos(times.started), "timeUnixNano": nanos(times.now),
        "count": read.count.to_string(), "sum": read.seconds,
        "bucketCounts": counts.collect::<Vec<_>>(), "explicitBounds": BOUNDS,
    })
}

fn point(sample: &Sample, times: Times) -> Value {
    json!({
        "startTimeUnixNano": nanos(times.started), "timeUnixNano": nanos(times.now),
        "asDouble": sample.value.parse::<f64>().unwrap_or(0.0), "attributes": attributes(&sample.labels),
    })
}

fn one_span(span: &Span, id: &[u8]) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (trace, own) = id.split_at_checked(16).unwrap_or_default();
    let begun = span.ended.checked_sub(span.took).unwrap_or(span.ended);
    let status = match span.status {
        Status::Ok => json!({}),
        Status::Error => json!({ "code": ERROR }),
    };
    json!({
        "traceId": hex(trace), "spanId": hex(own), "name": span.name, "kind": span.kind as u8,
        "startTimeUnixNano": nanos(begun), "endTimeUnixNano": nanos(span.ended),
        "attributes": attributes(&span.attributes), "status": status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_told_bucket_by_bucket() {
        let mut within = [5; BOUNDS.len()];
        (within[0], within[1]) = (1, 3);
        let read = Distribution { within, count: 7, seconds: 0.5 };
        let at = UNIX_EPOCH + Duration::from_secs(1);
        let told = histogram(&read, Times { started: at, now: at });
        let buckets: Vec<&str> =
            told["bucketCounts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(buckets, ["1", "2", "2", "0", "0", "0", "0", "0", "0", "0", "0", "0", "2"]);
        assert_eq!((&told["count"], &told["sum"]), (&json!("7"), &json!(0.5)));
        assert_eq!(told["timeUnixNano"], json!("1000000000"));
    }

    #[test]
    fn a_span_has_its_time_and_its_own_ids() {
        let span = Span {
            name: "join",
            kind: super::super::span::Kind::Internal,
            ended: UNIX_EPOCH + Duration::from_secs(2),
            took: Duration::from_millis(500),
            attributes: vec![("parlor.result", "room-full".into())],
            status: Status::Error,
        };
        let id: Vec<u8> = (0..24).collect();
        assert_eq!(
            one_span(&span, &id),
            json!({
                "traceId": "000102030405060708090a0b0c0d0e0f", "spanId": "1011121314151617",
                "name": "join", "kind": 1, "startTimeUnixNano": "1500000000",
                "endTimeUnixNano": "2000000000", "status": { "code": 2 },
                "attributes": [{ "key": "parlor.result", "value": { "stringValue": "room-full" } }],
            })
        );
    }
}
