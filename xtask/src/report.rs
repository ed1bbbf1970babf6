//! What people see of a command. A closed pipe (`cargo xtask test | head`) is no reason to fail.

use std::fmt::Display;
use std::io::Write;

pub fn line(text: impl Display) {
    let _closed_pipe = writeln!(std::io::stdout(), "{text}");
}

pub fn error(text: impl Display) {
    let _closed_pipe = writeln!(std::io::stderr(), "error: {text}");
}

pub fn heading(text: impl Display) {
    line(format_args!("\n=== {text}"));
}
