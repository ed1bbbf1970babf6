//! What the system says about this process, under the names that every Prometheus client uses.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::text::{Kind, Page};

/// Ticks of a second in `/proc`: fixed for user space on every architecture that Linux has now.
const TICKS_PER_SECOND: f64 = 100.0;

/// What `/proc/self/stat` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stat {
    pub cpu_seconds: f64,
    pub virtual_bytes: u64,
    pub resident_pages: u64,
    pub threads: u64,
    /// Seconds after the machine was started.
    pub started: f64,
}

impl Stat {
    /// The name of the program may hold anything; what counts comes after its last bracket (proc(5)).
    pub fn read(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Fields are numbered from 1 in the manual, and the first of these is number 3.
        let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
        let seconds = |at: usize| number(at).map(|ticks| ticks as f64 / TICKS_PER_SECOND);
        Some(Self {
            cpu_seconds: seconds(14)? + seconds(15)?,
            threads: number(20)?,
            started: seconds(22)?,
            virtual_bytes: number(23)?,
            resident_pages: number(24)?,
        })
    }
}

/// Writes nothing where there is no `/proc`.
pub fn write(page: &mut Page) {
    let text = fs::read_to_string("/proc/self/stat").ok();
    if let Some(stat) = text.as_deref().and_then(Stat::read) {
        write_stat(page, stat);
    }
    // One of them is what reads the folder.
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let open = files.count().saturating_sub(1);
        page.family("process_open_fds", Kind::Gauge, "Open file descriptors.").plain(open);
    }
    if let Ok((soft, _)) = rlimit::Resource::NOFILE.get() {
        let help = "File descriptors that may be open.";
        page.family("process_max_fds", Kind::Gauge, help).plain(soft);
    }
}

fn write_stat(page: &mut Page, stat: Stat) {
    let help = "Processor time spent, by the program and for it.";
    page.family("process_cpu_seconds_total", Kind::Counter, help).plain(stat.cpu_seconds);
    let help = "Memory that is in use.";
    let resident = stat.resident_pages * rustix::param::page_size() as u64;
    page.family("process_resident_memory_bytes", Kind::Gauge, help).plain(resident);
    let help = "Address space that is taken.";
    page.family("process_virtual_memory_bytes", Kind::Gauge, help).plain(stat.virtual_bytes);
    page.family("process_threads", Kind::Gauge, "Threads.").plain(stat.threads);
    if let Some(booted) = booted() {
        let help = "When the process was started, in seconds since 1970.";
        let started = booted + stat.started;
        page.family("process_start_time_seconds", Kind::Gauge, help).plain(started);
    }
}

/// When the machine was started, in seconds since 1970.
fn booted() -> Option<f64> {
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    // The two clocks are read one after the other; whole seconds keep the value still.
    Some((now.as_secs_f64() - uptime).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_shifts_nothing() {
        let text = "7 (a) (b c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 5 0 1234 1000 25 1";
        let stat = Stat::read(text).unwrap();
        let expected = Stat {
            cpu_seconds: 2.0,
            virtual_bytes: 1_000,
            resident_pages: 25,
            threads: 5,
            started: 12.34,
        };
        assert_eq!(stat, expected);
        for cut in ["", "7 (parlor", "7 (parlor) S 1 2"] {
            assert_eq!(Stat::read(cut), None, "{cut}");
        }
    }
}
