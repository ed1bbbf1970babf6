//! What one address on the network may do, whoever is behind it. No clock, no sockets.

mod attempts;
mod guard;
mod pace;
mod proxies;
mod rates;

pub use attempts::{Attempts, RetryAfter};
pub use guard::Guard;
pub use pace::Pace;
pub use proxies::Proxies;
pub use rates::{Rate, Rates};

pub use crate::transports::gate::network_of;

use std::net::IpAddr;

/// On this machine a web server speaks for everybody: what counts by address does not count there.
pub fn speaks_for_others(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
