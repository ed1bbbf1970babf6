//! Other programs: run, watched, and asked for their output.

use crate::{Result, report};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

pub struct Command {
    inner: process::Command,
    shown: String,
}

impl Command {
    pub fn new(program: impl AsRef<OsStr>, directory: &Path) -> Self {
        let program = program.as_ref();
        let shown =
            Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
        let mut inner = process::Command::new(program);
        inner.current_dir(directory).stdin(Stdio::null());
        Self { inner, shown }
    }

    /// The cargo that runs us, so that both use the same toolchain.
    pub fn cargo(directory: &Path) -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), directory)
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.inner.arg(argument);
        }
        self
    }

    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(key, value);
        self
    }

    /// Runs it in front of the user.
    pub fn run(mut self) -> Result {
        report::line(format_args!("$ {}", self.shown));
        let status = self.inner.status().map_err(|error| self.cannot_start(&error))?;
        self.succeeded(status)
    }

    /// Runs it in front of the user and hands over what it wrote to its standard output.
    pub fn watch(mut self) -> (String, Result) {
        report::line(format_args!("$ {}", self.shown));
        let mut child = match self.inner.stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => return (String::new(), Err(self.cannot_start(&error))),
        };
        let seen = child.stdout.take().map(echo).unwrap_or_default();
        let outcome = match child.wait() {
            Ok(status) => self.succeeded(status),
            Err(error) => Err(format!("{}: {error}", self.shown)),
        };
        (seen, outcome)
    }

    /// Runs it silently.
    pub fn output(mut self) -> Result<Vec<u8>> {
        let output = self.inner.output().map_err(|error| self.cannot_start(&error))?;
        self.succeeded(output.status).map_err(|error| {
            format!("{error}\n{}", String::from_utf8_lossy(&output.stderr).trim())
        })?;
        Ok(output.stdout)
    }

    fn cannot_start(&self, error: &std::io::Error) -> String {
        format!("cannot start `{}`: {error}", self.shown)
    }

    fn succeeded(&self, status: process::ExitStatus) -> Result {
        if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", self.shown)) }
    }
}

/// Prints each line as it comes; lossy, because a test may print anything.
fn echo(pipe: process::ChildStdout) -> String {
    let mut seen = String::new();
    for bytes in BufReader::new(pipe).split(b'\n').map_while(std::io::Result::ok) {
        let text = String::from_utf8_lossy(&bytes);
        report::line(&text);
        seen.push_str(&text);
        seen.push('\n');
    }
    seen
}

/// Where a program is found, if it is.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
