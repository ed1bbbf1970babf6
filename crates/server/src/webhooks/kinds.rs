//! The kinds of events that receivers may be told of, and their names.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    ServerStarted,
    RoomStarted,
    RoomEnded,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    TrackPublished,
    TrackUnpublished,
    ChatMessage,
}

impl EventKind {
    pub const EVERY: [Self; 9] = [
        Self::ServerStarted,
        Self::RoomStarted,
        Self::RoomEnded,
        Self::MemberJoined,
        Self::MemberLeft,
        Self::MemberUpdated,
        Self::TrackPublished,
        Self::TrackUnpublished,
        Self::ChatMessage,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::ServerStarted => "server.started",
            Self::RoomStarted => "room.started",
            Self::RoomEnded => "room.ended",
            Self::MemberJoined => "member.joined",
            Self::MemberLeft => "member.left",
            Self::MemberUpdated => "member.updated",
            Self::TrackPublished => "track.published",
            Self::TrackUnpublished => "track.unpublished",
            Self::ChatMessage => "chat.message",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|kind| kind.word() == word)
    }

    /// Without those that come often, or tell what people say.
    pub fn usual() -> Vec<Self> {
        let often = [Self::MemberUpdated, Self::ChatMessage];
        Self::EVERY.into_iter().filter(|kind| !often.contains(kind)).collect()
    }
}
