//! Many connections: gathered for the other scenarios, counted as they come, or held while they say nothing.

use super::Plan;
use super::connection::Connection;
use crate::Result;
use crate::meter::Meter;
use crate::process::Process;
use crate::report::Report;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Handshakes on their way at the same time: fewer than any listener's queue.
const AT_ONCE: usize = 64;

/// Everybody in their rooms.
pub async fn gather(plan: &Plan) -> Result<Vec<Connection>> {
    gather_some(plan, plan.members()).await
}

/// The first so many.
pub async fn gather_some(plan: &Plan, count: usize) -> Result<Vec<Connection>> {
    gather_from(plan, 0, count).await
}

pub async fn gather_from(plan: &Plan, from: usize, count: usize) -> Result<Vec<Connection>> {
    let join = |index| Connection::join(plan, index);
    stream::iter(from..from + count).map(join).buffered(AT_ONCE).try_collect().await
}

/// Members who say nothing: what each costs the server to keep.
pub async fn idle(plan: &Plan) -> Result<Report> {
    let memory = || plan.measure.server.map(Process::memory).transpose();
    let before = memory()?;
    let connections = gather(plan).await?;
    let meter = Arc::new(Meter::new());
    let mut tasks = JoinSet::new();
    for mut connection in connections {
        let meter = Arc::clone(&meter);
        // Reading is answering the server's pings.
        tasks.spawn(async move {
            loop {
                connection.batch(&meter).await?;
            }
        });
    }
    tokio::time::sleep(plan.measure.warmup + plan.measure.seconds).await;
    if let Some(outcome) = tasks.try_join_next() {
        return Err(failure(outcome));
    }
    let clients = plan.members();
    let growth = memory()?.zip(before).map(|(after, before)| after.saturating_sub(before) as f64);
    Ok(Report {
        name: "idle".into(),
        clients,
        seconds: (plan.measure.warmup + plan.measure.seconds).as_secs_f64(),
        count: clients as u64,
        memory_growth: growth,
        memory_per_client: growth.map(|growth| growth / clients as f64),
        ..Report::default()
    })
}

/// Why the first task ended: they all go on for ever if nothing is wrong.
pub async fn first_failure(tasks: &mut JoinSet<Result>) -> String {
    match tasks.join_next().await {
        Some(outcome) => failure(outcome),
        None => "nobody is connected".into(),
    }
}

fn failure(outcome: Result<Result, tokio::task::JoinError>) -> String {
    match outcome {
        Ok(Err(reason)) => reason,
        Ok(Ok(())) => "a client ended".into(),
        Err(bug) => bug.to_string(),
    }
}
