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

mod command;
mod engine;
mod event;
mod ids;
mod limits;
mod log;
mod member;
mod outcomes;
mod refusal;
mod room;
mod text;

pub use command::{
    AliasClaim, Aside, Call, Command, Delivery, Fresh, Join, MemberRef, OnDisconnect, Resume,
    Signal, Targets, Update,
};
pub use engine::{Counters, Output, Rooms};
pub use event::{
    Body, Event, Joined, LeaveReason, MemberView, Picture, Presence, Reply, Resumed, State,
};
pub use ids::{ConnectionId, PeerId, RequestId, RoomName, Secret, Seq, Timestamp};
pub use limits::{DuplicateIdentity, Limits};
pub use member::Permissions;
pub use refusal::Refusal;
pub use text::{
    Alias, Attachments, Attributes, ChatKey, DisplayName, EventName, Identity, Invalid, Json, Nonce,
};
