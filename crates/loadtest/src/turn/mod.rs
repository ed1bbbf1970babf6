//! Allocations and packets: what a run does. Linux only: batches, segments and process costs are its own.

mod allocation;
mod clients;
mod request;
mod sending;
mod traffic;

use crate::Result;
use crate::command::Measure;
use crate::limits::{open_files, within};
use crate::process::Process;
use crate::report::Report;
use clients::Clients;
use std::net::SocketAddr;
use std::str::FromStr;

/// A thousand voices of 20 packets per second.
pub const PACKETS_PER_SECOND: u32 = 20_000;

/// Voice at 64 kbit/s, with an odd half so that padding shows.
pub const PAYLOAD_BYTES: usize = 170;

/// The timestamp.
const SMALLEST_PAYLOAD: usize = 8;

/// Fits a datagram of 1,500 with the headers of ChannelData, UDP and IPv6.
const LARGEST_PAYLOAD: usize = 1_400;

/// Each has a socket and a channel at a port of its own.
const MOST_ALLOCATIONS: usize = 16_000;

/// The kernel takes no more segments at once.
const LARGEST_BURST: usize = 44;

/// Which way the packets go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Path {
    /// From the clients through the server to peers outside.
    Up,
    /// From peers outside to the clients.
    Down,
    /// From client to client, both with allocations on the server.
    Pairs,
}

impl Path {
    fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Pairs => "pairs",
        }
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::Up, Self::Down, Self::Pairs];
        let found = all.into_iter().find(|path| path.name() == text);
        found.ok_or_else(|| format!("{text}: there is up, down and pairs"))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub name: String,
    pub password: String,
}

impl FromStr for User {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        // A name of time-limited credentials has a colon, a password of them has none.
        let (name, password) = text.rsplit_once(':').ok_or("--user must be NAME:PASSWORD")?;
        Ok(Self { name: name.into(), password: password.into() })
    }
}

#[derive(Debug)]
pub struct Plan {
    pub target: SocketAddr,
    pub measure: Measure,
    /// Without one, the target is the floor.
    pub user: Option<User>,
    pub allocations: usize,
    pub paths: Vec<Path>,
    pub rate: u32,
    pub bytes: usize,
    pub burst: usize,
}

impl Plan {
    pub fn checked(self) -> Result<Self> {
        within("--allocations", self.allocations, 1, MOST_ALLOCATIONS)?;
        within("--bytes", self.bytes, SMALLEST_PAYLOAD, LARGEST_PAYLOAD)?;
        within("--burst", self.burst, 1, LARGEST_BURST)?;
        within("--rate", self.rate as usize, 1, 10_000_000)?;
        let pairs = self.paths.iter().filter(|path| **path == Path::Pairs).count();
        if pairs > 0 && (pairs < self.paths.len() || self.user.is_none()) {
            return Err("pairs are measured alone, and against a TURN server".into());
        }
        if pairs > 0 && self.allocations % 2 == 1 {
            return Err("pairs need an even number of allocations".into());
        }
        Ok(self)
    }
}

pub fn run(plan: &Plan) -> Result {
    open_files(plan.allocations)?;
    let memory = || plan.measure.server.map(Process::memory).transpose();
    let before = memory()?;
    let clients = Clients::new(plan)?;
    let growth = memory()?.zip(before).map(|(after, before)| after.saturating_sub(before) as f64);
    for path in &plan.paths {
        let report = traffic::measure(plan, *path, &clients)?;
        let per_client = growth.map(|growth| growth / plan.allocations as f64);
        let report = Report { memory_growth: growth, memory_per_client: per_client, ..report };
        report.print(plan.measure.form)?;
    }
    clients.release();
    Ok(())
}
