//! Turns what rooms put out into numbered events: knows who is where, and what is of interest. No sockets, no clock.

use std::collections::HashMap;
use std::sync::Arc;

use parlor_rooms::{Body, Event, MemberView, Output, PeerId, RoomName, Seq, Timestamp};

use super::kinds::EventKind;
use super::letter::{Letter, Life, RoomEnd, What};

pub struct Chronicle {
    /// Of this process: names its rooms for ever.
    server: Arc<str>,
    wanted: Vec<EventKind>,
    lives: u64,
    rooms: HashMap<RoomName, Room>,
    letters: Vec<Letter>,
}

/// One life of a room.
struct Room {
    life: Arc<Life>,
    sequence: u64,
    /// Of the room's log: what is told again to those who come back is not news.
    seen: Seq,
    members: HashMap<PeerId, Arc<MemberView>>,
}

impl Chronicle {
    /// `server`: a name that no other process has or had.
    pub fn new(server: Arc<str>, wanted: Vec<EventKind>) -> Self {
        Self { server, wanted, lives: 0, rooms: HashMap::new(), letters: Vec::new() }
    }

    pub fn handle_start(&mut self, at: Timestamp) {
        let life = self.begin_life(None);
        if self.wanted.contains(&EventKind::ServerStarted) {
            self.letters.push(Letter { life, sequence: 1, at, what: What::ServerStarted });
        }
    }

    pub fn handle_output(&mut self, output: &Output) {
        match output {
            Output::Event { event, .. } => self.handle_event(event),
            Output::RoomStarted { room, at } => self.start(room, *at),
            Output::RoomEnded { room, at } => self.end(room, RoomEnd::Ended, *at),
            Output::Reply { .. } | Output::Replaced { .. } | Output::Expelled { .. } => {}
        }
    }

    /// All rooms are over, and nobody has said so.
    pub fn handle_end(&mut self, how: RoomEnd, at: Timestamp) {
        for name in self.rooms.keys().cloned().collect::<Vec<_>>() {
            self.end(&name, how, at);
        }
    }

    /// What is to be told, in its order.
    pub fn take_letters(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.letters)
    }

    fn begin_life(&mut self, room: Option<RoomName>) -> Arc<Life> {
        self.lives += 1;
        Arc::new(Life { number: self.lives, server: Arc::clone(&self.server), room })
    }

    fn start(&mut self, name: &RoomName, at: Timestamp) {
        let life = self.begin_life(Some(name.clone()));
        let room = Room { life, sequence: 0, seen: Seq::default(), members: HashMap::new() };
        self.rooms.insert(name.clone(), room);
        self.tell(name, What::RoomStarted, at);
    }

    fn end(&mut self, name: &RoomName, how: RoomEnd, at: Timestamp) {
        self.tell(name, What::RoomEnded(how), at);
        self.rooms.remove(name);
    }

    fn handle_event(&mut self, event: &Event) {
        let Some(seq) = event.seq else { return };
        let Some(room) = self.rooms.get_mut(&event.room).filter(|room| room.seen < seq) else {
            return;
        };
        room.seen = seq;
        let news = room.note(&event.body);
        news.into_iter().for_each(|what| self.tell(&event.room, what, event.at));
    }

    fn tell(&mut self, name: &RoomName, what: What, at: Timestamp) {
        if !self.wanted.contains(&what.kind()) {
            return;
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.sequence += 1;
        let life = Arc::clone(&room.life);
        self.letters.push(Letter { life, sequence: room.sequence, at, what });
    }
}

impl Room {
    /// Keeps who is here, and says what there is to tell of it.
    fn note(&mut self, body: &Body) -> Vec<What> {
        match body {
            Body::MemberJoined(member) => {
                self.members.insert(member.peer, Arc::clone(member));
                let tracks = member.tracks.iter();
                let published = tracks.map(|track| What::TrackPublished(Arc::clone(member), track));
                std::iter::once(What::MemberJoined(Arc::clone(member))).chain(published).collect()
            }
            Body::MemberLeft { peer, reason } => {
                let Some(member) = self.members.remove(peer) else { return Vec::new() };
                let gone = member.tracks.iter();
                let gone = gone.map(|track| What::TrackUnpublished(Arc::clone(&member), track));
                let left = What::MemberLeft(Arc::clone(&member), *reason);
                gone.chain([left]).collect()
            }
            Body::MemberUpdated(member) => {
                // Who is hidden was never here.
                let Some(known) = self.members.get_mut(&member.peer) else { return Vec::new() };
                let before = std::mem::replace(known, Arc::clone(member));
                news_of(&before, member)
            }
            Body::Chat { from, text, .. } => {
                let from = self.members.get(from).cloned();
                from.map(|from| What::ChatMessage { from, text: Arc::clone(text) })
                    .into_iter()
                    .collect()
            }
            Body::Message { .. }
            | Body::Emitted { .. }
            | Body::Offer { .. }
            | Body::Answer { .. }
            | Body::Candidate { .. }
            | Body::Knock(_)
            | Body::KnockEnded { .. }
            | Body::RoomUpdated(_)
            | Body::TokenExpiring { .. } => Vec::new(),
        }
    }
}

/// What is new about a member, its sources first.
fn news_of(before: &MemberView, member: &Arc<MemberView>) -> Vec<What> {
    let gone = before.tracks.iter().filter(|track| member.tracks.get(track.source).is_none());
    let come = member.tracks.iter().filter(|track| before.tracks.get(track.source).is_none());
    let gone = gone.map(|track| What::TrackUnpublished(Arc::clone(member), track));
    let come = come.map(|track| What::TrackPublished(Arc::clone(member), track));
    gone.chain(come).chain([What::MemberUpdated(Arc::clone(member))]).collect()
}

#[cfg(test)]
mod tests;
