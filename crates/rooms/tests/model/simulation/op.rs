//! One thing that may happen, and how it is read from bytes: any bytes are a story, and smaller ones a simpler one.

use parlor_rooms::{Permission, Role};

/// Enough for three in one room and one who comes and goes.
pub const CLIENTS: u8 = 4;
/// Enough to be in the wrong one.
pub const ROOMS: u8 = 2;

#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub policy: u8,
    pub log_events: usize,
    pub history_messages: usize,
    pub max_members: usize,
    pub max_rooms: usize,
    pub waiting_room: bool,
    pub creator_owns: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Join {
        client: u8,
        room: u8,
        keeps: bool,
        nonce: bool,
        identity: u8,
        standing: Standing,
    },
    Moderate {
        client: u8,
        act: Act,
        target: u8,
    },
    /// The operator does it.
    Order {
        room: u8,
        act: Act,
        target: u8,
    },
    Request {
        client: u8,
        what: What,
        target: u8,
    },
    /// From here on nothing that the client sends over this connection arrives.
    Deafen {
        client: u8,
    },
    /// The client sends its unanswered requests again, or its last answered one.
    Repeat {
        client: u8,
        answered: bool,
    },
    /// Another request under an id whose answer the client has.
    Stale {
        client: u8,
        back: u8,
    },
    Ack {
        client: u8,
    },
    Ping {
        client: u8,
    },
    Presence {
        room: u8,
    },
    /// The connection breaks after the client has read so many of the frames on their way to it.
    Cut {
        client: u8,
        read: u8,
    },
    /// The same, but the server believes in the connection until it is noticed.
    HalfOpen {
        client: u8,
        read: u8,
    },
    /// The server hears that all half-open connections are gone.
    Notice,
    Resume {
        client: u8,
        secret: Key,
        since: Since,
    },
    /// What the client tried over a connection that it has given up arrives only now.
    Late {
        client: u8,
        secret: Key,
        joins: bool,
    },
    Pass {
        seconds: u8,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum What {
    Chat,
    ToOthers,
    ToSome,
    VolatileToOthers,
    VolatileToOne,
    Offer,
    Update,
    Leave,
    ChatWithoutId,
    Publish,
    Unpublish,
    Hand,
}

/// What the server says of somebody who joins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    pub role: Option<Role>,
    pub hidden: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Act {
    Remove,
    Ban,
    MuteAll,
    Raise(Role),
    Permit(Permission),
    Forbid(Permission),
    LowerHand,
    Admit,
    Deny,
    Lock(bool),
    Guard(bool),
    Limit,
    End,
}

#[derive(Clone, Copy, Debug)]
pub enum Key {
    Right,
    Previous,
    Wrong,
}

#[derive(Clone, Copy, Debug)]
pub enum Since {
    Right,
    Older,
    Future,
    Nothing,
}

impl Setup {
    pub fn read(bytes: [u8; 2]) -> Self {
        let [first, second] = bytes;
        Self {
            policy: first % 3,
            log_events: [100, 1, 2, 3, 5, 8][usize::from(first / 3) % 6],
            history_messages: usize::from(second % 4),
            max_members: usize::from(2 + second / 4 % 3),
            max_rooms: if second / 16 % 3 == 1 { 1 } else { usize::from(ROOMS) },
            waiting_room: first / 18 % 4 == 1,
            creator_owns: first / 18 % 4 != 2,
        }
    }
}

impl Op {
    pub fn read(bytes: [u8; 4]) -> Self {
        let [kind, client, a, b] = bytes;
        let client = client % CLIENTS;
        if kind >= 192 {
            return Self::read_moderation(kind, client, [a, b]);
        }
        match kind % 32 {
            0..=4 => Self::Join {
                client,
                room: a % ROOMS,
                keeps: b % 8 != 7,
                nonce: a / ROOMS % 2 == 1,
                identity: b / 8 % 4,
                standing: Standing::default(),
            },
            5..=13 => Self::Request { client, what: what(a), target: b },
            14 => Self::Deafen { client },
            15 | 16 => Self::Repeat { client, answered: a % 4 == 3 },
            17 => Self::Stale { client, back: a % 4 },
            18 | 19 => Self::Ack { client },
            20 => Self::Ping { client },
            21 => Self::Presence { room: a % ROOMS },
            22 | 23 => Self::Cut { client, read: a % 8 },
            24 | 25 => Self::HalfOpen { client, read: a % 8 },
            26 => Self::Notice,
            27..=29 => Self::Resume { client, secret: key(a), since: since(b) },
            30 => Self::Late { client, secret: key(a), joins: b % 2 == 1 },
            _ => Self::Pass { seconds: a % 40 },
        }
    }

    fn read_moderation(kind: u8, client: u8, [a, b]: [u8; 2]) -> Self {
        match kind % 16 {
            0..=3 => Self::Join {
                client,
                room: a % ROOMS,
                keeps: b % 8 != 7,
                nonce: a / ROOMS % 2 == 1,
                identity: b / 8 % 4,
                standing: standing(a / 4),
            },
            4..=10 => Self::Moderate { client, act: act(a), target: b },
            11 => Self::Order { room: client % ROOMS, act: act(a), target: b },
            12..=13 => Self::Request { client, what: What::Publish, target: b },
            14 => Self::Request { client, what: What::Unpublish, target: b },
            _ => Self::Request { client, what: What::Hand, target: b },
        }
    }
}

fn standing(byte: u8) -> Standing {
    let role = [None, Some(Role::Listener), Some(Role::Speaker), Some(Role::Moderator)];
    Standing { role: role[usize::from(byte % 4)], hidden: byte / 4 % 5 == 1 }
}

fn act(byte: u8) -> Act {
    let high = byte / 16;
    let permission = Permission::EVERY[usize::from(high) % Permission::EVERY.len()];
    match byte % 16 {
        0 => Act::Remove,
        1 => Act::Ban,
        2 => Act::MuteAll,
        3 | 4 => Act::Raise(Role::EVERY[usize::from(high) % 4]),
        5 => Act::Permit(permission),
        6 => Act::Forbid(permission),
        7 => Act::LowerHand,
        8..=10 => Act::Admit,
        11 => Act::Deny,
        12 => Act::Lock(high.is_multiple_of(2)),
        13 => Act::Guard(!high.is_multiple_of(4)),
        14 => Act::Limit,
        _ if high.is_multiple_of(4) => Act::End,
        _ => Act::Guard(true),
    }
}

fn what(byte: u8) -> What {
    match byte % 16 {
        0..=4 => What::Chat,
        5 | 6 => What::ToOthers,
        7 | 8 => What::ToSome,
        9 => What::VolatileToOthers,
        10 => What::VolatileToOne,
        11 | 12 => What::Offer,
        13 => What::Update,
        14 => What::ChatWithoutId,
        _ => What::Leave,
    }
}

fn key(byte: u8) -> Key {
    match byte % 8 {
        0..=5 => Key::Right,
        6 => Key::Previous,
        _ => Key::Wrong,
    }
}

fn since(byte: u8) -> Since {
    match byte % 16 {
        0..=11 => Since::Right,
        12 => Since::Older,
        13 => Since::Future,
        _ => Since::Nothing,
    }
}
