//! One client of the server: its socket, its relayed address, its channel.

use super::User;
use super::request::{Answer, Proof, Request, read};
use crate::Result;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Every client's own numbers begin here; one peer needs one.
pub const CHANNEL: u16 = 0x4000;

/// RFC 8489, section 6.2.1.
const RETRANSMIT_AFTER: Duration = Duration::from_millis(500);
const RETRANSMISSIONS: usize = 7;

/// A challenge, and one more when the nonce has become stale.
const CHALLENGES: usize = 3;

const LARGEST_ANSWER: usize = 2_048;

pub struct Allocation {
    pub socket: UdpSocket,
    pub relayed: SocketAddr,
    proof: Option<Proof>,
}

impl Allocation {
    /// `None` when the server wants the client to come from another port (RFC 8656, section 7.4).
    pub fn new(socket: UdpSocket, user: &User) -> Result<Option<Self>> {
        socket.set_read_timeout(Some(RETRANSMIT_AFTER)).map_err(|error| error.to_string())?;
        let nowhere = ([0, 0, 0, 0], 0).into();
        let mut allocation = Self { socket, relayed: nowhere, proof: None };
        for _ in 0..CHALLENGES {
            match allocation.ask(Request::Allocate)? {
                Answer::Relayed(relayed) => {
                    allocation.relayed = relayed;
                    return Ok(Some(allocation));
                }
                Answer::Unauthorized { realm, nonce } => {
                    allocation.proof = Some(Proof::new(user, realm, nonce));
                }
                Answer::PortInUse => return Ok(None),
                Answer::Done => return Err("an allocation without a relayed address".into()),
                Answer::Refused(reason) => return Err(format!("allocation refused: {reason}")),
            }
        }
        Err("the server does not take this name and password".into())
    }

    /// Packets to and from this peer go through the channel.
    pub fn bind(&self, peer: SocketAddr) -> Result {
        match self.ask(Request::Bind { channel: CHANNEL, peer })? {
            Answer::Done => Ok(()),
            Answer::Refused(reason) => Err(format!("channel to {peer} refused: {reason}")),
            other @ (Answer::Relayed(_) | Answer::Unauthorized { .. } | Answer::PortInUse) => {
                Err(format!("channel to {peer}: {other:?}"))
            }
        }
    }

    /// Gives the allocation back. One that gets lost ends by itself.
    pub fn release(&self) {
        if let Ok(request) = Request::Release.encode(self.proof.as_ref()) {
            _ = self.socket.send(&request);
        }
    }

    fn ask(&self, request: Request) -> Result<Answer> {
        let request = request.encode(self.proof.as_ref())?;
        for _ in 0..RETRANSMISSIONS {
            self.socket.send(&request).map_err(|error| error.to_string())?;
            if let Some(answer) = self.answer(&request)? {
                return Ok(answer);
            }
        }
        Err("the server does not answer".into())
    }

    /// `None` when it is time to ask again.
    fn answer(&self, request: &[u8]) -> Result<Option<Answer>> {
        let mut buffer = [0; LARGEST_ANSWER];
        loop {
            let count = match self.socket.recv(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.to_string()),
            };
            let answer = read(request, buffer.get(..count).unwrap_or_default());
            if answer.is_some() {
                return Ok(answer);
            }
        }
    }
}
