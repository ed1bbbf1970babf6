//! The frames that come by the thousand, read in one pass. What is unusual in them is left to `read`, which also says
//! what is wrong.

use parlor_rooms::{Command, Delivery, Json, PeerId, RoomName, Signal, Targets};

use crate::scan::Scan;

/// The raw values of the fields that these frames have. Others are passed over, as everywhere.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    room_id: Option<&'a str>,
    target: Option<&'a str>,
    candidate: Option<&'a str>,
    data: Option<&'a str>,
}

/// `None`: somebody else has to read it.
pub(super) fn read(text: &str) -> Option<(Option<RoomName>, Command)> {
    let mut fields = Fields::default();
    Scan::new(text).fields(|key, value| fields.set(key, value))?;
    let room = match fields.room_id {
        None => None,
        Some(name) => Some(RoomName::parse(plain(name)?).ok()?),
    };
    let to = match fields.target {
        None => Targets::Others,
        Some(target) => Targets::Peers(vec![PeerId::parse(plain(target)?)?]),
    };
    let command = match fields.kind? {
        r#""message""# => {
            let data = Json::from_checked(fields.data?);
            Command::Message { to, data, delivery: Delivery::Reliable }
        }
        r#""ice-candidate""# => {
            let candidate = fields.candidate.filter(|raw| raw.starts_with('{'))?;
            Command::Signal { to, signal: Signal::Candidate(Json::from_checked(candidate)) }
        }
        _ => return None,
    };
    Some((room, command))
}

impl<'a> Fields<'a> {
    /// Declines what is said twice.
    fn set(&mut self, key: &str, value: &'a str) -> Option<()> {
        let field = match key {
            "type" => &mut self.kind,
            "roomId" => &mut self.room_id,
            "target" => &mut self.target,
            "candidate" => &mut self.candidate,
            "data" => &mut self.data,
            // They belong to other frames, and must not be said twice there.
            "sdp" | "text" | "name" | "args" => return None,
            _ => return Some(()),
        };
        field.replace(value).is_none().then_some(())
    }
}

/// A string without escapes.
fn plain(raw: &str) -> Option<&str> {
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::read::{Request, read_carefully};
    use super::*;

    const PEER: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn usual_frames_are_read_as_they_are_carefully() {
        for text in [
            r#"{"type":"message","data":{"a":[1,"é\n"]}}"#.to_owned(),
            r#"{"data":null,"roomId":"a","type":"message","sender":"me"}"#.to_owned(),
            format!(r#"{{"type":"message","data":1,"target":"{PEER}"}}"#),
            format!(
                r#"{{"type":"ice-candidate","target":"{PEER}","candidate":{{"candidate":""}}}}"#
            ),
        ] {
            let (room, command) = read(&text).unwrap_or_else(|| panic!("{text}"));
            let quick = Request::Command { room, command };
            assert_eq!(quick, read_carefully(&text).unwrap(), "{text}");
        }
    }

    #[test]
    fn unusual_frames_are_left_alone() {
        for text in [
            r#"{"type":"join","roomId":"r"}"#,
            r#"{"type":"message"}"#,
            r#"{"type":"message","data":1,"data":2}"#,
            r#"{"type":"message","data":1,"roomId":7}"#,
            r#"{"type":"message","data":1,"target":null}"#,
            r#"{"type":"message","data":1,"target":"nobody"}"#,
            r#"{"type":"ice-candidate"}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
