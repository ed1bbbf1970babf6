//! The load client as a program of its own, for benchmarks that leave the server's process alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlor_loadtest::run("parlor-loadtest", std::env::args_os().skip(1))
}
