//! What a run found, as JSON for programs and as lines for people.

use crate::Result;
use serde::Serialize;
use serde_json::Value;
use std::io::Write;

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which part of the run this is: a scenario, or the way of the packets.
    pub name: String,
    /// Connections or allocations.
    pub clients: usize,
    pub seconds: f64,
    /// What arrived (messages, packets), or connections that were opened.
    pub count: u64,
    pub per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_micros: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_micros: Option<f64>,
    /// The same while nobody stalled, and how many times longer it is beside those who do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_alone_micros: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ratio: Option<f64>,
    /// Until the server had let go of those who read nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_seconds: Option<f64>,
    /// Who did not come in, and what the first of them was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_refusal: Option<String>,
    /// Server CPU for each of `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_micros: Option<f64>,
    /// Bytes that the server's memory grew by, for each of `clients`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_per_client: Option<f64>,
    /// Bytes of the server's memory before anybody came, when all were there, and when they had left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_before: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_during: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_after: Option<f64>,
    /// The last by the first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_left: Option<f64>,
    /// Bytes that the server's memory grew by during the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_growth: Option<f64>,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Lines,
    Json,
}

impl Report {
    pub fn print(&self, form: Form) -> Result {
        let value = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let text = match form {
            Form::Json => value.to_string(),
            Form::Lines => lines(&value),
        };
        writeln!(std::io::stdout(), "{text}").map_err(|error| format!("standard output: {error}"))
    }
}

/// Words and units as people read them, in the order in which they matter.
const LINES: [(&str, &str); 18] = [
    ("clients", "clients"),
    ("seconds", "seconds measured"),
    ("count", "arrived"),
    ("perSecond", "per second"),
    ("lostPercent", "lost, %"),
    ("p50Micros", "half arrived within, µs"),
    ("p99Micros", "99 % arrived within, µs"),
    ("p99AloneMicros", "the same alone, µs"),
    ("p99Ratio", "times longer than alone"),
    ("goneSeconds", "stalled readers gone within, s"),
    ("refused", "refused"),
    ("cpuMicros", "server CPU for each, µs"),
    ("memoryPerClient", "server memory per client, bytes"),
    ("memoryBefore", "server memory before, bytes"),
    ("memoryDuring", "server memory when all are there"),
    ("memoryAfter", "server memory when they have left"),
    ("memoryLeft", "of what it was before"),
    ("memoryGrowth", "server memory grew by, bytes"),
];

fn lines(report: &Value) -> String {
    let name = report.get("name").and_then(Value::as_str).unwrap_or_default();
    let shown = LINES.iter().filter_map(|(key, words)| {
        let number = report.get(key)?.as_f64()?;
        Some(format!("\n  {words:<32} {}", rounded(number)))
    });
    name.to_owned() + &shown.collect::<String>()
}

fn rounded(number: f64) -> String {
    if number.fract() == 0.0 || number.abs() >= 1_000.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_was_measured_and_nothing_else() {
        let report =
            Report { name: "relay".into(), count: 5, cpu_micros: Some(1.25), ..Report::default() };
        let shown = lines(&serde_json::to_value(&report).unwrap());
        assert!(shown.starts_with("relay\n"));
        assert!(shown.contains("server CPU for each, µs          1.25"));
        assert!(!shown.contains("lost"));
    }
}
