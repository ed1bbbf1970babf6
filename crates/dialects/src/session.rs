//! The shape that all dialects share: doors to come in by, steps to go out by, and the choice among them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parlor_rooms::{
    Call, Command, ConnectionId, Event, Join, LeaveReason, MemberRef, PeerId, Refusal, Reply,
    Resume, RoomName, Seq, Timestamp,
};

use crate::close::Close;
use crate::terms::Terms;
use crate::token::JoinToken;
use crate::{channels, echo, json, matchbox, native, peerjs, root, ywebrtc};

/// Which kind of client a connection serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    Native,
    /// The native protocol over event streams.
    Sse,
    Json,
    Channels,
    Echo,
    YWebrtc,
    Matchbox,
    PeerJs,
    SocketIo,
}

impl Dialect {
    /// Whether an event has the same words for every client. Where it has not, each session hears and encodes for itself.
    #[must_use]
    pub fn shares_words(self) -> bool {
        match self {
            Self::Native
            | Self::Sse
            | Self::Json
            | Self::Channels
            | Self::Echo
            | Self::YWebrtc
            | Self::Matchbox => true,
            Self::PeerJs | Self::SocketIo => false,
        }
    }
}

/// How a client came in, which is known before its first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    Native,
    /// Tutorial clients of several kinds come in here: the first frame tells which.
    Root,
    YWebrtc,
    Matchbox(matchbox::Lobby),
    PeerJs(peerjs::Entrance),
}

/// Who a connection is to the rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineId {
    pub connection: ConnectionId,
    /// The address that its memberships get.
    pub peer: PeerId,
}

/// A whole message as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// What a session puts into its own words, where these are not the same for every client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Event(Arc<Event>),
    Reply(Call, Result<Reply, Refusal>),
    /// A membership was ended by others; this connection has more.
    Expelled(MemberRef, LeaveReason),
}

impl Heard {
    /// An estimate of what keeping it costs.
    #[must_use]
    pub fn cost(&self) -> usize {
        const REPLY: usize = 256;
        match self {
            Self::Event(event) => event.cost(),
            Self::Reply(..) | Self::Expelled(..) => REPLY,
        }
    }
}

/// What a dialect wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Send(Bytes),
    Ask(Ask),
    Close(Close),
}

/// What a member says in a room.
pub type Said = (Call, MemberRef, Command);

/// What a client asks of the rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// With the token that came with it.
    Join(Call, Join, Option<JoinToken>),
    Resume(Call, Resume),
    Command(Call, MemberRef, Command),
    Presence(Call, RoomName, Option<JoinToken>),
    /// A newer token for a membership.
    Refresh(Call, MemberRef, JoinToken),
    Ping(Call, MemberRef),
    Ack(MemberRef, Seq),
}

impl Ask {
    #[must_use]
    pub fn room(&self) -> &RoomName {
        match self {
            Self::Join(_, join, _) => &join.room,
            Self::Resume(_, resume) => &resume.member.room,
            Self::Presence(_, room, _) => room,
            Self::Command(_, who, _)
            | Self::Refresh(_, who, _)
            | Self::Ping(_, who)
            | Self::Ack(who, _) => &who.room,
        }
    }
}

/// One client's side of the conversation.
#[derive(Debug)]
pub enum Session {
    Native(native::Session),
    /// Nobody knows yet.
    Root(root::Unknown),
    Json(json::Session),
    Channels(channels::Session),
    Echo(echo::Session),
    YWebrtc(ywebrtc::Session),
    Matchbox(matchbox::Session),
    PeerJs(Box<peerjs::Session>),
}

impl Session {
    #[must_use]
    pub fn new(door: Door, line: LineId, terms: Arc<Terms>) -> Self {
        match door {
            Door::Native => Self::Native(native::Session::new(line.connection, terms)),
            Door::Root => {
                Self::Root(root::Unknown { connection: line.connection, echoes: terms.echoes })
            }
            Door::YWebrtc => Self::YWebrtc(ywebrtc::Session::new(line.connection)),
            Door::Matchbox(lobby) => Self::Matchbox(matchbox::Session::new(line, lobby)),
            Door::PeerJs(entrance) => Self::PeerJs(Box::new(peerjs::Session::new(line, &entrance))),
        }
    }

    /// `None` until it is known.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        match self {
            Self::Root(_) => None,
            Self::Native(_) => Some(Dialect::Native),
            Self::Json(_) => Some(Dialect::Json),
            Self::Channels(_) => Some(Dialect::Channels),
            Self::Echo(_) => Some(Dialect::Echo),
            Self::YWebrtc(_) => Some(Dialect::YWebrtc),
            Self::Matchbox(_) => Some(Dialect::Matchbox),
            Self::PeerJs(_) => Some(Dialect::PeerJs),
        }
    }

    /// What a member says, if that is all that the frame is and it is nothing unusual: most frames are so. To be tried first, when
    /// no step is left to take; every other frame is to be handled.
    #[must_use]
    pub fn read_said(&self, frame: Frame<'_>) -> Option<Said> {
        match self {
            Self::Native(session) => session.read_said(frame),
            Self::Json(session) => session.read_said(frame),
            Self::Root(_)
            | Self::Channels(_)
            | Self::Echo(_)
            | Self::YWebrtc(_)
            | Self::Matchbox(_)
            | Self::PeerJs(_) => None,
        }
    }

    pub fn handle_frame(&mut self, frame: Frame<'_>) {
        match self {
            Self::Root(unknown) => {
                *self = root::recognise(frame, *unknown);
                self.handle_frame(frame);
            }
            Self::Native(session) => session.handle_frame(frame),
            Self::Json(session) => session.handle_frame(frame),
            Self::Channels(session) => session.handle_frame(frame),
            Self::Echo(session) => session.handle_frame(frame),
            Self::YWebrtc(session) => session.handle_frame(frame),
            Self::Matchbox(session) => session.handle_frame(frame),
            Self::PeerJs(session) => session.handle_frame(frame),
        }
    }

    /// A frame that came over the rate limit: it is refused unread.
    pub fn handle_excess(&mut self, frame: Frame<'_>, retry_after: Duration) {
        match self {
            Self::Native(session) => session.handle_excess(frame, retry_after),
            Self::Json(session) => session.handle_excess(retry_after),
            Self::Channels(session) => session.handle_excess(retry_after),
            Self::YWebrtc(session) => session.handle_excess(retry_after),
            Self::PeerJs(session) => session.handle_excess(frame),
            // These have no word for a refusal.
            Self::Root(_) | Self::Echo(_) | Self::Matchbox(_) => {}
        }
    }

    /// What the rooms answered to this connection. It has been sent already; here it is only taken note of.
    pub fn handle_reply(&mut self, reply: &Result<Reply, Refusal>) {
        match self {
            Self::Native(session) => session.handle_reply(reply),
            Self::Json(session) => session.handle_reply(reply),
            Self::Channels(session) => session.handle_reply(reply),
            Self::YWebrtc(session) => session.handle_reply(reply),
            Self::Matchbox(session) => session.handle_reply(reply),
            Self::Root(_) | Self::Echo(_) | Self::PeerJs(_) => {}
        }
    }

    /// Something that this session puts into its own words, or takes note of: answers that came late have been sent already where
    /// words are shared.
    pub fn handle_heard(&mut self, heard: &Heard) {
        if let Self::PeerJs(session) = self {
            return session.handle_heard(heard);
        }
        match heard {
            Heard::Reply(_, reply) => self.handle_reply(reply),
            Heard::Expelled(who, reason) => self.handle_expelled(who, *reason),
            Heard::Event(_) => {}
        }
    }

    fn handle_expelled(&mut self, who: &MemberRef, reason: LeaveReason) {
        match self {
            Self::Json(session) => session.handle_expelled(who, reason),
            Self::Channels(session) => session.handle_expelled(who, reason),
            Self::YWebrtc(session) => session.handle_expelled(who, reason),
            // These have no second membership.
            Self::Root(_)
            | Self::Native(_)
            | Self::Echo(_)
            | Self::Matchbox(_)
            | Self::PeerJs(_) => {}
        }
    }

    /// Lets time pass; to be called before anything else is handled.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        match self {
            Self::PeerJs(session) => session.handle_timeout(now),
            Self::Root(_)
            | Self::Native(_)
            | Self::Json(_)
            | Self::Channels(_)
            | Self::Echo(_)
            | Self::YWebrtc(_)
            | Self::Matchbox(_) => {}
        }
    }

    /// When `handle_timeout` is wanted next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        match self {
            Self::PeerJs(session) => session.poll_timeout(),
            Self::Root(_)
            | Self::Native(_)
            | Self::Json(_)
            | Self::Channels(_)
            | Self::Echo(_)
            | Self::YWebrtc(_)
            | Self::Matchbox(_) => None,
        }
    }

    /// The client closes the connection, with a code or without one. Nothing can be sent to it any more.
    pub fn handle_close(&mut self, code: Option<u16>) {
        match self {
            Self::PeerJs(session) => session.handle_close(code),
            Self::Root(_)
            | Self::Native(_)
            | Self::Json(_)
            | Self::Channels(_)
            | Self::Echo(_)
            | Self::YWebrtc(_)
            | Self::Matchbox(_) => {}
        }
    }

    pub fn poll_output(&mut self) -> Option<Step> {
        match self {
            Self::Native(session) => session.poll_output(),
            Self::Json(session) => session.poll_output(),
            Self::Channels(session) => session.poll_output(),
            Self::Echo(session) => session.poll_output(),
            Self::YWebrtc(session) => session.poll_output(),
            Self::Matchbox(session) => session.poll_output(),
            Self::PeerJs(session) => session.poll_output(),
            Self::Root(_) => None,
        }
    }

    /// Whether the client has still to join, within the join timeout.
    #[must_use]
    pub fn must_join(&self) -> bool {
        match self {
            Self::Native(session) => !session.has_joined(),
            Self::Matchbox(session) => !session.has_joined(),
            Self::PeerJs(session) => !session.has_joined(),
            // Their pages open the socket when they are loaded, and join when somebody clicks.
            Self::Root(_) | Self::Json(_) | Self::Channels(_) | Self::YWebrtc(_) => false,
            Self::Echo(_) => true,
        }
    }

    /// Whether there is nothing for the client to join: as long as it speaks, it is waited for anew.
    #[must_use]
    pub fn never_joins(&self) -> bool {
        match self {
            Self::Echo(_) => true,
            Self::Native(_)
            | Self::Root(_)
            | Self::Json(_)
            | Self::Channels(_)
            | Self::YWebrtc(_)
            | Self::Matchbox(_)
            | Self::PeerJs(_) => false,
        }
    }
}
