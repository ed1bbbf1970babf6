//! The least that a relay can cost: bytes from socket to socket, with nothing understood on the way.

mod tcp;
#[cfg(target_os = "linux")]
mod udp;

use crate::Result;
use std::net::SocketAddr;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Floor {
    /// Two connections that name the same room in their first line are each other's copy.
    Tcp,
    /// Datagrams between mapped ports, in batches.
    #[cfg(target_os = "linux")]
    Udp,
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "tcp" => Ok(Self::Tcp),
            #[cfg(target_os = "linux")]
            "udp" => Ok(Self::Udp),
            _ => Err(format!("there is no floor {text}")),
        }
    }
}

impl Floor {
    pub fn run(self, listen: SocketAddr) -> Result {
        match self {
            Self::Tcp => tcp::run(listen),
            #[cfg(target_os = "linux")]
            Self::Udp => udp::run(listen),
        }
    }
}
