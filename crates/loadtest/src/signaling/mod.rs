//! Members in rooms: what a run does, and the runtime that it does it on.

mod broadcast;
mod connection;
mod crowd;
mod relay;
mod speech;
mod stalled;
mod storm;
mod stream;

pub use speech::Dialect;
pub use stream::Tls;

use crate::Result;
use crate::command::Measure;
use crate::limits::{open_files, within};
use crate::meter::Window;
use crate::report::Report;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Members, unless somebody says otherwise.
pub const CONNECTIONS: usize = 100;

/// A typical ICE candidate or chat line in its envelope.
pub const MESSAGE_BYTES: usize = 300;

/// Room for the envelope and the timestamp of any dialect.
const SMALLEST_MESSAGE: usize = 128;

/// Frames of servers are limited; this fits all.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// More than one process can hold as sockets.
const MOST_CONNECTIONS: usize = 1_000_000;

/// A burst beyond this waits in the client's own socket.
const LARGEST_WINDOW: usize = 1_024;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scenario {
    Relay,
    Broadcast,
    Stalled,
    Idle,
    Storm,
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "relay" => Ok(Self::Relay),
            "broadcast" => Ok(Self::Broadcast),
            "stalled" => Ok(Self::Stalled),
            "idle" => Ok(Self::Idle),
            "storm" => Ok(Self::Storm),
            _ => Err("there is relay, broadcast, stalled, idle and storm".into()),
        }
    }
}

pub struct Plan {
    pub target: SocketAddr,
    pub measure: Measure,
    pub scenario: Scenario,
    pub dialect: Dialect,
    pub connections: usize,
    /// Members of one room, where the scenario leaves it open.
    pub room: usize,
    pub window: usize,
    pub bytes: usize,
    pub stalled: usize,
    pub rate: u32,
    /// How long a storm is.
    pub over: Duration,
    /// How long a server may take to give back what it took.
    pub settle: Duration,
    pub tls: Option<Tls>,
}

impl Plan {
    pub fn checked(self) -> Result<Self> {
        within("--connections", self.connections, 2, MOST_CONNECTIONS)?;
        within("--room", self.room, 2, self.connections)?;
        within("--window", self.window, 1, LARGEST_WINDOW)?;
        within("--bytes", self.bytes, SMALLEST_MESSAGE, LARGEST_MESSAGE)?;
        within("--stalled", self.stalled, 0, self.connections - 2)?;
        if self.tls.is_some() && self.dialect == Dialect::Raw {
            return Err("the floor has no TLS".into());
        }
        Ok(self)
    }

    /// How many share a room.
    fn room_size(&self) -> usize {
        match self.scenario {
            Scenario::Relay | Scenario::Storm => 2,
            // Those who stall are others each time.
            Scenario::Broadcast | Scenario::Stalled => usize::MAX,
            Scenario::Idle => self.room,
        }
    }

    /// Full rooms only: who is alone has nobody to hear.
    fn members(&self) -> usize {
        match self.scenario {
            Scenario::Broadcast | Scenario::Stalled => self.connections,
            Scenario::Relay | Scenario::Storm | Scenario::Idle => {
                self.connections - self.connections % self.room_size()
            }
        }
    }
}

pub fn run(plan: Plan) -> Result {
    let plan = Arc::new(plan);
    open_files(plan.connections)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start threads: {error}"))?;
    let report = runtime.block_on(async {
        match plan.scenario {
            Scenario::Relay => relay::run(&plan).await,
            Scenario::Broadcast => broadcast::run(&plan).await,
            Scenario::Stalled => stalled::run(&plan).await,
            Scenario::Idle => crowd::idle(&plan).await,
            Scenario::Storm => storm::run(&plan).await,
        }
    });
    // Nobody says goodbye: what is measured has been measured.
    runtime.shutdown_background();
    report?.print(plan.measure.form)
}

/// The measured time of a run whose tasks are at work.
async fn measured(plan: &Plan, meter: &crate::meter::Meter, name: &str) -> Result<Report> {
    let window: Window<'_> = meter.open(plan.measure.server)?;
    tokio::time::sleep(plan.measure.seconds).await;
    window.close(name, plan.members())
}
