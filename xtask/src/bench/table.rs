//! What a table is made of: which figures of which scenarios, and what the budget says of them.

use super::servers::Server;

pub struct Table {
    /// Of its chart's file.
    pub name: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    /// What a figure of the load client is multiplied by to be in this unit.
    pub scale: f64,
    pub servers: &'static [Server],
    pub rows: Vec<Row>,
}

pub struct Row {
    pub label: &'static str,
    pub scenario: &'static str,
    /// Parts of a run that are added up.
    pub parts: Vec<&'static str>,
    pub figure: &'static str,
    pub budgets: Vec<Budget>,
}

/// Ours is at most this part of theirs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    pub bound: Bound,
    pub at_most: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A part of what another server takes.
    Of(Server),
    /// In the table's unit.
    Absolute,
}

pub const fn of(server: Server, at_most: f64) -> Budget {
    Budget { bound: Bound::Of(server), at_most }
}
