//! How each dialect joins a room, says something in it, and what in a frame is worth an answer.

use super::connection::Connection;
use crate::Result;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dialect {
    Native,
    Json,
    SocketIo,
    PeerJs,
    /// Frames through something that understands none of them: the floor.
    Raw,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "native" => Ok(Self::Native),
            "json" => Ok(Self::Json),
            "socketio" => Ok(Self::SocketIo),
            "peerjs" => Ok(Self::PeerJs),
            "raw" => Ok(Self::Raw),
            _ => Err("there is native, json, socketio, peerjs and raw".into()),
        }
    }
}

/// Which place in which room.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    pub room: usize,
    pub place: usize,
}

impl Seat {
    pub fn of(index: usize, room_size: usize) -> Self {
        Self { room: index / room_size, place: index % room_size }
    }

    /// One run's rooms are not another's, whose members the server may still know.
    fn room_name(self) -> String {
        format!("load-{}-{}", std::process::id(), self.room)
    }

    /// What the floor puts two together by.
    pub fn line(self) -> String {
        self.room_name() + "\n"
    }

    /// What PeerJS calls the member by.
    fn id(self, place: usize) -> String {
        format!("{}-{place}", self.room_name())
    }

    /// Whom a dialect speaks to that knows no rooms.
    fn partner(self) -> String {
        self.id(self.place ^ 1)
    }
}

/// Where the timestamp begins in what is said.
const STAMP: &str = "\"t\":\"";
const STAMP_DIGITS: usize = 16;

/// What a frame is to a load client.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Somebody said what we say; with its timestamp and, in the native protocol, its number.
    Message {
        stamp: u64,
        seq: Option<u64>,
    },
    /// To be answered, or the server hangs up.
    Answer(&'static str),
    Other,
}

impl Dialect {
    pub fn path(self, seat: Seat) -> String {
        match self {
            Self::Native => "/ws".into(),
            Self::Json | Self::Raw => "/".into(),
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket".into(),
            Self::PeerJs => {
                let id = seat.id(seat.place);
                // Five pairs of one process have their own key as little as five pages of one site have.
                format!("/peerjs?key=peerjs&id={id}&token=load&version=1.5.5")
            }
        }
    }

    pub async fn join(self, connection: &mut Connection, seat: Seat) -> Result {
        let room = seat.room_name();
        match self {
            Self::Native => {
                let join = format!(
                    r#"{{"type":"join","id":1,"protocol":1,"room":"{room}","name":"Ada"}}"#
                );
                connection.tell(join).await?;
                connection.until(|frame| frame.contains(r#""type":"joined""#)).await
            }
            Self::Json => {
                connection.tell(format!(r#"{{"type":"join","roomId":"{room}"}}"#)).await?;
                // There is no answer but the other members.
                connection.until(|frame| frame.contains(r#""userId""#)).await
            }
            Self::SocketIo => {
                connection.until(|frame| frame.starts_with('0')).await?;
                connection.tell("40".into()).await?;
                connection.until(|frame| frame.starts_with("40")).await?;
                connection.tell(format!(r#"420["join","{room}"]"#)).await?;
                connection.until(|frame| frame.starts_with("430")).await
            }
            Self::PeerJs => connection.until(|frame| frame.contains(r#""OPEN""#)).await,
            // Its first bytes say which room, before there are frames.
            Self::Raw => Ok(()),
        }
    }

    pub fn phrase(self, seat: Seat, bytes: usize) -> Phrase {
        let (before, after) = match self {
            Self::Native => (r#"{"type":"send","data":{"#.into(), "}}"),
            Self::Json => (r#"{"type":"message","data":{"#.into(), "}}"),
            Self::SocketIo => (r#"42["message",{"#.into(), "}]"),
            Self::PeerJs => {
                let to = seat.partner();
                (format!(r#"{{"type":"OFFER","dst":"{to}","payload":{{"#), "}}")
            }
            Self::Raw => ("{".into(), "}"),
        };
        Phrase::new(&before, self.payload(), after, bytes)
    }

    /// What the payload has beside the timestamp, before what fills it up.
    fn payload(self) -> &'static str {
        match self {
            Self::Native | Self::Json | Self::SocketIo | Self::Raw => r#""fill":""#,
            Self::PeerJs => {
                r#""type":"data","connectionId":"dc_load","sdp":{"type":"offer","sdp":""#
            }
        }
    }

    pub fn heard(self, frame: &str) -> Heard {
        if let Some((_, rest)) = frame.split_once(STAMP)
            && let Some(stamp) = rest.get(..STAMP_DIGITS).and_then(|digits| digits.parse().ok())
        {
            let seq = if self == Self::Native { number(frame, "\"seq\":") } else { None };
            return Heard::Message { stamp, seq };
        }
        if self == Self::SocketIo && frame == "2" { Heard::Answer("3") } else { Heard::Other }
    }

    /// What a client says that will not come back, before it closes its connection.
    pub fn goodbye(self) -> Option<&'static str> {
        match self {
            Self::Native => Some(r#"{"type":"leave","id":2}"#),
            Self::SocketIo => Some("41"),
            Self::Json | Self::PeerJs | Self::Raw => None,
        }
    }

    /// What tells the server now and then that the messages up to `seq` have come.
    pub fn acknowledge(self, seq: u64) -> Option<String> {
        match self {
            Self::Native => Some(format!(r#"{{"type":"ack","seq":{seq}}}"#)),
            Self::Json | Self::SocketIo | Self::PeerJs | Self::Raw => None,
        }
    }
}

fn number(frame: &str, key: &str) -> Option<u64> {
    let (_, rest) = frame.split_once(key)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A message but for its timestamp.
#[derive(Debug, Clone)]
pub struct Phrase {
    before: String,
    after: String,
}

impl Phrase {
    fn new(before: &str, payload: &str, after: &str, bytes: usize) -> Self {
        let before = format!("{before}{STAMP}");
        let close = if payload.contains(r#""sdp":{"#) { "\"}" } else { "\"" };
        let fixed = before.len() + STAMP_DIGITS + payload.len() + close.len() + after.len() + 2;
        let fill = "x".repeat(bytes.saturating_sub(fixed));
        Self { before, after: format!("\",{payload}{fill}{close}{after}") }
    }

    pub fn at(&self, stamp: u64) -> String {
        let Self { before, after } = self;
        format!("{before}{stamp:0STAMP_DIGITS$}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Dialect; 5] =
        [Dialect::Native, Dialect::Json, Dialect::SocketIo, Dialect::PeerJs, Dialect::Raw];

    #[test]
    fn a_message_has_the_bytes_that_were_asked_for_in_every_dialect() {
        for dialect in ALL {
            let phrase = dialect.phrase(Seat { room: 7, place: 1 }, 300);
            let said = phrase.at(123_456);
            assert_eq!(said.len(), 300, "{said}");
            let json = said.trim_start_matches("42");
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{said}");
            assert_eq!(dialect.heard(&said), Heard::Message { stamp: 123_456, seq: None });
        }
    }

    #[test]
    fn what_is_heard_tells_what_to_do() {
        let frame = r#"{"type":"message","seq":42,"from":"a","data":{"t":"0000000000000007"}}"#;
        let heard = Heard::Message { stamp: 7, seq: Some(42) };
        assert_eq!(Dialect::Native.heard(frame), heard);
        assert_eq!(Dialect::SocketIo.heard("2"), Heard::Answer("3"));
        assert_eq!(Dialect::Json.heard(r#"{"type":"user-joined"}"#), Heard::Other);
    }

    #[test]
    fn partners_speak_to_each_other() {
        let (even, odd) = (Seat::of(4, 2), Seat::of(5, 2));
        assert_eq!((even.partner(), odd.partner()), (odd.id(1), even.id(0)));
    }
}
