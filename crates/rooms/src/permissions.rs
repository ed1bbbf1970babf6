//! What a member may do: single permissions, sets of them, and the roles that stand for a set.

use std::fmt;

/// One thing that a member may do in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    Chat,
    /// Give data to others: `send` and `emit`.
    Message,
    /// Exchange session descriptions and candidates.
    Signal,
    /// Change one's own name and attributes.
    Update,
    Microphone,
    Camera,
    Screen,
    /// Receive what others publish.
    Subscribe,
    /// Admit, mute, remove, lock; see [`crate::Moderation`].
    Moderate,
    Record,
}

impl Permission {
    pub const EVERY: [Self; 10] = [
        Self::Chat,
        Self::Message,
        Self::Signal,
        Self::Update,
        Self::Microphone,
        Self::Camera,
        Self::Screen,
        Self::Subscribe,
        Self::Moderate,
        Self::Record,
    ];

    /// The word for it in every dialect, token and answer.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Message => "message",
            Self::Signal => "signal",
            Self::Update => "update",
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::Subscribe => "subscribe",
            Self::Moderate => "moderate",
            Self::Record => "record",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|permission| permission.word() == word)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of permissions. The server's policy: a client can't change its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u16);

impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Permission::EVERY);

    #[must_use]
    pub const fn of(mut permissions: &[Permission]) -> Self {
        let mut bits = 0;
        while let [first, rest @ ..] = permissions {
            bits |= first.bit();
            permissions = rest;
        }
        Self(bits)
    }

    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::EVERY.into_iter().filter(move |permission| self.has(*permission))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What somebody is in a room; ordered by how much they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Hears, sees and chats.
    Listener,
    /// Takes part.
    Speaker,
    /// Also keeps the order.
    Moderator,
    /// Also decides who is a moderator, and ends the room.
    Owner,
}

impl Role {
    pub const EVERY: [Self; 4] = [Self::Listener, Self::Speaker, Self::Moderator, Self::Owner];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Speaker => "speaker",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|role| role.word() == word)
    }

    /// What a role may do where nothing else is said.
    #[must_use]
    pub const fn permissions(self) -> Permissions {
        const LISTENER: Permissions = Permissions::of(&[
            Permission::Chat,
            Permission::Signal,
            Permission::Update,
            Permission::Subscribe,
        ]);
        match self {
            Self::Listener => LISTENER,
            Self::Speaker => {
                Permissions::ALL.without(Permission::Moderate).without(Permission::Record)
            }
            Self::Moderator | Self::Owner => Permissions::ALL,
        }
    }
}
