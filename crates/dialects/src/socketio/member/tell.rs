//! What rooms put out, as events of Socket.IO.

use std::sync::Arc;

use bytes::Bytes;
use parlor_rooms::{Body, Event, Joined, MemberView, PeerId, Refusal, Reply};
use serde_json::json;

use crate::error::Problem;
use crate::socketio::packet::Args;

type Named = (Arc<str>, Args);

/// A client whose decoder meets one of these as an event closes its connection.
const NEVER_EMITTED: &[&str] =
    &["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// `None`: there is no such event for these clients.
pub(super) fn event(event: &Event) -> Option<Named> {
    let named = |name: &str, args: String| Some((name.into(), Args::trusted(args, Vec::new())));
    match &event.body {
        Body::MemberJoined(member) => named("user-joined", who(member)),
        Body::MemberLeft { peer, .. } => named("user-left", json!([peer.to_string()]).to_string()),
        Body::MemberUpdated(_) => None,
        Body::Chat { from, name, text, .. } => {
            let (name, from) = (name.as_str(), from.to_string());
            let chat = json!({ "text": text, "name": name, "from": from, "at": event.at.0 });
            named("chat", json!([chat]).to_string())
        }
        Body::Message { from, data } => named("message", format!("[{},\"{from}\"]", data.as_str())),
        Body::Emitted { name, args, attachments, .. } => {
            if NEVER_EMITTED.contains(&name.as_str()) {
                return None;
            }
            let parts = attachments.iter().map(|part| Bytes::from_owner(part.clone())).collect();
            Some((name.as_str().into(), Args::trusted(args.as_str(), parts)))
        }
        Body::Offer { from, sdp } => named("offer", description("offer", sdp, from)),
        Body::Answer { from, sdp } => named("answer", description("answer", sdp, from)),
        Body::Candidate { from, candidate } => {
            named("ice-candidate", format!("[{},\"{from}\"]", candidate.as_str()))
        }
    }
}

/// For a newcomer: who is there, and what was said.
pub(super) fn picture(joined: &Joined) -> Vec<Named> {
    let others = joined.members.iter().filter(|member| member.peer != joined.peer);
    let present =
        others.map(|member| ("existing-user".into(), Args::trusted(who(member), Vec::new())));
    let history = joined.history.iter().filter_map(|said| event(said));
    present.chain(history).collect()
}

/// The answer to an event that was carried out.
pub(super) fn done(reply: &Result<Reply, Refusal>, own: PeerId) -> Args {
    let answer = match reply {
        Ok(Reply::Joined(joined)) => {
            let members = joined.members.iter().map(
                |member| json!({ "id": member.peer.to_string(), "name": member.name.as_str() }),
            );
            let members: Vec<_> = members.collect();
            json!({ "ok": true, "id": own.to_string(), "members": members })
        }
        Ok(
            Reply::Done { .. }
            | Reply::Left
            | Reply::Resumed(_)
            | Reply::Presence(_)
            | Reply::Pong { .. },
        )
        | Err(_) => json!({ "ok": true }),
    };
    Args::trusted(json!([answer]).to_string(), Vec::new())
}

pub(super) fn refused(problem: &Problem) -> Args {
    let (code, hint) = (problem.code(), hint(problem));
    let answer =
        json!([{ "ok": false, "code": code, "message": problem.to_string(), "hint": hint }]);
    Args::trusted(answer.to_string(), Vec::new())
}

pub(super) fn error(problem: &Problem) -> Args {
    let (code, hint) = (problem.code(), hint(problem));
    let error = json!([{ "code": code, "message": problem.to_string(), "hint": hint }]);
    Args::trusted(error.to_string(), Vec::new())
}

/// These clients' words stand on another page than the native protocol's.
fn hint(problem: &Problem) -> String {
    match problem {
        Problem::BadMessage(_) => {
            "See the events of Socket.IO in docs/bring-your-client.md.".into()
        }
        Problem::Refused(Refusal::NotJoined) => "Emit `join-room` first.".into(),
        Problem::BadJson
        | Problem::TooDeep
        | Problem::UnknownType(_)
        | Problem::BinaryUnsupported
        | Problem::UnsupportedProtocol { .. }
        | Problem::RateLimited { .. }
        | Problem::Refused(_) => problem.hint(),
    }
}

fn who(member: &MemberView) -> String {
    json!([member.peer.to_string(), member.name.as_str()]).to_string()
}

/// The clients hand this to `new RTCSessionDescription`, which takes an object only.
fn description(kind: &str, sdp: &str, from: &PeerId) -> String {
    json!([{ "type": kind, "sdp": sdp }, from.to_string()]).to_string()
}
