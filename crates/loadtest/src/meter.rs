//! Counters that all tasks and threads of a run share, and the window that is measured.

use crate::Result;
use crate::histogram::Histogram;
use crate::process::Process;
use crate::report::Report;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub struct Meter {
    /// Timestamps in messages count from here.
    epoch: Instant,
    sent: AtomicU64,
    arrived: AtomicU64,
    measuring: AtomicBool,
    delays: Histogram,
}

impl Meter {
    pub fn new() -> Self {
        Self {
            epoch: Instant::now(),
            sent: AtomicU64::new(0),
            arrived: AtomicU64::new(0),
            measuring: AtomicBool::new(false),
            delays: Histogram::new(),
        }
    }

    /// What a message carries, so that whoever hears it knows how long it took.
    pub fn stamp(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    pub fn sent(&self, count: u64) {
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    /// How many have arrived with these.
    pub fn arrived(&self, count: u64) -> u64 {
        self.arrived.fetch_add(count, Ordering::AcqRel) + count
    }

    pub fn took(&self, stamp: u64) {
        if self.measuring.load(Ordering::Relaxed) {
            self.delays.record(Duration::from_nanos(self.stamp().saturating_sub(stamp)));
        }
    }

    /// The same for what is no message.
    pub fn took_time(&self, took: Duration) {
        if self.measuring.load(Ordering::Relaxed) {
            self.delays.record(took);
        }
    }

    /// What is measured next is none of what was measured before.
    pub fn forget(&self) {
        self.delays.clear();
    }

    /// Begins what is measured, once the run is warm.
    pub fn open(&self, server: Option<Process>) -> Result<Window<'_>> {
        self.measuring.store(true, Ordering::Relaxed);
        Ok(Window {
            meter: self,
            server,
            cpu: server.map(Process::cpu).transpose()?,
            sent: self.sent.load(Ordering::Relaxed),
            arrived: self.arrived.load(Ordering::Relaxed),
            began: Instant::now(),
        })
    }
}

pub struct Window<'a> {
    meter: &'a Meter,
    server: Option<Process>,
    cpu: Option<Duration>,
    sent: u64,
    arrived: u64,
    began: Instant,
}

impl Window<'_> {
    pub fn close(self, name: &str, clients: usize) -> Result<Report> {
        let seconds = self.began.elapsed().as_secs_f64();
        let count = self.meter.arrived.load(Ordering::Relaxed) - self.arrived;
        let cpu = self.server.map(Process::cpu).transpose()?;
        self.meter.measuring.store(false, Ordering::Relaxed);
        if count == 0 {
            return Err(format!("{name}: nothing arrived in {seconds:.1} s"));
        }
        let used = cpu.zip(self.cpu).map(|(after, before)| after.saturating_sub(before));
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        Ok(Report {
            name: name.into(),
            clients,
            seconds,
            count,
            per_second: count as f64 / seconds,
            p50_micros: self.meter.delays.quantile(0.5).map(micros),
            p99_micros: self.meter.delays.quantile(0.99).map(micros),
            cpu_micros: used.map(|used| micros(used) / count as f64),
            ..Report::default()
        })
    }

    /// The same where each that was sent should arrive once.
    pub fn close_with_losses(self, name: &str, clients: usize) -> Result<Report> {
        let sent = self.meter.sent.load(Ordering::Relaxed) - self.sent;
        let report = self.close(name, clients)?;
        let lost = sent.saturating_sub(report.count) as f64 / sent.max(1) as f64;
        Ok(Report { lost_percent: Some(100.0 * lost), ..report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_while_the_window_is_open_counts() {
        let meter = Meter::new();
        meter.arrived(7);
        let window = meter.open(None).unwrap();
        meter.sent(4);
        meter.arrived(3);
        meter.took(meter.stamp());
        let report = window.close_with_losses("up", 1).unwrap();
        assert_eq!((report.count, report.lost_percent), (3, Some(25.0)));
        assert!(report.p50_micros.is_some() && report.cpu_micros.is_none());
    }

    #[test]
    fn a_run_in_which_nothing_arrives_is_no_run() {
        assert!(Meter::new().open(None).unwrap().close("up", 1).is_err());
    }
}
