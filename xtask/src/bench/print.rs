//! A table as text for people, and everything as JSON.

use super::machine;
use super::options::Options;
use super::outcome::{Found, Outcome, Verdict};
use super::servers::Server;
use super::table::Bound;
use serde_json::{Map, Value, json};

/// Width of a figure's column.
const COLUMN: usize = 11;

pub fn text(outcome: &Outcome) -> String {
    let label = outcome.rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let heads = outcome.servers.iter().map(|server| format!("{:>COLUMN$}", server.name()));
    let mut text = format!("\n{}, {}\n{:label$}", outcome.title, outcome.unit, "");
    text.extend(heads);
    for row in &outcome.rows {
        let cells = outcome.servers.iter().map(|server| match row.median(*server) {
            Some(value) => format!("{:>COLUMN$}", rounded(value)),
            None => format!("{:>COLUMN$}", "–"),
        });
        text.push_str(&format!("\n{:label$}", row.label));
        text.extend(cells);
        let verdicts: Vec<String> = row.verdicts.iter().map(Verdict::to_string).collect();
        text.push_str(&format!("   {}", verdicts.join(", ")));
        text.truncate(text.trim_end().len());
    }
    text
}

/// Three digits that mean something.
pub fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

pub fn json(options: &Options, outcomes: &[Outcome]) -> Value {
    json!({
        "suite": options.suite.name(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "machine": machine::describe(),
        "tables": outcomes.iter().map(table).collect::<Vec<Value>>(),
    })
}

fn table(outcome: &Outcome) -> Value {
    let rows: Vec<Value> =
        outcome.rows.iter().map(|row| self::row(row, &outcome.servers)).collect();
    json!({ "name": outcome.name, "title": outcome.title, "unit": outcome.unit, "rows": rows })
}

fn row(row: &Found, servers: &[Server]) -> Value {
    let medians: Map<String, Value> = servers
        .iter()
        .filter_map(|server| Some((server.name().to_owned(), json!(row.median(*server)?))))
        .collect();
    let samples: Map<String, Value> =
        row.samples.iter().map(|(server, all)| (server.name().to_owned(), json!(all))).collect();
    let budgets: Vec<Value> = row.verdicts.iter().map(verdict).collect();
    json!({ "label": row.label, "medians": medians, "samples": samples, "budgets": budgets })
}

fn verdict(verdict: &Verdict) -> Value {
    let against = match verdict.budget.bound {
        Bound::Of(server) => Some(server.name()),
        Bound::Absolute => None,
    };
    json!({
        "against": against,
        "found": verdict.found,
        "atMost": verdict.budget.at_most,
        "holds": verdict.holds(),
    })
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn figures_have_three_digits() {
        let shown = [0.3456, 5.0, 12.34, 345.6].map(rounded);
        assert_eq!(shown, ["0.346", "5.00", "12.3", "346"]);
    }
}
