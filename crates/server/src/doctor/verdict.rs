//! All checks in one sentence: will calls work, and if not, for whom.

use super::findings::count;
use super::report::{Area, Check, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub result: Result,
    pub sentence: String,
    /// The one thing to do first.
    pub change: Option<String>,
}

/// Who suffers from a failed check; the first that failed is the verdict.
const CONSEQUENCES: [(Area, &str); 10] = [
    (Area::Configuration, "The server cannot start"),
    (Area::Listening, "Nobody can connect"),
    (Area::Name, "Nobody can connect"),
    (Area::Tcp, "Nobody can connect"),
    (Area::Protocol, "Nobody can connect"),
    (Area::Parlor, "Nobody can connect"),
    (Area::Certificate, "Calls will fail in browsers"),
    (Area::WebSocket, "Nobody can join a room"),
    (Area::IceServers, "Calls will fail"),
    (Area::RelayAddress, "Calls through the relay will fail"),
];

pub fn verdict(checks: &[Check]) -> Verdict {
    let of = |result| checks.iter().filter(move |check| check.finding.result == result);
    let failed = of(Result::Failed).count();
    let warnings = of(Result::Warning).count();
    let told = |consequence: &str, check: &Check| {
        let more = match failed.saturating_sub(1) {
            0 => String::new(),
            more => format!(" {} failed too.", count(more, "other check")),
        };
        let sentence =
            format!("{consequence}: {}.{more}{}", check.finding.sentence, tail(warnings));
        Verdict { result: Result::Failed, sentence, change: check.finding.change.clone() }
    };
    let blocking = CONSEQUENCES.iter().find_map(|(area, consequence)| {
        Some((*consequence, of(Result::Failed).find(|check| check.area == *area)?))
    });
    match blocking.or_else(|| relays(checks)).or_else(|| rest(checks)) {
        Some((consequence, check)) => told(consequence, check),
        None => works(checks, warnings),
    }
}

fn tail(warnings: usize) -> String {
    match warnings {
        0 => String::new(),
        number => format!(" {}.", count(number, "warning")),
    }
}

fn works(checks: &[Check], warnings: usize) -> Verdict {
    let mut warned = checks.iter().filter(|check| check.finding.result == Result::Warning);
    let relayless = warned.clone().find(|check| check.area == Area::IceServers);
    let change = relayless.or(warned.next()).and_then(|check| check.finding.change.clone());
    let sentence = if relayless.is_some() {
        "Calls will work where people's networks let them meet directly; this server offers no relay."
    } else {
        "Calls will work."
    };
    let result = if warnings == 0 { Result::Ok } else { Result::Warning };
    Verdict { result, sentence: sentence.to_owned() + &tail(warnings), change }
}

/// Who is left out depends on which of the ways are open.
fn relays(checks: &[Check]) -> Option<(&'static str, &Check)> {
    let failed = |area| {
        checks
            .iter()
            .find(move |check| check.area == area && check.finding.result == Result::Failed)
    };
    let works = |area| {
        let of_area = |check: &&Check| check.area == area;
        let good = |check: &Check| matches!(check.finding.result, Result::Ok | Result::Warning);
        checks.iter().filter(of_area).any(good)
    };
    let (udp, tcp, tls) = (failed(Area::RelayUdp), failed(Area::RelayTcp), failed(Area::RelayTls));
    let first = udp.or(tcp).or(tls)?;
    let by_stream = works(Area::RelayTcp) || works(Area::RelayTls);
    if !works(Area::RelayUdp) && !by_stream {
        return Some((
            "Calls will fail for people whose networks keep them from meeting directly",
            first,
        ));
    }
    if let Some(udp) = udp.filter(|_| !works(Area::RelayUdp)) {
        return Some(("Calls through the relay will stutter, because they go over TCP", udp));
    }
    let stream = tcp.or(tls).filter(|_| !by_stream);
    if let Some(stream) = stream {
        return Some(("Calls will fail for people whose network blocks UDP", stream));
    }
    let consequence = if tls.is_some() {
        "Calls will fail for people whose network lets only TLS through"
    } else {
        "Some ways to the relay are shut"
    };
    Some((consequence, tls.unwrap_or(first)))
}

/// What still hurts when everything else works.
fn rest(checks: &[Check]) -> Option<(&'static str, &Check)> {
    let check = checks.iter().find(|check| check.finding.result == Result::Failed)?;
    let consequence = match check.area {
        Area::Stun => "Calls will be relayed that could go directly",
        Area::Clock => "Calls through a relay may fail",
        Area::Configuration
        | Area::Listening
        | Area::OpenFiles
        | Area::UdpBuffers
        | Area::Name
        | Area::Tcp
        | Area::Protocol
        | Area::Parlor
        | Area::Certificate
        | Area::WebSocket
        | Area::IceServers
        | Area::RelayUdp
        | Area::RelayTcp
        | Area::RelayTls
        | Area::RelayAddress => "Something is wrong",
    };
    Some((consequence, check))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Finding;
    use std::time::Duration;

    fn check(area: Area, result: Result) -> Check {
        let said = format!("{} it is", area.name());
        let finding = match result {
            Result::Ok => Finding::ok(said),
            Result::Skipped => Finding::skipped(said),
            Result::Warning => Finding::warning(said, format!("mend {}", area.name())),
            Result::Failed => Finding::failed(said, format!("mend {}", area.name())),
        };
        Check { area, took: Duration::ZERO, finding }
    }

    /// Everything is well, but for these.
    fn verdict_of(but: &[(Area, Result)]) -> Verdict {
        let result = |area| {
            but.iter().find(|(known, _)| *known == area).map_or(Result::Ok, |(_, result)| *result)
        };
        verdict(&Area::ALL.iter().map(|area| check(*area, result(*area))).collect::<Vec<_>>())
    }

    fn words(but: &[(Area, Result)]) -> String {
        verdict_of(but).sentence
    }

    #[test]
    fn when_all_is_well_calls_will_work() {
        let well =
            Verdict { result: Result::Ok, sentence: "Calls will work.".into(), change: None };
        assert_eq!(verdict_of(&[]), well);
        let warned =
            verdict_of(&[(Area::Clock, Result::Warning), (Area::OpenFiles, Result::Warning)]);
        assert_eq!(
            (warned.result, warned.sentence.as_str()),
            (Result::Warning, "Calls will work. 2 warnings.")
        );
        assert_eq!(warned.change.as_deref(), Some("mend open-files"));
    }

    #[test]
    fn without_a_relay_it_is_said_whose_calls_work() {
        let skipped =
            [Area::RelayUdp, Area::RelayTcp, Area::RelayTls].map(|area| (area, Result::Skipped));
        let warnings = [(Area::Name, Result::Warning), (Area::IceServers, Result::Warning)];
        let verdict = verdict_of(&[&skipped[..], &warnings].concat());
        assert_eq!(
            verdict.sentence,
            "Calls will work where people's networks let them meet directly; this server offers no relay. 2 warnings."
        );
        assert_eq!(verdict.change.as_deref(), Some("mend ice-servers"));
    }

    #[test]
    fn the_failure_nearest_to_the_door_is_the_verdict() {
        for (area, said) in [
            (Area::Configuration, "The server cannot start: configuration it is."),
            (Area::Name, "Nobody can connect: name it is."),
            (Area::Certificate, "Calls will fail in browsers: certificate it is."),
            (Area::WebSocket, "Nobody can join a room: websocket it is."),
            (Area::RelayAddress, "Calls through the relay will fail: relay-address it is."),
            (Area::Stun, "Calls will be relayed that could go directly: stun it is."),
            (Area::Clock, "Calls through a relay may fail: clock it is."),
        ] {
            let verdict = verdict_of(&[(area, Result::Failed)]);
            assert_eq!((verdict.result, verdict.sentence.as_str()), (Result::Failed, said));
            assert_eq!(verdict.change, Some(format!("mend {}", area.name())));
        }
        let but = [
            (Area::Tcp, Result::Failed),
            (Area::Clock, Result::Failed),
            (Area::Stun, Result::Failed),
            (Area::Name, Result::Warning),
        ];
        assert_eq!(
            words(&but),
            "Nobody can connect: tcp it is. 2 other checks failed too. 1 warning."
        );
    }

    #[test]
    fn who_is_left_out_depends_on_which_ways_to_the_relay_are_open() {
        let [udp, tcp, tls] = [Area::RelayUdp, Area::RelayTcp, Area::RelayTls];
        let failed = |areas: &[Area]| {
            words(&areas.iter().map(|area| (*area, Result::Failed)).collect::<Vec<_>>())
        };
        assert!(failed(&[udp, tcp, tls]).starts_with(
            "Calls will fail for people whose networks keep them from meeting directly: relay-udp"
        ));
        assert!(
            failed(&[tcp, tls])
                .starts_with("Calls will fail for people whose network blocks UDP: relay-tcp")
        );
        assert!(failed(&[udp]).starts_with("Calls through the relay will stutter"));
        assert!(failed(&[tls]).starts_with(
            "Calls will fail for people whose network lets only TLS through: relay-tls"
        ));
        assert!(failed(&[tcp]).starts_with("Some ways to the relay are shut: relay-tcp"));
        let alone = [(udp, Result::Failed), (tcp, Result::Skipped), (tls, Result::Skipped)];
        assert!(words(&alone).starts_with("Calls will fail for people whose networks keep them"));
        let without_streams = [(udp, Result::Ok), (tcp, Result::Failed), (tls, Result::Skipped)];
        assert!(
            words(&without_streams)
                .starts_with("Calls will fail for people whose network blocks UDP")
        );
    }
}
