//! What the machine and the configuration allow, where the doctor runs beside the server.

use super::{count, shown};
use crate::doctor::report::Finding;

/// Whether somebody is on a port that the configuration wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Something accepts connections there.
    Taken,
    /// Nothing does, and this user could.
    Free,
    /// Nothing does, and this user may not.
    Denied,
    /// This machine does not have the address.
    NotOurs,
    Other(String),
}

pub fn configuration(mistakes: &[String]) -> Finding {
    match mistakes {
        [] => Finding::ok("the configuration is valid"),
        [first, rest @ ..] => {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            Finding::failed(
                format!(
                    "the configuration has {}: {}{more}",
                    count(mistakes.len(), "mistake"),
                    shown(first)
                ),
                "correct it, and look again with parlor --check-config",
            )
            .fact("mistakes", mistakes)
        }
    }
}

/// Each with the address as it is configured.
pub fn listening(places: &[(String, u16, Place)]) -> Finding {
    let trouble = places.iter().find(|(_, _, place)| *place != Place::Taken);
    let finding = match trouble {
        None => Finding::ok(format!(
            "something accepts connections on {}",
            super::list(places.iter().map(|(address, _, _)| address))
        )),
        Some((address, port, place)) => absent(address, *port, place),
    };
    finding.fact("listen", places.iter().map(|(address, _, _)| address.clone()).collect::<Vec<_>>())
}

fn absent(address: &str, port: u16, place: &Place) -> Finding {
    match place {
        Place::Free | Place::Taken => Finding::failed(
            format!("no server runs on {address}; the port is free"),
            format!("start it: parlor --listen {address}"),
        ),
        Place::Denied => Finding::failed(
            format!("no server runs on {address}, and this user may not use port {port}"),
            "give the service the right (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; else sysctl net.ipv4.ip_unprivileged_port_start=80)",
        ),
        Place::NotOurs => Finding::failed(
            format!("this machine does not have the address of {address}"),
            format!("listen on 0.0.0.0:{port} or on an address of this machine (ip addr)"),
        ),
        Place::Other(error) => Finding::failed(
            format!("{address} cannot be listened on ({error})"),
            "choose another address with --listen",
        ),
    }
}

/// Files that are not connections: listeners, the runtime.
const OTHER_FILES: u64 = 64;

/// `limit` is the highest that a process may set for itself. `exposed`: others than this machine can reach the server.
pub fn open_files(limit: Option<u64>, wanted: u64, exposed: bool) -> Finding {
    let Some(limit) = limit else {
        return Finding::skipped("the limit of open files is not known here");
    };
    let needed = wanted.saturating_add(OTHER_FILES);
    let finding = if limit < needed && exposed {
        Finding::warning(
            format!(
                "{limit} open files are allowed, so fewer than the configured {wanted} connections fit"
            ),
            format!("set LimitNOFILE={} in the service file", needed.next_power_of_two()),
        )
    } else {
        Finding::ok(format!("{limit} open files are allowed"))
    };
    finding.fact("limit", limit).fact("connections", wanted)
}

/// Bursts of 16 packets overflowed Linux's usual 212,992 bytes: a relay lost half of them.
const ENOUGH_BUFFER: u64 = 1 << 20;

/// From others than this machine packets come in bursts.
pub fn udp_buffers(maximum: Option<u64>, exposed: bool) -> Finding {
    let Some(maximum) = maximum else {
        return Finding::skipped("the limit of UDP buffers is not known here");
    };
    let finding = if maximum < ENOUGH_BUFFER && exposed {
        Finding::warning(
            format!("a UDP socket may buffer {maximum} bytes, so bursts of media packets get lost"),
            format!(
                "set net.core.rmem_max={} with sysctl, and net.core.wmem_max too",
                4 * ENOUGH_BUFFER
            ),
        )
    } else {
        Finding::ok(format!("a UDP socket may buffer {maximum} bytes"))
    };
    finding.fact("bytes", maximum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Result;

    #[test]
    fn mistakes_of_the_configuration_are_all_kept_and_the_first_is_told() {
        assert_eq!(configuration(&[]).result, Result::Ok);
        let found = configuration(&["a.toml:1: x".into(), "a.toml:2: y".into()]);
        assert_eq!(found.sentence, "the configuration has 2 mistakes: a.toml:1: x (and 1 more)");
        assert_eq!(found.facts["mistakes"], serde_json::json!(["a.toml:1: x", "a.toml:2: y"]));
    }

    #[test]
    fn each_reason_why_nobody_listens_has_its_own_mending() {
        let found = |place| listening(&[("0.0.0.0:443".into(), 443, place)]);
        assert_eq!(found(Place::Taken).result, Result::Ok);
        let mended = |place| found(place).change.unwrap();
        assert_eq!(mended(Place::Free), "start it: parlor --listen 0.0.0.0:443");
        assert!(mended(Place::Denied).contains("CAP_NET_BIND_SERVICE"));
        assert!(mended(Place::NotOurs).contains("0.0.0.0:443"));
        assert_eq!(found(Place::Other("odd".into())).result, Result::Failed);
    }

    #[test]
    fn too_few_files_are_a_warning_with_the_line_for_the_service_file() {
        let found = open_files(Some(1_024), 20_000, true);
        assert_eq!(found.result, Result::Warning);
        assert_eq!(found.change.unwrap(), "set LimitNOFILE=32768 in the service file");
        assert_eq!(open_files(Some(1 << 20), 20_000, true).result, Result::Ok);
        assert_eq!(open_files(Some(1_024), 20_000, false).result, Result::Ok);
        assert_eq!(open_files(None, 1, true).result, Result::Skipped);
    }

    #[test]
    fn small_buffers_matter_where_others_can_come_in() {
        assert_eq!(udp_buffers(Some(212_992), true).result, Result::Warning);
        assert_eq!(udp_buffers(Some(212_992), false).result, Result::Ok);
        assert_eq!(udp_buffers(Some(4 << 20), true).result, Result::Ok);
        assert_eq!(udp_buffers(None, true).result, Result::Skipped);
    }
}
