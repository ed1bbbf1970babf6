//! What the server's process costs, as Linux tells it.

use crate::Result;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The process whose CPU time and memory are read.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// CPU time of all threads that run now, to the nanosecond. `/proc/PID/stat` counts in ticks of 10 ms.
    pub fn cpu(self) -> Result<Duration> {
        let tasks = self.file("task");
        let entries = fs::read_dir(&tasks).map_err(|error| self.unreadable(&error))?;
        let nanos = entries.flatten().filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Ok(Duration::from_nanos(nanos.sum()))
    }

    /// Bytes of memory in use. `VmRSS` of `/proc/PID/status` lags behind by up to some hundred pages.
    pub fn memory(self) -> Result<u64> {
        let rollup = fs::read_to_string(self.file("smaps_rollup"))
            .map_err(|error| self.unreadable(&error))?;
        let kilobytes = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.parse().ok());
        let kilobytes: u64 = kilobytes.ok_or("smaps_rollup has no Rss")?;
        Ok(kilobytes * 1024)
    }

    /// Open files, sockets among them.
    pub fn files(self) -> Result<usize> {
        let entries = fs::read_dir(self.file("fd")).map_err(|error| self.unreadable(&error))?;
        Ok(entries.count())
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    fn unreadable(self, error: &std::io::Error) -> String {
        format!("cannot read what process {} costs: {error}", self.0)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_has_used_time_and_memory() {
        let own = Process(std::process::id());
        assert!(own.cpu().unwrap() > Duration::ZERO);
        assert!(own.memory().unwrap() > 100_000);
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        assert!(Process(u32::MAX).cpu().unwrap_err().contains("4294967295"));
    }
}
