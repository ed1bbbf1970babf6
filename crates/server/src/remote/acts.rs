//! How what is done to a room, or to somebody in it, is put together.

use axum::http::Method;
use serde_json::{Value, json};

use super::commands::{Act, Command};

/// What is done to a room.
pub fn act(method: Method, room: &str, tail: &str, said: &str) -> Command {
    let (tail, said) = (tail.into(), format!("{room} {said}"));
    Command::Act(Act { method, room: room.into(), somebody: None, tail, body: None, said })
}

/// What is done to somebody in it.
pub fn on(
    method: Method,
    room: &str,
    (list, peer): (&'static str, &str),
    tail: &str,
    said: &str,
) -> Command {
    let (tail, said) = (tail.into(), format!("{peer} {said}"));
    let somebody = Some((list, peer.into()));
    Command::Act(Act { method, room: room.into(), somebody, tail, body: None, said })
}

pub fn with(command: Command, body: Value) -> Command {
    match command {
        Command::Act(act) => Command::Act(Act { body: Some(body), ..act }),
        other @ (Command::Rooms { .. }
        | Command::Show(_)
        | Command::Create(_)
        | Command::Members(_)
        | Command::Waiting(_)
        | Command::Bans(_)
        | Command::Revoke(_)
        | Command::Stats) => other,
    }
}

pub fn lock(room: &str, locked: bool) -> Command {
    let said = if locked { "is locked" } else { "is open" };
    with(act(Method::PATCH, room, "/rules", said), json!({ "locked": locked }))
}
