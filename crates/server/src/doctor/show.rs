//! The report for people and for machines, and a line that says what goes on.

use super::report::{Area, Check, Result, millis};
use super::verdict::Verdict;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::time::Duration;

/// Grows when a field changes its meaning or goes; new fields don't count.
const SCHEMA: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Colours,
}

/// What was looked at, and when it was done.
pub struct Subject<'a> {
    pub target: Option<&'a str>,
    pub took: Duration,
}

pub fn text(subject: &Subject<'_>, verdict: &Verdict, checks: &[Check], paint: Paint) -> String {
    let mut text = format!("{}\n", verdict.sentence);
    if let Some(change) = &verdict.change {
        _ = writeln!(text, "→ {change}");
    }
    let target = subject.target.unwrap_or("the configuration of this machine");
    _ = writeln!(text, "\nChecked {target} in {:.1} s:\n", subject.took.as_secs_f64());
    for check in checks {
        let Check { area, took, finding } = check;
        let result = painted(finding.result, paint);
        let took = format!("{} ms", millis(*took));
        _ = writeln!(text, "  {result} {:<16} {took:>10}  {}", area.title(), finding.sentence);
        if let Some(change) = &finding.change {
            _ = writeln!(text, "{:>39}→ {change}", "");
        }
    }
    text
}

fn painted(result: Result, paint: Paint) -> String {
    let word = format!("{:<8}", result.name());
    let colour = match (paint, result) {
        (Paint::Plain, _) => return word,
        (Paint::Colours, Result::Ok) => 32,
        (Paint::Colours, Result::Skipped) => 2,
        (Paint::Colours, Result::Warning) => 33,
        (Paint::Colours, Result::Failed) => 31,
    };
    format!("\u{1b}[{colour}m{word}\u{1b}[0m")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    schema: u32,
    doctor: &'static str,
    target: Option<&'a str>,
    ms: f64,
    verdict: Judged<'a>,
    checks: Vec<Checked<'a>>,
}

#[derive(Serialize)]
struct Judged<'a> {
    result: &'static str,
    sentence: &'a str,
    change: Option<&'a str>,
}

#[derive(Serialize)]
struct Checked<'a> {
    check: &'static str,
    result: &'static str,
    ms: f64,
    sentence: &'a str,
    change: Option<&'a str>,
    facts: &'a Map<String, Value>,
}

impl<'a> Checked<'a> {
    fn of(Check { area, took, finding }: &'a Check) -> Self {
        Self {
            check: area.name(),
            result: finding.result.name(),
            ms: millis(*took),
            sentence: &finding.sentence,
            change: finding.change.as_deref(),
            facts: &finding.facts,
        }
    }
}

pub fn json(subject: &Subject<'_>, verdict: &Verdict, checks: &[Check]) -> String {
    let report = Report {
        schema: SCHEMA,
        doctor: concat!("parlor/", env!("CARGO_PKG_VERSION")),
        target: subject.target,
        ms: millis(subject.took),
        verdict: Judged {
            result: verdict.result.name(),
            sentence: &verdict.sentence,
            change: verdict.change.as_deref(),
        },
        checks: checks.iter().map(Checked::of).collect(),
    };
    // Text, numbers and lists under text keys always become JSON.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

/// Over the line before it, for a terminal.
pub fn progress(done: usize, last: Area, result: Result) -> String {
    format!("\r\u{1b}[K{done} checked, {}: {}", last.title(), result.name())
}

/// Takes the line of `progress` away.
pub const NO_PROGRESS: &str = "\r\u{1b}[K";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Finding;
    use serde_json::json;

    fn checks() -> Vec<Check> {
        let clock = Finding::warning("the clock is odd", "set it").fact("skewSeconds", 31);
        vec![
            Check {
                area: Area::Name,
                took: Duration::from_micros(1_234),
                finding: Finding::ok("a is b"),
            },
            Check { area: Area::Clock, took: Duration::ZERO, finding: clock },
        ]
    }

    fn verdict() -> Verdict {
        Verdict {
            result: Result::Warning,
            sentence: "Calls will work. 1 warning.".into(),
            change: Some("set it".into()),
        }
    }

    fn subject() -> Subject<'static> {
        Subject { target: Some("https://a.example"), took: Duration::from_millis(40) }
    }

    #[test]
    fn people_read_the_verdict_first() {
        assert_eq!(
            text(&subject(), &verdict(), &checks(), Paint::Plain),
            "Calls will work. 1 warning.\n\
             → set it\n\n\
             Checked https://a.example in 0.0 s:\n\n\
             \x20 ok       Name                 1.2 ms  a is b\n\
             \x20 warning  Clock                  0 ms  the clock is odd\n\
             \x20                                      → set it\n"
        );
        assert!(
            text(&subject(), &verdict(), &checks(), Paint::Colours).contains("\u{1b}[33mwarning")
        );
    }

    #[test]
    fn machines_read_the_same() {
        let read: Value = serde_json::from_str(&json(&subject(), &verdict(), &checks())).unwrap();
        let wanted = json!({
            "schema": 1,
            "doctor": concat!("parlor/", env!("CARGO_PKG_VERSION")),
            "target": "https://a.example",
            "ms": 40.0,
            "verdict": {"result": "warning", "sentence": "Calls will work. 1 warning.", "change": "set it"},
            "checks": [
                {"check": "name", "result": "ok", "ms": 1.2, "sentence": "a is b", "change": null, "facts": {}},
                {"check": "clock", "result": "warning", "ms": 0.0, "sentence": "the clock is odd", "change": "set it", "facts": {"skewSeconds": 31}},
            ],
        });
        assert_eq!(read, wanted);
    }
}
