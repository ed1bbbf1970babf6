//! A certificate that somebody else keeps up to date in two files: read at the start, and again when they change.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::fs;
use tokio::time::sleep;

use super::certificate::{Certificate, Unusable};
use super::shelf::Shelf;

/// How often the files are looked at. A new pair is read when it has not changed for as long: the one file is
/// written after the other.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// No chain is so long.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub struct Files {
    pub chain: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug)]
pub enum FileError {
    Unreadable(PathBuf, io::Error),
    TooLarge(PathBuf),
    Unusable { chain: PathBuf, key: PathBuf, why: Unusable },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::TooLarge(path) => write!(f, "{} is no PEM file: too large", path.display()),
            Self::Unusable { chain, key, why } => {
                write!(f, "{} with {} cannot be used: {why}", chain.display(), key.display())
            }
        }
    }
}

impl Files {
    pub fn load(&self) -> Result<Certificate, FileError> {
        let (chain, key) = (read(&self.chain)?, read(&self.key)?);
        Certificate::from_pem(&chain, &key).map_err(|why| FileError::Unusable {
            chain: self.chain.clone(),
            key: self.key.clone(),
            why,
        })
    }

    /// Until the task is dropped.
    pub async fn watch(self, shelf: Arc<Shelf>) {
        let mut in_use = self.stamps().await;
        let mut seen = in_use;
        loop {
            sleep(LOOK_EVERY).await;
            let now = self.stamps().await;
            let settled = now == std::mem::replace(&mut seen, now);
            if settled && now != in_use {
                in_use = now;
                self.renew(&shelf);
            }
        }
    }

    pub fn renew(&self, shelf: &Shelf) {
        match self.load() {
            Ok(certificate) => {
                tracing::info!("new connections get the new certificate {certificate}");
                warn_if_out_of_date(&certificate);
                shelf.put(certificate);
            }
            Err(error) => tracing::warn!(%error, "the old certificate stays in use"),
        }
    }

    async fn stamps(&self) -> [Option<Stamp>; 2] {
        let stamp = |found: io::Result<Metadata>| found.ok().map(|found| Stamp::of(&found));
        [stamp(fs::metadata(&self.chain).await), stamp(fs::metadata(&self.key).await)]
    }
}

pub fn warn_if_out_of_date(certificate: &Certificate) {
    if let Some(why) = certificate.out_of_date(SystemTime::now()) {
        tracing::warn!("the certificate {certificate} {why}: browsers will refuse it");
    }
}

/// Changes when a file is written or another takes its place.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        let changed = (found.ctime(), found.ctime_nsec());
        Self { inode: found.ino(), bytes: found.len(), changed }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let unreadable = |error| FileError::Unreadable(path.into(), error);
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge(path.into()));
    }
    std::fs::read(path).map_err(unreadable)
}
