//! Thousands come to their rooms within some seconds, stay until all are there, and leave: how long each waited, and what is
//! left of them.

use super::Plan;
use super::connection::Connection;
use super::crowd;
use crate::Result;
use crate::meter::Meter;
use crate::process::Process;
use crate::report::Report;
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Handshakes on their way at the same time where nothing spreads them.
const AT_ONCE: usize = 512;

/// They come and go before memory is measured: what a server lays out once, for the first who comes, is left by nobody.
const FIRST: usize = 64;

/// Goodbyes on their way at the same time.
const LEAVING_AT_ONCE: usize = 64;

/// How often to look whether the memory is given back.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// As much more than before counts as given back.
const GIVEN_BACK: f64 = 1.05;

pub async fn run(plan: &Arc<Plan>) -> Result<Report> {
    let memory = || plan.measure.server.map(Process::memory).transpose();
    let first = crowd::gather_some(plan, FIRST.min(plan.members())).await?;
    leave(first).await;
    sleep(plan.measure.warmup).await;
    let before = memory()?;
    let meter = Arc::new(Meter::new());
    let window = meter.open(plan.measure.server)?;
    let (members, refused) = come(plan, &meter).await?;
    let report = window.close("storm", members.len())?;
    let during = memory()?;
    leave(members).await;
    let after = match before {
        Some(before) => given_back(plan, before).await?,
        None => None,
    };
    let bytes = |memory: Option<u64>| memory.map(|bytes| bytes as f64);
    Ok(Report {
        refused: Some(refused.len() as u64),
        first_refusal: refused.into_iter().next(),
        memory_before: bytes(before),
        memory_during: bytes(during),
        memory_after: bytes(after),
        memory_left: bytes(after).zip(bytes(before)).map(|(after, before)| after / before),
        ..report
    })
}

/// Who came in, and what those who did not were told.
async fn come(plan: &Arc<Plan>, meter: &Arc<Meter>) -> Result<(Vec<Connection>, Vec<String>)> {
    let (count, began) = (plan.members(), Instant::now());
    let mut coming = JoinSet::new();
    let (mut members, mut refused) = (Vec::with_capacity(count), Vec::new());
    let mut take = |outcome: Result<Result<Connection>, tokio::task::JoinError>| {
        match outcome.map_err(|bug| bug.to_string())? {
            Ok(connection) => members.push(connection),
            Err(reason) => refused.push(reason),
        }
        Ok::<(), String>(())
    };
    for index in 0..count {
        // Counted from when it was to come: a client of ours that is late is late for its room too.
        let due = began + plan.over.mul_f64(index as f64 / count as f64);
        sleep_until(due).await;
        while plan.over.is_zero() && coming.len() >= AT_ONCE {
            coming.join_next().await.map_or(Ok(()), &mut take)?;
        }
        let (plan, meter) = (Arc::clone(plan), Arc::clone(meter));
        coming.spawn(async move {
            let began = if plan.over.is_zero() { Instant::now() } else { due };
            let connection = Connection::join(&plan, index).await?;
            meter.took_time(began.elapsed());
            meter.arrived(1);
            Ok(connection)
        });
    }
    while let Some(outcome) = coming.join_next().await {
        take(outcome)?;
    }
    Ok((members, refused))
}

async fn leave(members: Vec<Connection>) {
    let goodbye = async |member: Connection| member.leave().await;
    stream::iter(members).map(goodbye).buffer_unordered(LEAVING_AT_ONCE).collect::<()>().await;
}

/// The server's memory once it has given back what it took, or when it has had its time to.
async fn given_back(plan: &Plan, before: u64) -> Result<Option<u64>> {
    let until = Instant::now() + plan.settle;
    loop {
        let after = plan.measure.server.map(Process::memory).transpose()?;
        let is_back = after.is_none_or(|after| after as f64 <= before as f64 * GIVEN_BACK);
        if is_back || Instant::now() >= until {
            return Ok(after);
        }
        sleep(LOOK_AGAIN).await;
    }
}
