//! What members publish: where it comes from, and whether it is muted.

use crate::permissions::{Permission, Permissions};

/// Where something that is published comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
}

impl Source {
    pub const EVERY: [Self; 3] = [Self::Microphone, Self::Camera, Self::Screen];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|source| source.word() == word)
    }

    /// What publishing it takes.
    #[must_use]
    pub fn permission(self) -> Permission {
        match self {
            Self::Microphone => Permission::Microphone,
            Self::Camera => Permission::Camera,
            Self::Screen => Permission::Screen,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    pub source: Source,
    pub muted: bool,
}

/// What one member publishes: at most one track of each source, in the order of [`Source::EVERY`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tracks(Vec<Track>);

impl Tracks {
    pub fn iter(&self) -> impl Iterator<Item = Track> {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn get(&self, source: Source) -> Option<Track> {
        self.iter().find(|track| track.source == source)
    }

    pub(crate) fn set(&mut self, track: Track) {
        self.remove(track.source);
        self.0.push(track);
        self.0.sort_unstable_by_key(|track| track.source);
    }

    pub(crate) fn remove(&mut self, source: Source) {
        self.0.retain(|track| track.source != source);
    }

    /// Only what these permit stays.
    pub(crate) fn confine(&mut self, permissions: Permissions) {
        self.0.retain(|track| permissions.has(track.source.permission()));
    }
}

/// Of several of one source the last counts.
impl FromIterator<Track> for Tracks {
    fn from_iter<T: IntoIterator<Item = Track>>(tracks: T) -> Self {
        let mut all = Self::default();
        tracks.into_iter().for_each(|track| all.set(track));
        all
    }
}
