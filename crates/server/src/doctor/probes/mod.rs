//! Everything that touches the network or the machine. What it means is not known here.

pub mod http;
pub mod link;
pub mod machine;
pub mod port;
pub mod relay;
pub mod tls;
pub mod websocket;

use super::findings::Trouble;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::time::timeout;

/// Silence is an observation too.
pub async fn within<T>(
    deadline: Duration,
    probe: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(deadline, probe).await.unwrap_or(Err(Trouble::Silent))
}

pub fn trouble(error: &io::Error) -> Trouble {
    let kind = error.kind();
    if kind == ErrorKind::ConnectionRefused {
        Trouble::Refused
    } else if kind == ErrorKind::TimedOut {
        Trouble::Silent
    } else if [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe]
        .contains(&kind)
    {
        Trouble::Closed
    } else {
        Trouble::Other(error.to_string())
    }
}
