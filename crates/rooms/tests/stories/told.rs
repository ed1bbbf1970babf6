//! What came out of the rooms, one line for each output, with names in place of ids.

use std::collections::BTreeMap;

use parlor_rooms::{
    Body, ConnectionId, Event, Joined, KnockEnd, LeaveReason, MemberView, Output, PeerId, Picture,
    Refusal, Reply, RequestId, RoomName, Rules, Secret, State,
};

use crate::harness::epoch;

pub struct Told<'a> {
    pub connections: &'a [String],
    pub peers: &'a BTreeMap<(RoomName, String), PeerId>,
}

impl Told<'_> {
    pub fn line(&self, output: &Output) -> String {
        match output {
            Output::Event { to, event } => {
                let to: Vec<&str> = to.iter().map(|id| self.connection(*id)).collect();
                format!("{}: {}", to.join(" "), self.event(event))
            }
            Output::Reply { call, reply } => {
                let id = call.request.map(RequestId::get).unwrap_or_default();
                format!("{}: {}", self.connection(call.connection), self.reply(id, reply))
            }
            Output::Replaced { connection } => {
                format!("{}: replaced", self.connection(*connection))
            }
            Output::Expelled { connection, reason, is_last, .. } => {
                let and_closed = if *is_last { "" } else { ", stays connected" };
                format!("{}: out, {}{and_closed}", self.connection(*connection), why(*reason))
            }
            Output::RoomStarted { room, .. } => format!("{room} started"),
            Output::RoomEnded { room, .. } => format!("{room} ended"),
        }
    }

    fn event(&self, event: &Event) -> String {
        let seq = event.seq.map_or("volatile".to_owned(), |seq| format!("#{}", seq.0));
        format!("{seq} {}", self.body(&event.body))
    }

    fn body(&self, body: &Body) -> String {
        match body {
            Body::MemberJoined(view) => format!("joined: {}", self.member(view)),
            Body::MemberUpdated(view) => format!("updated: {}", self.member(view)),
            Body::MemberLeft { peer, reason } => {
                format!("left: {}, {}", self.peer(*peer), why(*reason))
            }
            Body::Chat { from, text, .. } => format!("chat from {}: {text}", self.peer(*from)),
            Body::Message { from, data } => {
                format!("message from {}: {}", self.peer(*from), data.as_str())
            }
            Body::Emitted { from, name, args, .. } => {
                format!("{} from {}: {}", name.as_str(), self.peer(*from), args.as_str())
            }
            Body::Offer { from, sdp } => format!("offer from {}: {sdp}", self.peer(*from)),
            Body::Answer { from, sdp } => format!("answer from {}: {sdp}", self.peer(*from)),
            Body::Candidate { from, candidate } => {
                format!("candidate from {}: {}", self.peer(*from), candidate.as_str())
            }
            Body::Knock(knocker) => format!("knock: {}", self.peer(knocker.peer)),
            Body::KnockEnded { peer, how } => {
                let how = match how {
                    KnockEnd::Admitted => "admitted",
                    KnockEnd::Denied => "denied",
                    KnockEnd::Left => "left",
                };
                format!("knock ended: {}, {how}", self.peer(*peer))
            }
            Body::RoomUpdated(rules) => format!("room:{}", words(rules)),
            Body::TokenExpiring { ends_at } => {
                format!("token ends at {} s", (ends_at.0 - epoch().0) / 1_000)
            }
        }
    }

    fn reply(&self, id: u64, reply: &Result<Reply, Refusal>) -> String {
        match reply {
            Ok(Reply::Joined(joined)) => self.joined(joined),
            Ok(Reply::Resumed(resumed)) => format!(
                "resumed as {}, secret {}, seq {}, replayed {}",
                self.peer(resumed.peer),
                number(resumed.secret),
                resumed.seq.0,
                resumed.replayed
            ),
            Ok(Reply::Waiting(waiting)) => format!("waits as {}", self.peer(waiting.peer)),
            Ok(Reply::Done { seq: Some(seq) }) => format!("ok {id} #{}", seq.0),
            Ok(Reply::Done { seq: None }) => format!("ok {id}"),
            Ok(Reply::Left) => format!("left {id}"),
            Ok(Reply::Presence(presence)) => {
                let names: Vec<&str> = presence.names.iter().map(|name| name.as_str()).collect();
                format!("presence of {} [{}]", presence.room, names.join(" "))
            }
            Ok(Reply::Pong { stable }) => format!("pong, stable {}", stable.0),
            Err(refusal) => format!("error {id} {}", refusal.code()),
        }
    }

    fn joined(&self, joined: &Joined) -> String {
        let picture = match joined.picture {
            Picture::New => "joined",
            Picture::Restarted => "restarted",
            Picture::Lost => "lost",
        };
        let members: Vec<String> = joined.members.iter().map(|view| self.member(view)).collect();
        let history: Vec<String> = joined.history.iter().map(|event| self.event(event)).collect();
        let mut tail =
            if history.is_empty() { String::new() } else { format!(" [{}]", history.join("; ")) };
        tail += &words(&joined.rules);
        for knocker in &joined.waiting {
            tail += &format!(", {} waits", self.peer(knocker.peer));
        }
        format!(
            "{picture} as {}, secret {}, seq {} [{}]{tail}",
            self.peer(joined.peer),
            number(joined.secret),
            joined.seq.0,
            members.join(", ")
        )
    }

    fn member(&self, view: &MemberView) -> String {
        let mut line = self.peer(view.peer);
        if view.name.as_str() != line {
            line += &format!(" “{}”", view.name.as_str());
        }
        for (key, value) in view.attributes.iter() {
            line += &format!(" {key}={value}");
        }
        if view.state == State::Reconnecting {
            line += " reconnecting";
        }
        if view.incarnation > 1 {
            line += &format!(" incarnation {}", view.incarnation);
        }
        for track in view.tracks.iter() {
            line +=
                &format!(" {}:{}", track.source.word(), if track.muted { "muted" } else { "on" });
        }
        if view.hand.is_some() {
            line += " hand";
        }
        line
    }

    fn connection(&self, id: ConnectionId) -> &str {
        self.connections.get(id.0 as usize).map_or("?", String::as_str)
    }

    fn peer(&self, peer: PeerId) -> String {
        let known = self.peers.iter().find(|(_, known)| **known == peer);
        known.map_or_else(|| peer.to_string(), |((_, name), _)| name.clone())
    }
}

/// Which draw a secret came from.
fn number(secret: Secret) -> String {
    let found = (0..=u8::MAX).find(|number| Secret::from_entropy([*number; 24]) == secret);
    found.map_or("?".into(), |number| number.to_string())
}

fn why(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Left => "left",
        LeaveReason::Timeout => "timeout",
        LeaveReason::Replaced => "replaced",
        LeaveReason::Removed => "removed",
        LeaveReason::Ended => "ended",
        LeaveReason::Expired => "expired",
    }
}

/// What is unusual about them.
fn words(rules: &Rules) -> String {
    let mut line = String::new();
    for (is, word) in [
        (rules.locked, " locked"),
        (rules.waiting_room, " guarded"),
        (rules.mute_on_entry, " muted on entry"),
        (rules.permanent, " permanent"),
    ] {
        line += if is { word } else { "" };
    }
    rules.max_members.map_or(line.clone(), |max| format!("{line} for {max}"))
}
