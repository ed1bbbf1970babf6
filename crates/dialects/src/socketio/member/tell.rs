//! What rooms put out, as events of Socket.IO.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use parlor_rooms::{
    Body, Event, Joined, Json, KnockEnd, LeaveReason, MemberRef, MemberView, PeerId, Refusal,
    Reply, Waiting,
};
use serde_json::json;

use crate::close::Close;
use crate::error::Problem;
use crate::native;
use crate::socketio::packet::Args;
use crate::socketio::session::Spoken;

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
        Body::MemberUpdated(view) => named("parlor:member", native::member_json(view)),
        Body::Knock(view) => {
            let (id, name) = (view.peer.to_string(), view.name.as_str());
            named("parlor:knock", json!([{ "id": id, "name": name }]).to_string())
        }
        Body::KnockEnded { peer, how } => {
            let how = match how {
                KnockEnd::Admitted => "admitted",
                KnockEnd::Denied => "denied",
                KnockEnd::Left => "left",
            };
            let ended = json!([{ "id": peer.to_string(), "how": how }]);
            named("parlor:knock-ended", ended.to_string())
        }
        Body::RoomUpdated(rules) => named("parlor:room", native::rules_json(rules)),
        Body::TokenExpiring { ends_at } => {
            named("parlor:token-expiring", json!([{ "endsAt": ends_at.0 }]).to_string())
        }
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

/// The acknowledgement of the join comes when somebody has let the client in.
pub(super) fn waiting(waiting: &Waiting) -> Named {
    let (room, id) = (waiting.room.as_str(), waiting.peer.to_string());
    let args = json!([{ "room": room, "id": id }]).to_string();
    ("parlor:waiting".into(), Args::trusted(args, Vec::new()))
}

/// For who was put out of one of its rooms.
pub(super) fn expelled(who: &MemberRef, reason: LeaveReason) -> Option<Named> {
    let word = Close::after(reason).reason();
    let args = json!([{ "room": who.room.as_str(), "reason": word }]).to_string();
    Some(("parlor:out".into(), Args::trusted(args, Vec::new())))
}

/// An event that is told as it was said, without a copy of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    name: &'a str,
    /// What was said, as it stands in a list.
    said: &'a str,
    from: Option<PeerId>,
}

/// Marks around the name and the sender, and the sender itself.
const AROUND: usize = 8 + PeerId::TEXT_LEN;

impl<'a> Words<'a> {
    /// `None`: there are none, or they need more than writing them down.
    pub(super) fn of(event: &'a Event) -> Option<Self> {
        let told = |name, said: &'a Json, from: &PeerId| {
            Some(Self { name, said: said.as_str(), from: Some(*from) })
        };
        match &event.body {
            Body::Message { from, data } => told("message", data, from),
            Body::Candidate { from, candidate } => told("ice-candidate", candidate, from),
            Body::Emitted { name, args, attachments, .. }
                if attachments.iter().len() == 0 && !NEVER_EMITTED.contains(&name.as_str()) =>
            {
                let said = args.as_str().strip_prefix('[')?.strip_suffix(']')?.trim_ascii();
                Some(Self { name: name.as_str(), said, from: None })
            }
            Body::Emitted { .. }
            | Body::MemberJoined(_)
            | Body::MemberLeft { .. }
            | Body::MemberUpdated(_)
            | Body::Chat { .. }
            | Body::Offer { .. }
            | Body::Answer { .. }
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => None,
        }
    }

    /// `"name",argument,…`
    fn write(&self, out: &mut String) {
        if self.name.contains(['"', '\\']) {
            out.push_str(&json!(self.name).to_string());
        } else {
            out.push('"');
            out.push_str(self.name);
            out.push('"');
        }
        if !self.said.is_empty() {
            out.push(',');
            out.push_str(self.said);
        }
        if let Some(from) = self.from {
            out.push_str(",\"");
            // As `PeerId` is displayed, which writes letter by letter.
            URL_SAFE_NO_PAD.encode_string(from.bytes(), out);
            out.push('"');
        }
    }
}

/// Of an event that has [`Words`].
impl Spoken for Event {
    fn bytes(&self) -> usize {
        Words::of(self).map_or(0, |words| words.name.len() + words.said.len() + AROUND)
    }

    fn write(&self, out: &mut String) {
        Words::of(self).inspect(|words| words.write(out));
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
                |member| json!({ "id": member.peer.to_string(), "name": member.name.as_str(), "role": member.role.word() }),
            );
            let members: Vec<_> = members.collect();
            json!({ "ok": true, "id": own.to_string(), "members": members })
        }
        Ok(
            Reply::Done { .. }
            | Reply::Left
            | Reply::Resumed(_)
            | Reply::Waiting(_)
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
