//! SIGHUP: reads the configuration and the certificate again. What can change while the server runs changes, the rest is
//! named. A configuration with mistakes changes nothing.

use std::sync::{Arc, PoisonError, RwLock};

use crate::config::{self, Config, Mistake};
use crate::logs::Log;
use crate::node::Node;

/// Reads the same sources as at the start.
pub type Reread = Box<dyn Fn() -> Result<Config, Vec<Mistake>> + Send>;

/// The configuration that is in force, for what looks at it each time anew.
pub struct Live(RwLock<Arc<Config>>);

impl Live {
    pub fn new(config: &Config) -> Self {
        Self(RwLock::new(Arc::new(config.clone())))
    }

    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}

pub struct Reload {
    reread: Reread,
    log: Log,
}

impl Reload {
    pub fn new(reread: Reread, log: Log) -> Self {
        Self { reread, log }
    }

    pub fn run(&self, node: &Node) {
        if let Some(tls) = &node.tls {
            tls.reload();
        }
        let fresh = match (self.reread)() {
            Ok(fresh) => fresh,
            Err(mistakes) => {
                mistakes.iter().for_each(|mistake| tracing::error!("{mistake}"));
                return tracing::error!("the configuration has mistakes: nothing was changed");
            }
        };
        let before = node.live.config();
        let after = adopted(&before, &fresh);
        let changed = config::differences(&before, &after);
        let waiting = config::differences(&after, &fresh);
        if !changed.is_empty() {
            self.log.change(&after.server);
            node.guard.change(&after.limits);
            node.origins.change(&after.server);
            node.rooms.change_ice(&after);
            node.headers.change(&after);
            node.live.change(after);
            tracing::info!("changed: {}", changed.join(", "));
        }
        if !waiting.is_empty() {
            tracing::warn!("needs a restart to change: {}", waiting.join(", "));
        }
        if changed.is_empty() && waiting.is_empty() {
            tracing::info!("the configuration is what it was");
        }
    }
}

/// What is in force, with all of the new one that can change while the server runs.
fn adopted(now: &Config, fresh: &Config) -> Config {
    let (mut after, from) = (now.clone(), fresh.clone());
    let (server, limits) = (&mut after.server, &mut after.limits);
    server.allow_origins = from.server.allow_origins;
    server.frame_ancestors = from.server.frame_ancestors;
    server.log = from.server.log;
    server.security_contact = from.server.security_contact;
    limits.bytes_per_second = from.limits.bytes_per_second;
    limits.connections_burst_per_address = from.limits.connections_burst_per_address;
    limits.connections_per_second_per_address = from.limits.connections_per_second_per_address;
    limits.requests_burst_per_address = from.limits.requests_burst_per_address;
    limits.requests_per_second_per_address = from.limits.requests_per_second_per_address;
    limits.shutdown_grace = from.limits.shutdown_grace;
    limits.trusted_proxies = from.limits.trusted_proxies;
    after.drain = from.drain;
    after.ice = from.ice;
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Request;

    fn config(arguments: &[&str]) -> Config {
        match config::load(arguments.iter().map(Into::into), []) {
            Ok(Request::Run(config)) => *config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_can_change_is_told_from_what_needs_a_restart() {
        let before = config(&[]);
        let fresh = config(&[
            "--log=debug",
            "--ice-server=stun:stun.example.org",
            "--drain-timeout=1m",
            "--limits-max-rooms=5",
            "--turn-secret=a-new-secret-of-some-length",
        ]);
        let after = adopted(&before, &fresh);
        assert_eq!(config::differences(&before, &after), ["log", "ice.servers", "drain.timeout"]);
        assert_eq!(config::differences(&after, &fresh), ["turn.secret", "limits.max_rooms"]);
        assert_eq!(config::differences(&fresh, &fresh), [""; 0]);
    }
}
