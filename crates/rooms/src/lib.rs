//! Who is in which room, who may do what, who hears what. No sockets, no clock.
//!
//! [`Rooms`] has the face of every engine here:
//! - `handle_*(…, now)` takes what happened: a join, a resume, a command, a lost connection;
//! - `handle_timeout(now)` lets time pass;
//! - `poll_output()` gives what is to be done, until it gives `None`: call it after every `handle_*`;
//! - `poll_timeout()` tells when `handle_timeout` is wanted next.
//!
//! Time, ids and secrets are arguments. One engine holds many rooms and is driven by one caller at a time;
//! a process may run several, each with its own share of the room names.

mod admission;
mod bars;
mod command;
mod engine;
mod event;
mod hashing;
mod ids;
mod limits;
mod log;
mod member;
mod moderation;
mod outcomes;
mod permissions;
mod refusal;
mod room;
mod sdp;
mod text;
mod tracks;
mod unadmitted;

pub use admission::{AddressKey, Admission, Pass, PassId, Rules};
pub use command::{
    AliasClaim, Aside, Call, Command, Delivery, Entry, Fresh, Join, MemberRef, OnDisconnect,
    Resume, Signal, Targets, Update,
};
pub use engine::{Announcement, Ban, Counters, Output, RoomView, Rooms, Totals};
pub use event::{
    Body, Event, Joined, KnockEnd, Knocker, LeaveReason, MemberView, Picture, Presence, Reply,
    Resumed, State, Waiting,
};
pub use hashing::{IdHasher, IdMap};
pub use ids::{ConnectionId, PeerId, RequestId, RoomName, Secret, Seq, Timestamp};
pub use limits::{DuplicateIdentity, Limits};
pub use moderation::{Moderation, RulesChange, Whom};
pub use permissions::{Permission, Permissions, Role};
pub use refusal::Refusal;
pub use text::{
    Alias, Attachments, Attributes, ChatKey, DisplayName, EventName, Identity, Invalid, Json, Nonce,
};
pub use tracks::{Source, Track, Tracks};
pub use unadmitted::Unadmitted;
