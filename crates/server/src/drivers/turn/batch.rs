//! What comes of one batch: datagrams by the socket that they leave by, each in the order in which it came.

use super::send::{Outgoing, send_all};
use super::socket::Socket;
use super::state::Exit;

pub struct Batch<'a> {
    free: &'a mut [u8],
    exits: Vec<(Exit, Vec<Outgoing<'a>>)>,
}

impl<'a> Batch<'a> {
    /// What the engine may put around a packet, and the least that it wants for an answer.
    pub const ROOM: usize = 1_536;

    pub fn new(free: &'a mut [u8]) -> Self {
        Self { free, exits: Vec::new() }
    }

    /// Memory for one packet of this length, framed anew.
    pub fn frame(&mut self, len: usize) -> &'a mut [u8] {
        const AROUND: usize = 256;
        let wanted = (len + AROUND).max(Self::ROOM);
        let free = std::mem::take(&mut self.free);
        let (frame, rest) = free.split_at_mut(wanted.min(free.len()));
        self.free = rest;
        frame
    }

    pub fn extend(&mut self, routed: Option<(Exit, Outgoing<'a>)>) {
        let Some((exit, datagram)) = routed else { return };
        // A batch has few exits, and mostly the one of the packet before.
        match self.exits.iter_mut().rev().find(|(known, _)| known.is(&exit)) {
            Some((_, datagrams)) => datagrams.push(datagram),
            None => self.exits.push((exit, vec![datagram])),
        }
    }

    /// How many the network did not take.
    pub fn send(self, sockets: &[Socket]) -> usize {
        let send = |(exit, datagrams): &(Exit, Vec<Outgoing<'a>>)| match exit {
            Exit::Socket(index) => {
                sockets.get(*index).map_or(datagrams.len(), |socket| send_all(socket, datagrams))
            }
            Exit::Relay(relay, fragments) => {
                relay.socket.allow(*fragments);
                send_all(&relay.socket, datagrams)
            }
        };
        self.exits.iter().map(send).sum()
    }
}
