//! The text format of Prometheus, version 0.0.4. Knows no metric.
//!
//! Written here and not by `prometheus-client`, which writes OpenMetrics alone (`promtool check metrics` does not read its
//! counters) and owns the numbers: ours are the engines', read by value.

use std::fmt::{Display, Write};

use super::counters::{BOUNDS, Distribution};

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// All metrics at one moment, in the order of their reading.
#[derive(Default)]
pub struct Page {
    pub metrics: Vec<Metric>,
}

pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub help: String,
    pub samples: Vec<Sample>,
    pub distribution: Option<Distribution>,
}

pub struct Sample {
    pub labels: Vec<(&'static str, String)>,
    pub value: String,
}

/// One metric that is being read: its samples follow each other.
pub struct Family<'a>(Option<&'a mut Metric>);

pub type Label<'a> = (&'static str, &'a str);

impl Page {
    /// The sentence is for people, without line ends and backslashes.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let help = help.to_owned();
        let (samples, distribution) = (Vec::new(), None);
        let metric = Metric { name, kind, help, samples, distribution };
        self.metrics.push(metric);
        Family(self.metrics.last_mut())
    }

    pub fn into_text(self) -> String {
        let mut text = String::new();
        for metric in &self.metrics {
            metric.write(&mut text);
        }
        text
    }
}

impl Family<'_> {
    pub fn plain(self, value: impl Display) {
        self.sample(&[], value);
    }

    pub fn sample(self, labels: &[Label<'_>], value: impl Display) -> Self {
        let labels = labels.iter().map(|(label, word)| (*label, (*word).to_owned())).collect();
        let sample = Sample { labels, value: value.to_string() };
        let Self(metric) = self;
        match metric {
            Some(metric) => {
                metric.samples.push(sample);
                Self(Some(metric))
            }
            None => Self(None),
        }
    }

    pub fn distribution(self, read: Distribution) {
        if let Some(metric) = self.0 {
            metric.distribution = Some(read);
        }
    }
}

impl Metric {
    fn write(&self, text: &mut String) {
        let Self { name, kind, help, samples, distribution } = self;
        _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", kind.word());
        for Sample { labels, value } in samples {
            line(text, name, labels, value);
        }
        let Some(Distribution { within, count, seconds }) = distribution else { return };
        let bucket = format!("{name}_bucket");
        for (bound, within) in BOUNDS.iter().zip(within) {
            line(text, &bucket, &[("le", bound.to_string())], within);
        }
        line(text, &bucket, &[("le", "+Inf".into())], count);
        line(text, &format!("{name}_sum"), &[], seconds);
        line(text, &format!("{name}_count"), &[], count);
    }
}

fn line(text: &mut String, name: &str, labels: &[(&'static str, String)], value: impl Display) {
    text.push_str(name);
    for (at, (label, word)) in labels.iter().enumerate() {
        let before = if at == 0 { '{' } else { ',' };
        _ = write!(text, "{before}{label}=\"{}\"", escaped(word));
    }
    let end = if labels.is_empty() { "" } else { "}" };
    _ = writeln!(text, "{end} {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::counters::Histogram;
    use super::*;

    #[test]
    fn samples_stand_below_what_they_are() {
        let mut page = Page::default();
        page.family("rooms", Kind::Gauge, "Rooms.").plain(3);
        page.family("joins_total", Kind::Counter, "Joins.")
            .sample(&[("dialect", "json"), ("result", "a\"b\\c\nd")], 1)
            .sample(&[("dialect", "sse"), ("result", "ok")], 2);
        assert_eq!(
            page.into_text(),
            "# HELP rooms Rooms.\n# TYPE rooms gauge\nrooms 3\n\
             # HELP joins_total Joins.\n# TYPE joins_total counter\n\
             joins_total{dialect=\"json\",result=\"a\\\"b\\\\c\\nd\"} 1\n\
             joins_total{dialect=\"sse\",result=\"ok\"} 2\n"
        );
    }

    #[test]
    fn a_histogram_ends_with_everything() {
        let histogram = Histogram::new();
        histogram.observe(Duration::from_millis(2));
        histogram.observe(Duration::from_secs(60));
        let mut page = Page::default();
        page.family("seconds", Kind::Histogram, "Time.").distribution(histogram.read());
        let text = page.into_text();
        assert!(
            text.contains("\nseconds_bucket{le=\"0.001\"} 0\nseconds_bucket{le=\"0.0025\"} 1\n")
        );
        assert!(
            text.ends_with("seconds_bucket{le=\"+Inf\"} 2\nseconds_sum 60.002\nseconds_count 2\n")
        );
    }
}
