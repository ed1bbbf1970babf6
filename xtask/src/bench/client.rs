//! One run of the load client against one server, and the figures that it prints.

use super::children::Children;
use super::options::Options;
use super::rounds::Run;
use super::setup::Programs;
use crate::Result;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

/// One line of what the client found: `None` where it measured nothing of that name.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures(Value);

impl Figures {
    pub fn name(&self) -> &str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn get(&self, figure: &str) -> Option<f64> {
        self.0.get(figure).and_then(Value::as_f64)
    }
}

/// What one run may take beside what is measured: gathering 19,000 members, on a busy machine.
const PREPARATION: Duration = Duration::from_secs(120);

/// A server that is started anew, measured, and ended.
pub fn run(
    run: &Run,
    options: &Options,
    programs: &Programs,
    children: &Children,
) -> Result<Vec<Figures>> {
    let (server, address) = run.server.start(run, programs, children)?;
    let most = PREPARATION + Duration::from_secs_f64(options.seconds * 10.0);
    let mut command = programs.on_client_core(&programs.load_client);
    command.args([run.load.first().copied().unwrap_or_default(), &address.to_string()]);
    command.args(run.load.iter().skip(1));
    command.args(["--json", "--pid", &server.pid.to_string()]);
    command.args(["--seconds", &options.seconds.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let client = children.start(&mut command)?;
    let (said, complaints) =
        client.output(most).map_err(|reason| format!("{}: {reason}", run.server.name()))?;
    if let Some(status) = server.ended() {
        return Err(format!("{} ended during the run ({status})", run.server.name()));
    }
    if !complaints.trim().is_empty() {
        return Err(format!("{}: {}", run.server.name(), complaints.trim()));
    }
    let figures: Result<Vec<Figures>, _> =
        said.lines().map(|line| serde_json::from_str(line).map(Figures)).collect();
    let figures = figures.map_err(|error| format!("{}: {error}: {said}", run.server.name()))?;
    if figures.is_empty() {
        return Err(format!("{}: no figures", run.server.name()));
    }
    Ok(figures)
}

#[cfg(test)]
impl From<Value> for Figures {
    fn from(value: Value) -> Self {
        Self(value)
    }
}
