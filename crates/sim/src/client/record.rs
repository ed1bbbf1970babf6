//! What the user of a client has seen, for checks. Remembers everything; decides nothing.

use crate::Millis;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chat {
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The sender's display name, as the roster had it.
    pub name: String,
    pub data: String,
}

/// How a `joined` came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub resumed: bool,
    pub lost: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Each chat once, in the order it was first seen.
    pub chats: Vec<Chat>,
    /// Reliable messages.
    pub messages: Vec<Message>,
    pub volatiles: Vec<Message>,
    /// Offers, answers and candidates: `offer from Ada`.
    pub signals: Vec<String>,
    /// Every reliable event as it came: its number and its text. Starts anew with a new room.
    pub log: Vec<(u64, String)>,
    /// What happened to the others: `Ada joined`, `Ada reconnecting`, `Ada left: timeout`.
    pub changes: Vec<String>,
    /// `resumed` answers, with the number of replayed events.
    pub resumes: Vec<u64>,
    pub pictures: Vec<Picture>,
    /// Close codes of the server.
    pub closes: Vec<u16>,
    /// Codes of refused requests, but for those that lead to a new try.
    pub refusals: Vec<String>,
    /// Texts of chats that were answered with `ok`.
    pub accepted: Vec<String>,
    /// Reliable sends of which the client can't know whether they were carried out.
    pub given_up: Vec<String>,
    /// Chat events, other than of a history, that came under a key that was known.
    pub repeated_keys: usize,
    /// The longest time from an order to its answer.
    pub slowest_answer: Millis,
}
