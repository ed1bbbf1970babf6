//! What was found for a table: medians, ratios of the same round, and whether the budget holds.

use super::rounds::Samples;
use super::servers::Server;
use super::table::{Bound, Budget, Row, Table};

pub struct Outcome {
    pub name: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    pub servers: Vec<Server>,
    pub rows: Vec<Found>,
}

pub struct Found {
    pub label: &'static str,
    /// What each server took in each round; empty for one that was not measured.
    pub samples: Vec<(Server, Vec<f64>)>,
    pub verdicts: Vec<Verdict>,
}

pub struct Verdict {
    pub budget: Budget,
    /// Ours beside it.
    pub found: f64,
}

impl Outcome {
    pub fn of(table: &Table, samples: &Samples) -> Self {
        let rows: Vec<Found> = table.rows.iter().map(|row| found(row, table, samples)).collect();
        let measured = |server: &&Server| rows.iter().any(|row| row.median(**server).is_some());
        let servers = table.servers.iter().filter(measured).copied().collect();
        let rows = rows.into_iter().filter(|row| !row.is_empty()).collect();
        Self { name: table.name, title: table.title, unit: table.unit, servers, rows }
    }

    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// A line for each budget that does not hold.
    pub fn broken(&self) -> Vec<String> {
        let broken = |row: &Found| -> Vec<String> {
            let broken = row.verdicts.iter().filter(|verdict| !verdict.holds());
            broken.map(|verdict| format!("{}, {}: {verdict}", self.title, row.label)).collect()
        };
        self.rows.iter().flat_map(broken).collect()
    }
}

impl Found {
    pub fn median(&self, server: Server) -> Option<f64> {
        median(self.of(server).to_vec())
    }

    fn of(&self, server: Server) -> &[f64] {
        let found = self.samples.iter().find(|(other, _)| *other == server);
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.samples.iter().all(|(_, values)| values.is_empty())
    }
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.found <= self.budget.at_most
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (found, at_most) = (self.found, self.budget.at_most);
        let word = if self.holds() { "holds" } else { "over" };
        match self.budget.bound {
            Bound::Of(server) => write!(f, "{found:.2}× {} ({word}: ≤ {at_most}×)", server.name()),
            Bound::Absolute => write!(f, "{found:.2} ({word}: ≤ {at_most})"),
        }
    }
}

fn found(row: &Row, table: &Table, samples: &Samples) -> Found {
    let values = |server: Server| -> Vec<f64> {
        let values = samples.values(row.scenario, server, &row.parts, row.figure);
        values.iter().map(|value| value * table.scale).collect()
    };
    let samples: Vec<(Server, Vec<f64>)> =
        table.servers.iter().map(|server| (*server, values(*server))).collect();
    let mut found = Found { label: row.label, samples, verdicts: Vec::new() };
    found.verdicts = row.budgets.iter().filter_map(|budget| verdict(*budget, &found)).collect();
    found
}

/// The median of the ratios, not the ratio of the medians: two neighbours in time were disturbed alike.
fn verdict(budget: Budget, row: &Found) -> Option<Verdict> {
    let ours = row.of(Server::Parlor);
    let compared = match budget.bound {
        Bound::Absolute => ours.to_vec(),
        Bound::Of(other) => {
            ours.iter().zip(row.of(other)).map(|(ours, theirs)| ours / theirs).collect()
        }
    };
    Some(Verdict { budget, found: median(compared)? })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2).copied()?;
    let before = values.get((values.len() - 1) / 2).copied()?;
    Some(f64::midpoint(before, middle))
}

#[cfg(test)]
mod tests {
    use super::super::rounds::tests::samples;
    use super::*;

    const BUDGET: Budget = Budget { bound: Bound::Of(Server::Ws), at_most: 0.55 };

    fn table() -> Table {
        let row = Row {
            label: "one in flight",
            scenario: "s",
            parts: vec!["relay"],
            figure: "cpuMicros",
            budgets: vec![BUDGET],
        };
        Table {
            name: "relay",
            title: "Relay",
            unit: "µs",
            scale: 1.0,
            servers: &[Server::Parlor, Server::Ws, Server::TcpFloor],
            rows: vec![row],
        }
    }

    #[test]
    fn a_budget_is_kept_by_the_median_of_the_rounds_ratios() {
        let of = |ours: &[f64], theirs: &[f64]| {
            Outcome::of(&table(), &samples(&[(Server::Parlor, ours), (Server::Ws, theirs)]))
        };
        let good = of(&[5.0, 50.0, 6.0], &[10.0, 100.0, 8.0]);
        assert_eq!(good.rows[0].verdicts[0].found, 0.5);
        assert!(good.broken().is_empty());
        assert_eq!(good.servers, [Server::Parlor, Server::Ws]);
        let bad = of(&[6.0], &[10.0]);
        assert_eq!(bad.broken(), ["Relay, one in flight: 0.60× ws (over: ≤ 0.55×)"]);
    }

    #[test]
    fn who_was_not_measured_breaks_no_budget() {
        let outcome = Outcome::of(&table(), &samples(&[(Server::Ws, &[1.0])]));
        assert!(outcome.has_rows() && outcome.broken().is_empty());
        assert!(!Outcome::of(&table(), &samples(&[])).has_rows());
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
