//! What a plan may ask for, and what the system allows.

use crate::Result;

pub fn within(name: &str, given: usize, least: usize, most: usize) -> Result {
    if (least..=most).contains(&given) {
        Ok(())
    } else {
        Err(format!("{name} must be from {least} to {most}, not {given}"))
    }
}

/// File descriptors for what is no socket of a client.
const RESERVED_FILES: u64 = 64;

/// Raises the limit of open files as far as it goes, and says when that is not far enough.
pub fn open_files(sockets: usize) -> Result {
    let files = rlimit::increase_nofile_limit(u64::MAX).map_err(|error| error.to_string())?;
    if sockets as u64 + RESERVED_FILES <= files {
        Ok(())
    } else {
        Err(format!("this process may open {files} files: too few for {sockets} sockets"))
    }
}
