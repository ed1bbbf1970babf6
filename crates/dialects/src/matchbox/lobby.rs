//! Which room a matchbox client gets: the one of its path, or with `?next=n` the next one that has not yet n members.

use parlor_rooms::RoomName;

/// Groups that are tried before a client is turned away.
const MAX_GROUPS: u32 = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lobby {
    room: RoomName,
    group_size: Option<usize>,
    group: u32,
}

impl Lobby {
    /// The path after the slash, percent-decoded, and the query.
    #[must_use]
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let next = query.split('&').find_map(|pair| pair.strip_prefix("next="));
        let group_size = match next {
            Some(next) => Some(next.parse().ok().filter(|size| *size > 0)?),
            None => None,
        };
        Some(Self { room: RoomName::parse(path).ok()?, group_size, group: 1 })
    }

    pub(super) fn room(&self) -> Option<RoomName> {
        match self.group {
            1 => Some(self.room.clone()),
            group => RoomName::parse(&format!("{} {group}", self.room)).ok(),
        }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.group_size
    }

    /// This group is full: the one after it. `None` where there are no groups, or far too many.
    pub(super) fn next(mut self) -> Option<Self> {
        self.group_size?;
        self.group += 1;
        (self.group <= MAX_GROUPS).then_some(self)
    }
}
