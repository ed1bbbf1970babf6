//! Where the checkout is and which files belong to it.

use crate::{Result, shell};
use std::path::{Path, PathBuf};

pub struct Repo {
    root: PathBuf,
}

impl Repo {
    pub fn open() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().ok_or("xtask has no parent folder")?;
        Ok(Self { root: root.to_path_buf() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub fn read(&self, relative: &str) -> Result<String> {
        std::fs::read_to_string(self.path(relative)).map_err(|error| format!("{relative}: {error}"))
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), PathBuf::from)
    }

    /// Every file that is committed or about to be: what `.gitignore` names is not ours to check.
    pub fn files(&self) -> Result<Vec<String>> {
        let list = shell::Command::new("git", self.root())
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .output()?;
        let mut files: Vec<String> = String::from_utf8_lossy(&list)
            .split('\0')
            .filter(|name| !name.is_empty() && self.path(name).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }
}
