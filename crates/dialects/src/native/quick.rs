//! The frames that come by the thousand, read in one pass. What is unusual in them is left to `read`, which also says
//! what is wrong.

use parlor_rooms::{Command, Delivery, Json, Limits, PeerId, RequestId, Seq, Signal, Targets};

use crate::scan::Scan;

/// The raw values of the fields that these frames have. Others are passed over, as everywhere.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    id: Option<&'a str>,
    to: Option<&'a str>,
    data: Option<&'a str>,
    volatile: Option<&'a str>,
    candidate: Option<&'a str>,
    seq: Option<&'a str>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Quick {
    Command(Command),
    Ack(Seq),
}

/// `None`: somebody else has to read it.
pub(super) fn read(text: &str) -> Option<(Option<RequestId>, Quick)> {
    let mut fields = Fields::default();
    Scan::new(text).fields(|key, value| fields.set(key, value))?;
    let id = match fields.id {
        Some(id) => Some(RequestId::new(id.parse().ok()?)?),
        None => None,
    };
    let said = match fields.kind? {
        SEND => Quick::Command(fields.message()?),
        CANDIDATE => Quick::Command(fields.candidate()?),
        ACK => Quick::Ack(Seq(fields.seq?.parse().ok()?)),
        _ => return None,
    };
    Some((id, said))
}

const SEND: &str = r#""send""#;
const CANDIDATE: &str = r#""candidate""#;
const ACK: &str = r#""ack""#;

impl<'a> Fields<'a> {
    /// Declines what is said twice, and frames of other types before the rest of them is looked at.
    fn set(&mut self, key: &str, value: &'a str) -> Option<()> {
        let field = match key {
            "type" if [SEND, CANDIDATE, ACK].contains(&value) => &mut self.kind,
            "type" => return None,
            "id" => &mut self.id,
            "to" => &mut self.to,
            "data" => &mut self.data,
            "volatile" => &mut self.volatile,
            "candidate" => &mut self.candidate,
            "seq" => &mut self.seq,
            _ => return Some(()),
        };
        field.replace(value).is_none().then_some(())
    }

    fn message(&self) -> Option<Command> {
        let to = match self.to {
            None => Targets::Others,
            Some(to) => Targets::Peers(peers(to)?),
        };
        let delivery = match self.volatile {
            None | Some("false") => Delivery::Reliable,
            Some("true") => Delivery::Volatile,
            Some(_) => return None,
        };
        Some(Command::Message { to, data: Json::from_checked(self.data?), delivery })
    }

    fn candidate(&self) -> Option<Command> {
        let to = self.to?.strip_prefix('"')?.strip_suffix('"')?;
        let to = Targets::Peers(vec![PeerId::parse(to)?]);
        let candidate = self.candidate.filter(|raw| raw.starts_with('{') || *raw == "null")?;
        Some(Command::Signal { to, signal: Signal::Candidate(Json::from_checked(candidate)) })
    }
}

fn peers(list: &str) -> Option<Vec<PeerId>> {
    let mut peers = Vec::new();
    Scan::new(list).plain_strings(|peer| {
        peers.push(PeerId::parse(peer)?);
        (peers.len() <= Limits::MAX_TARGETS).then_some(())
    })?;
    Some(peers)
}

#[cfg(test)]
mod tests {
    use super::super::read::{Head, Request, read as carefully};
    use super::*;

    const PEER: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    /// What is read quickly is what is read carefully.
    fn check(text: &str) -> bool {
        let Some((id, said)) = read(text) else { return false };
        let said = match said {
            Quick::Command(command) => Request::Command(command),
            Quick::Ack(seq) => Request::Ack(seq),
        };
        let head = Head::read(text).unwrap();
        let careful = (head.id().unwrap(), carefully(&head, text).unwrap());
        assert_eq!((id, said), careful, "{text}");
        true
    }

    #[test]
    fn usual_frames_are_read_as_they_are_carefully() {
        for text in [
            r#"{"type":"send","data":{"a":[1,"é\n"]}}"#.to_owned(),
            r#" {"data" : null , "id":7,"type":"send","more":[1] } "#.to_owned(),
            format!(r#"{{"type":"send","data":1,"to":["{PEER}", "{PEER}"],"volatile":true}}"#),
            format!(r#"{{"type":"candidate","to":"{PEER}","candidate":{{"candidate":""}}}}"#),
            format!(
                r#"{{"type":"candidate","to":"{PEER}","candidate":null,"id":9007199254740991}}"#
            ),
            r#"{"type":"ack","seq":12}"#.to_owned(),
        ] {
            assert!(check(&text), "{text}");
        }
    }

    #[test]
    fn unusual_frames_are_left_alone() {
        let crowd = vec![format!("\"{PEER}\""); Limits::MAX_TARGETS + 1].join(",");
        for text in [
            r#"{"type":"join","protocol":1,"room":"r"}"#.to_owned(),
            r#"{"type":"s\u0065nd","data":1}"#.to_owned(),
            r#"{"type":"send","data":1,"data":2}"#.to_owned(),
            r#"{"type":"send"}"#.to_owned(),
            r#"{"type":"send","data":1,"id":0}"#.to_owned(),
            r#"{"type":"send","data":1,"id":null}"#.to_owned(),
            r#"{"type":"send","data":1,"id":9007199254740992}"#.to_owned(),
            r#"{"type":"send","data":1,"to":[]}"#.to_owned(),
            r#"{"type":"send","data":1,"to":["nobody"]}"#.to_owned(),
            r#"{"type":"send","data":1,"volatile":null}"#.to_owned(),
            r#"{"type":"ack","seq":-1}"#.to_owned(),
            format!(r#"{{"type":"candidate","to":"{PEER}","candidate":"x"}}"#),
            format!(r#"{{"type":"candidate","to":["{PEER}"],"candidate":null}}"#),
            format!(r#"{{"type":"send","data":1,"to":[{crowd}]}}"#),
        ] {
            assert!(read(&text).is_none(), "{text}");
        }
    }
}
