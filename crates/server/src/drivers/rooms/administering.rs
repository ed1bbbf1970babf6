//! The rooms in the hands of whoever runs the server: looked at and changed under the one lock.

use parlor_rooms::{Rooms, Timestamp};

use super::RoomsDriver;

impl RoomsDriver {
    /// Looks at something, decides by it and changes it, with nothing in between. What members are to hear of it is
    /// in their outboxes when this returns. `None`: a bug, which has been logged.
    pub fn administer<T>(&self, work: impl FnOnce(&mut Rooms, Timestamp) -> T) -> Option<T> {
        let now = self.now();
        let mut done = None;
        self.run(None, now, |inner| done = Some(work(&mut inner.engine, now)));
        done
    }
}
