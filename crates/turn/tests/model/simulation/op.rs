//! What can happen, as bytes say it.

/// Limits are small, so that stories meet them.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub permissions: usize,
    pub channels: usize,
    pub per_user: usize,
    /// Ports of each family.
    pub ports: u16,
    /// Whether two peers outside are allowed.
    pub foreign: bool,
}

impl Setup {
    pub fn read([first, second]: [u8; 2]) -> Self {
        Self {
            permissions: 1 + usize::from(first & 3),
            channels: 1 + usize::from(first >> 2 & 3),
            per_user: 1 + usize::from(first >> 4 & 3),
            ports: 3 + u16::from(second & 7),
            foreign: second & 8 != 0,
        }
    }
}

/// Clients, peers and channels are small numbers.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Allocate {
        client: u8,
        flavour: Flavour,
        lifetime: Option<u32>,
    },
    /// The last Allocate comes again.
    Repeat {
        client: u8,
    },
    Refresh {
        client: u8,
        lifetime: Option<u32>,
    },
    Permit {
        client: u8,
        peers: [u8; 2],
    },
    Bind {
        client: u8,
        channel: u8,
        peer: u8,
    },
    Send {
        client: u8,
        peer: u8,
    },
    SendChannel {
        client: u8,
        channel: u8,
    },
    /// A peer outside sends to a client's relayed address.
    Arrive {
        client: u8,
        peer: u8,
    },
    Wait {
        seconds: u16,
    },
    CloseStream {
        client: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    V4,
    V6,
    Both,
    Even,
    EvenAndNext,
    /// With the last token that this user was given.
    Token,
}

const FLAVOURS: [Flavour; 8] = [
    Flavour::V4,
    Flavour::V4,
    Flavour::V4,
    Flavour::V6,
    Flavour::Both,
    Flavour::Even,
    Flavour::EvenAndNext,
    Flavour::Token,
];
const LIFETIMES: [Option<u32>; 8] =
    [None, None, Some(0), Some(0), Some(1), Some(700), Some(1_500), Some(100_000)];
const WAITS: [u16; 8] = [1, 10, 20, 29, 100, 270, 299, 600];

impl Op {
    pub fn read([kind, client, first, second]: [u8; 4]) -> Self {
        let client = client % 5;
        let lifetime = LIFETIMES[usize::from(second % 8)];
        match kind % 16 {
            0 | 1 => Self::Allocate { client, flavour: FLAVOURS[usize::from(first % 8)], lifetime },
            2 => Self::Repeat { client },
            3 => Self::Refresh { client, lifetime },
            4 | 5 => Self::Permit { client, peers: [first, second] },
            6 | 7 => Self::Bind { client, channel: first % 4, peer: second },
            8 | 9 => Self::Send { client, peer: first },
            10..=12 => Self::SendChannel { client, channel: first % 4 },
            13 => Self::Arrive { client, peer: first },
            14 => Self::Wait { seconds: WAITS[usize::from(first % 8)] },
            _ => Self::CloseStream { client },
        }
    }
}
