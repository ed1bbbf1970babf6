//! The folder where certificates and keys that the server made or was given survive a restart.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Only for the user that runs the server.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

#[derive(Debug, Clone)]
pub struct State(PathBuf);

impl State {
    /// The folder that was configured, else the usual one. It is made when something is written.
    pub fn new(configured: Option<&Path>) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self(configured.map(Into::into).unwrap_or_else(|| usual(variable)))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// `None` if it was never written.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All of it or nothing, also when the power fails in between.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.0);
        DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder)?;
        let mut draft = path.clone().into_os_string();
        draft.push(".new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(PRIVATE_FILE)
            .open(&draft)?;
        file.set_permissions(fs::Permissions::from_mode(PRIVATE_FILE))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(folder)?.sync_all()
    }

    /// Better found out at the start than when there is something to keep.
    pub fn try_out(&self) -> io::Result<()> {
        const PROBE: &str = "probe";
        self.write(PROBE, b"")?;
        self.remove(PROBE)
    }

    pub fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }
}

/// What the service manager gives, else where a user's programs keep such things.
fn usual<T: AsRef<OsStr>>(variable: impl Fn(&'static str) -> Option<T>) -> PathBuf {
    if let Some(folder) = variable("STATE_DIRECTORY") {
        return folder.as_ref().into();
    }
    if let Some(folder) = variable("XDG_STATE_HOME") {
        return Path::new(&folder).join("parlor");
    }
    match variable("HOME") {
        Some(home) => Path::new(&home).join(".local/state/parlor"),
        None => "/var/lib/parlor".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("parlor-state-{}-{name}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_written_is_read_and_nobody_else_can() {
        let folder = Folder::new("write");
        let state = State::new(Some(&folder.0));
        assert_eq!(state.read("acme/a.pem").unwrap(), None);
        for text in ["first", "second"] {
            state.write("acme/a.pem", text.as_bytes()).unwrap();
            assert_eq!(state.read("acme/a.pem").unwrap().unwrap(), text.as_bytes());
        }
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(state.path("acme/a.pem")), 0o600);
        assert_eq!(mode(state.path("acme")), 0o700);
        assert_eq!(fs::read_dir(state.path("acme")).unwrap().count(), 1);
        state.remove("acme/a.pem").unwrap();
        assert_eq!(state.read("acme/a.pem").unwrap(), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_found_out() {
        let folder = Folder::new("probe");
        let state = State::new(Some(&folder.0));
        state.try_out().unwrap();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
        state.write("file", b"").unwrap();
        assert!(State::new(Some(&folder.0.join("file"))).try_out().is_err());
    }

    #[test]
    fn the_folder_is_the_services_the_users_or_the_systems() {
        let with = |known: &'static [(&'static str, &'static str)]| {
            usual(|name| known.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
        };
        let all = &[("STATE_DIRECTORY", "/s"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(with(all), Path::new("/s"));
        assert_eq!(with(&all[1..]), Path::new("/x/parlor"));
        assert_eq!(with(&all[2..]), Path::new("/h/.local/state/parlor"));
        assert_eq!(with(&[]), Path::new("/var/lib/parlor"));
    }
}
