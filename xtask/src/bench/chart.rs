//! A table as a drawing: bars beside each other, readable on light and on dark ground.

use super::outcome::{Found, Outcome};
use super::print::rounded;
use super::servers::Server;
use super::table::Bound;
use std::fmt::{self, Write};

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 12.0;
const LABELS: f64 = 210.0;
/// Behind the longest bar, for its figure.
const FIGURES: f64 = 70.0;
const BAR: f64 = 14.0;
const ROW_GAP: f64 = 12.0;
const HEAD: f64 = 62.0;

/// Grey of 4.5:1 on white and on near-black.
const INK: &str = "#7a7f87";

/// The budget's mark, which stands on bars too.
const MARK: &str = "#d64545";

pub fn svg(outcome: &Outcome) -> String {
    let mut drawing = Drawing { text: String::new() };
    // A String takes all that is written to it.
    _ = drawing.draw(outcome);
    drawing.text
}

struct Drawing {
    text: String,
}

impl Drawing {
    fn draw(&mut self, outcome: &Outcome) -> fmt::Result {
        let bars: usize = outcome.rows.iter().map(|row| bars(row, outcome).count()).sum();
        let height = HEAD + bars as f64 * BAR + outcome.rows.len() as f64 * ROW_GAP + MARGIN;
        let title = escaped(&format!("{}, {}", outcome.title, outcome.unit));
        writeln!(
            self.text,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="{INK}">"#
        )?;
        writeln!(self.text, "<title>{title}</title>")?;
        writeln!(
            self.text,
            r#"<text x="{MARGIN}" y="24" font-size="15" font-weight="600">{title}</text>"#
        )?;
        self.legend(outcome)?;
        let longest = longest(outcome);
        let mut top = HEAD;
        for row in &outcome.rows {
            top = self.row(row, outcome, top, longest)? + ROW_GAP;
        }
        writeln!(self.text, "</svg>")
    }

    fn legend(&mut self, outcome: &Outcome) -> fmt::Result {
        let mut left = MARGIN;
        for server in &outcome.servers {
            let (name, color) = (server.name(), color(*server));
            writeln!(
                self.text,
                r#"<rect x="{left}" y="36" width="10" height="10" rx="2" fill="{color}"/><text x="{}" y="45">{name}</text>"#,
                left + 15.0
            )?;
            left += 40.0 + 7.0 * name.len() as f64;
        }
        if outcome.rows.iter().any(|row| limit(row).is_some()) {
            writeln!(
                self.text,
                r#"<path d="M{left} 34v14" stroke="{MARK}" stroke-width="2"/><text x="{}" y="45">budget</text>"#,
                left + 8.0
            )?;
        }
        Ok(())
    }

    /// Where the next row begins.
    fn row(
        &mut self,
        row: &Found,
        outcome: &Outcome,
        mut top: f64,
        longest: f64,
    ) -> Result<f64, fmt::Error> {
        let label = escaped(row.label);
        writeln!(self.text, r#"<text x="{MARGIN}" y="{}">{label}</text>"#, top + BAR - 3.5)?;
        let scale = (WIDTH - MARGIN - LABELS - FIGURES) / longest;
        for (server, value) in bars(row, outcome) {
            let (width, color) = ((value * scale).max(1.0), color(server));
            writeln!(
                self.text,
                r#"<rect x="{LABELS}" y="{}" width="{width:.1}" height="{:.0}" rx="2" fill="{color}"/>"#,
                top + 1.0,
                BAR - 2.0
            )?;
            writeln!(
                self.text,
                r#"<text x="{:.1}" y="{}">{}</text>"#,
                LABELS + width + 6.0,
                top + BAR - 3.5,
                rounded(value)
            )?;
            if server == Server::Parlor
                && let Some(limit) = limit(row)
            {
                let at = LABELS + limit * scale;
                writeln!(
                    self.text,
                    r#"<path d="M{at:.1} {top}v{BAR}" stroke="{MARK}" stroke-width="2"/>"#
                )?;
            }
            top += BAR;
        }
        Ok(top)
    }
}

fn bars<'a>(row: &'a Found, outcome: &'a Outcome) -> impl Iterator<Item = (Server, f64)> + 'a {
    outcome.servers.iter().filter_map(|server| Some((*server, row.median(*server)?)))
}

fn longest(outcome: &Outcome) -> f64 {
    let all = outcome.rows.iter().flat_map(|row| {
        bars(row, outcome).map(|(_, value)| value).chain(limit(row)).collect::<Vec<f64>>()
    });
    all.fold(f64::MIN_POSITIVE, f64::max)
}

/// What the strictest budget lets ours take, in the unit of the table.
fn limit(row: &Found) -> Option<f64> {
    row.median(Server::Parlor)?;
    let limits = row.verdicts.iter().filter_map(|verdict| match verdict.budget.bound {
        Bound::Of(server) => Some(row.median(server)? * verdict.budget.at_most),
        Bound::Absolute => Some(verdict.budget.at_most),
    });
    limits.min_by(f64::total_cmp)
}

/// Of a middle lightness, for either ground.
fn color(server: Server) -> &'static str {
    match server {
        Server::Parlor => "#2f81d8",
        Server::UdpFloor | Server::TcpFloor => "#8d99a6",
        Server::OneThread => "#8bb8e8",
        Server::Coturn | Server::Ws => "#d0792a",
        Server::SocketIo => "#8a63c9",
        Server::PeerJs => "#3c9a6b",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Verdict;
    use super::super::table::Budget;
    use super::*;

    #[test]
    fn each_figure_is_a_bar_and_the_budget_a_mark() {
        let budget = Budget { bound: Bound::Of(Server::Ws), at_most: 0.5 };
        let row = Found {
            label: "1 < 2 & 3",
            samples: vec![(Server::Parlor, vec![4.0]), (Server::Ws, vec![10.0])],
            verdicts: vec![Verdict { budget, found: 0.4 }],
        };
        let servers = vec![Server::Parlor, Server::Ws];
        let outcome = Outcome { name: "a", title: "Relay", unit: "µs", servers, rows: vec![row] };
        let drawn = svg(&outcome);
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
        assert!(drawn.contains("1 &lt; 2 &amp; 3"));
        assert_eq!(drawn.matches("<rect ").count(), 4, "two in the legend, two bars");
        assert_eq!(drawn.matches("<path ").count(), 2, "one in the legend, one at the bar");
    }
}
