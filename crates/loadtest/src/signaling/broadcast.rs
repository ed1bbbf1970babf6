//! One speaks, the rest of the room listens; some may read nothing at all.

use super::connection::Connection;
use super::crowd;
use super::speech::{Phrase, Seat};
use super::{Plan, measured};
use crate::Result;
use crate::meter::Meter;
use crate::process::Process;
use crate::report::Report;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub async fn run(plan: &Plan) -> Result<Report> {
    let mut connections = crowd::gather(plan).await?;
    let memory = || plan.measure.server.map(Process::memory).transpose();
    let before = memory()?;
    // They stay connected, and read no more than what their sockets hold by themselves.
    let stalled = connections.split_off(connections.len() - plan.stalled);
    let mut stage = Stage::open(plan, connections)?;
    tokio::time::sleep(plan.measure.warmup).await;
    let report = stage.measure(plan, "broadcast").await?;
    let growth = memory()?.zip(before).map(|(after, before)| after.saturating_sub(before) as f64);
    drop(stalled);
    Ok(Report { clients: plan.members(), memory_growth: growth, ..report })
}

/// A speaker and those who listen, at work.
pub struct Stage {
    audience: Arc<Audience>,
    tasks: JoinSet<Result>,
}

impl Stage {
    /// The last of them speaks.
    pub fn open(plan: &Plan, mut connections: Vec<Connection>) -> Result<Self> {
        let speaker = connections.pop().ok_or("nobody is connected")?;
        let audience = Arc::new(Audience {
            meter: Meter::new(),
            size: connections.len() as u64,
            expected: AtomicU64::new(0),
            all_heard: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        for listener in connections {
            tasks.spawn(listen(listener, Arc::clone(&audience)));
        }
        let seat = Seat { room: 0, place: plan.members() - 1 };
        let pace = Pace { window: plan.window as u64, rate: plan.rate };
        let phrase = plan.dialect.phrase(seat, plan.bytes);
        tasks.spawn(speak(speaker, phrase, pace, Arc::clone(&audience)));
        Ok(Self { audience, tasks })
    }

    pub async fn measure(&mut self, plan: &Plan, name: &str) -> Result<Report> {
        self.audience.meter.forget();
        tokio::select! {
            report = measured(plan, &self.audience.meter, name) => report,
            reason = crowd::first_failure(&mut self.tasks) => Err(reason),
        }
    }
}

struct Audience {
    meter: Meter,
    size: u64,
    /// Deliveries when everybody has heard all that was said.
    expected: AtomicU64,
    all_heard: Notify,
}

struct Pace {
    window: u64,
    rate: u32,
}

async fn listen(mut connection: Connection, audience: Arc<Audience>) -> Result {
    loop {
        let messages = connection.batch(&audience.meter).await?.messages;
        if audience.meter.arrived(messages) >= audience.expected.load(Ordering::Acquire) {
            audience.all_heard.notify_one();
        }
    }
}

/// Says a window full, then waits until everybody has heard it.
async fn speak(
    mut connection: Connection,
    phrase: Phrase,
    pace: Pace,
    audience: Arc<Audience>,
) -> Result {
    let mut due = Instant::now();
    loop {
        audience.expected.fetch_add(pace.window * audience.size, Ordering::AcqRel);
        for _ in 0..pace.window {
            connection.say(phrase.at(audience.meter.stamp())).await?;
        }
        connection.flush().await?;
        heard_by_all(&mut connection, &audience).await?;
        if let Some(pause) = Duration::from_secs(pace.window).checked_div(pace.rate) {
            due += pause;
            sleep_until(due).await;
        }
    }
}

/// The speaker reads too: servers ask whether somebody is there.
async fn heard_by_all(connection: &mut Connection, audience: &Audience) -> Result {
    while audience.meter.arrived(0) < audience.expected.load(Ordering::Acquire) {
        tokio::select! {
            () = audience.all_heard.notified() => {}
            heard = connection.batch(&audience.meter) => { heard?; }
        }
    }
    Ok(())
}
