//! Which dialects are spoken, and in which rooms.

use parlor_dialects::Dialect;
use parlor_rooms::RoomName;

use crate::config::{Config, DialectPolicy};

pub struct Policies {
    dialects: crate::config::Dialects,
    /// Nobody but this machine can connect, so that clients which carry no token do no harm.
    loopback: bool,
}

impl Policies {
    pub fn new(config: &Config) -> Self {
        let loopback = config.server.listen.iter().all(|address| address.is_loopback());
        Self { dialects: config.dialects.clone(), loopback }
    }

    pub fn speak(&self, dialect: Dialect) -> bool {
        match self.policy(dialect) {
            None | Some(DialectPolicy::On | DialectPolicy::Rooms(_)) => true,
            Some(DialectPolicy::Off) => false,
            Some(DialectPolicy::Auto) => self.loopback,
        }
    }

    pub fn allow(&self, dialect: Option<Dialect>, room: &RoomName) -> bool {
        let Some(dialect) = dialect else { return false };
        match self.policy(dialect) {
            Some(DialectPolicy::Rooms(rooms)) => rooms.iter().any(|pattern| pattern.fits(room)),
            None | Some(DialectPolicy::On | DialectPolicy::Off | DialectPolicy::Auto) => {
                self.speak(dialect)
            }
        }
    }

    /// `None`: the native protocol has no policy.
    fn policy(&self, dialect: Dialect) -> Option<&DialectPolicy> {
        let dialects = &self.dialects;
        match dialect {
            Dialect::Native | Dialect::Sse => None,
            Dialect::Json => Some(&dialects.json),
            Dialect::Channels => Some(&dialects.channels),
            Dialect::Echo => Some(&dialects.echo),
            Dialect::YWebrtc => Some(&dialects.ywebrtc),
            Dialect::Matchbox => Some(&dialects.matchbox),
            Dialect::SocketIo => Some(&dialects.socketio),
            Dialect::PeerJs => Some(&dialects.peerjs),
        }
    }
}
