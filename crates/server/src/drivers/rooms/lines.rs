//! The lines that are known to the rooms: who comes and goes is counted and written down.

use std::sync::Arc;

use parlor_rooms::ConnectionId;

use super::{Inner, Line, Outbox};
use crate::{logs, metrics};

impl Inner {
    pub(super) fn enter(&mut self, line: &Line) {
        self.lines.entry(line.id.connection).or_insert_with(|| {
            let dialect = line.outbox.dialect();
            metrics::line_entered(dialect);
            logs::entered(line.id.connection, dialect, line.id.peer);
            line.outbox.clone()
        });
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) -> Option<Arc<Outbox>> {
        let left = self.lines.remove(&connection)?;
        metrics::line_left(left.dialect());
        logs::left(connection, left.dialect(), left.session());
        Some(left)
    }
}
