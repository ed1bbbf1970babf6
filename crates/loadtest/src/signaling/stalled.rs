//! One speaks and a room listens, first among themselves and then beside readers who read nothing: what these cost the others, and
//! how soon the server lets go of them.

use super::broadcast::Stage;
use super::connection::Connection;
use super::{Plan, crowd};
use crate::Result;
use crate::process::Process;
use crate::report::Report;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Both are measured so often, one after the other: what disturbs the machine disturbs them alike.
const ROUNDS: usize = 3;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub async fn run(plan: &Plan) -> Result<Report> {
    let listeners = plan.connections - plan.stalled;
    let mut stage = Stage::open(plan, crowd::gather_some(plan, listeners).await?)?;
    sleep(plan.measure.warmup).await;
    let server = plan.measure.server;
    let before = server.map(Process::memory).transpose()?;
    let sockets = server.map(Process::files).transpose()?;
    let (mut found, mut gone_after) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let alone = stage.measure(plan, "stalled").await?;
        let from = listeners + round * plan.stalled;
        let stalled = crowd::gather_from(plan, from, plan.stalled).await?;
        let came = Instant::now();
        let watch = gone(plan, sockets, came);
        let (beside, gone) = tokio::join!(stage.measure(plan, "stalled"), watch);
        gone_after.push(gone?.as_secs_f64());
        drop::<Vec<Connection>>(stalled);
        found.push((alone, beside?));
    }
    let after = server.map(Process::memory).transpose()?;
    summary(found, (before, after), gone_after)
}

/// How long it took until the server had no more sockets than before; or all the time that there was for it.
async fn gone(plan: &Plan, before: Option<usize>, came: Instant) -> Result<Duration> {
    while let Some((server, before)) = plan.measure.server.zip(before) {
        if server.files()? <= before || came.elapsed() >= plan.settle {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(came.elapsed())
}

fn summary(
    found: Vec<(Report, Report)>,
    (before, after): (Option<u64>, Option<u64>),
    gone_after: Vec<f64>,
) -> Result<Report> {
    let p99 = |report: &Report| report.p99_micros.unwrap_or_default();
    let alone = median(found.iter().map(|(alone, _)| p99(alone)));
    let ratio = median(found.iter().map(|(alone, beside)| p99(beside) / p99(alone).max(1.0)));
    let growth = after.zip(before).map(|(after, before)| after.saturating_sub(before) as f64);
    let (_, last) = found.into_iter().next_back().ok_or("nothing was measured")?;
    Ok(Report {
        p99_alone_micros: Some(alone),
        p99_ratio: Some(ratio),
        gone_seconds: before.map(|_| gone_after.into_iter().fold(0.0, f64::max)),
        memory_growth: growth,
        ..last
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
