//! Two in each room, one begins, and each answers every message that it hears with one of its own: as many messages
//! are on their way between the two as the window says, at any server's speed.

use super::connection::Connection;
use super::crowd;
use super::speech::{Phrase, Seat};
use super::{Plan, measured};
use crate::Result;
use crate::meter::Meter;
use crate::report::Report;
use std::sync::Arc;
use tokio::task::JoinSet;

pub async fn run(plan: &Plan) -> Result<Report> {
    let connections = crowd::gather(plan).await?;
    let meter = Arc::new(Meter::new());
    let mut tasks = JoinSet::new();
    for (index, connection) in connections.into_iter().enumerate() {
        let seat = Seat::of(index, plan.room_size());
        let phrase = plan.dialect.phrase(seat, plan.bytes);
        // If both began, their messages would meet and go on as pairs, in half the system calls.
        let begins = if seat.place == 0 { plan.window as u64 } else { 0 };
        tasks.spawn(converse(connection, phrase, begins, Arc::clone(&meter)));
    }
    let measured = async {
        tokio::time::sleep(plan.measure.warmup).await;
        measured(plan, &meter, "relay").await
    };
    tokio::select! {
        report = measured => report,
        reason = crowd::first_failure(&mut tasks) => Err(reason),
    }
}

async fn converse(
    mut connection: Connection,
    phrase: Phrase,
    begins: u64,
    meter: Arc<Meter>,
) -> Result {
    let mut owed = begins;
    loop {
        for _ in 0..owed {
            connection.say(phrase.at(meter.stamp())).await?;
        }
        connection.flush().await?;
        owed = connection.batch(&meter).await?.messages;
        meter.arrived(owed);
    }
}
