//! The configuration in the words of the engine.

use std::io;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use parlor_turn::{
    ChannelNumbers, Cidr, Credentials, Limits, Peers, Policy, Settings, TcpAllocations,
};

use super::addresses::Reachable;
use crate::config::{Config, RelayPeers};

pub fn external(config: &Config) -> Vec<IpAddr> {
    config.server.external_addresses.iter().map(|address| address.0).collect()
}

/// The one that is configured, else one for as long as the process lives.
pub fn secret(config: &Config) -> io::Result<String> {
    let configured = &config.turn.secret.0;
    if !configured.is_empty() {
        return Ok(configured.clone());
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(STANDARD_NO_PAD.encode(secret))
}

pub fn of(config: &Config, reachable: &Reachable, secret: &str) -> Settings {
    let turn = &config.turn;
    let users = turn.users.iter().map(|user| (user.name.clone(), user.password.0.clone()));
    Settings {
        realm: turn.realm.0.clone(),
        credentials: Credentials { users: users.collect(), secrets: vec![secret.into()] },
        refresh_grace: turn.credential_grace,
        external: reachable.addresses.clone(),
        relay_ports: turn.relay_ports.0.clone(),
        policy: policy(config),
        tcp_allocations: if turn.tcp_allocations {
            TcpAllocations::Granted
        } else {
            TcpAllocations::Refused
        },
        channel_numbers: if turn.wide_channels {
            ChannelNumbers::Rfc5766
        } else {
            ChannelNumbers::Rfc8656
        },
        limits: limits(config),
        ..Settings::default()
    }
}

/// Whether relayed addresses have sockets.
pub fn needs_sockets(config: &Config) -> bool {
    config.turn.enabled && (config.turn.tcp_allocations || policy(config).allows_foreign())
}

fn policy(config: &Config) -> Policy {
    let networks = |list: &[crate::config::Network]| -> Vec<Cidr> {
        list.iter().map(|network| network.cidr).collect()
    };
    Policy {
        peers: match config.turn.peers {
            RelayPeers::Own => Peers::Own,
            RelayPeers::Public => Peers::Public,
            RelayPeers::Any => Peers::Any,
        },
        allow: networks(&config.turn.allow_peers),
        deny: networks(&config.turn.deny_peers),
    }
}

fn limits(config: &Config) -> Limits {
    let turn = &config.turn;
    let bandwidth = |bytes: usize| (bytes > 0).then_some(bytes as u64);
    Limits {
        allocations: turn.max_allocations,
        allocations_per_user: turn.max_allocations_per_credential,
        lifetime: turn.max_lifetime,
        allocation_bandwidth: bandwidth(turn.allocation_bytes_per_second.0),
        total_bandwidth: bandwidth(turn.total_bytes_per_second.0),
        unauthenticated_replies: u32::try_from(turn.unauthenticated_per_second).unwrap_or(u32::MAX),
        ..Limits::default()
    }
}

/// For the person at the terminal.
pub fn summary(settings: &Settings) -> String {
    let addresses: Vec<String> = settings.external.iter().map(ToString::to_string).collect();
    let addresses = addresses.join(", ");
    let policy = &settings.policy;
    if !policy.allows_foreign() {
        return format!("relay at {addresses}, between its own clients");
    }
    let whom = match policy.peers {
        Peers::Own => "its own clients and allow_peers",
        Peers::Public => "its own clients and the internet",
        Peers::Any => "anybody",
    };
    let ports = &settings.relay_ports;
    let (first, last) = (ports.start(), ports.end());
    format!("relay at {addresses}, UDP ports {first}-{last}, to {whom}")
}
