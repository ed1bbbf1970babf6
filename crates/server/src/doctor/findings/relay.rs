//! Whether a relay lets two members talk through it.

use super::Trouble;
use super::certificate::{Trust, is_local};
use crate::doctor::exchange::{Exchanged, Outcome, Tally};
use crate::doctor::relays::{ServerUrl, Transport};
use crate::doctor::report::{Finding, Result, millis};
use crate::doctor::turn_client::{Failure, Step};
use std::net::IpAddr;

/// A voice with more holes is not understood.
const BEARABLE_LOSS: f64 = 0.05;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    NotReached(Trouble),
    /// With what was thought of its certificate, over TLS.
    Reached(Outcome, Option<Trust>),
}

/// What others are told to send their packets to.
pub fn addresses(tried: &Tried) -> Vec<IpAddr> {
    match tried {
        Tried::Reached(Outcome::Exchanged(exchanged), _) => {
            vec![exchanged.caller.relayed.ip(), exchanged.callee.relayed.ip()]
        }
        Tried::Reached(Outcome::Failed { .. }, _) | Tried::NotReached(_) => Vec::new(),
    }
}

/// `misplaced`: what to change if it is the address that is wrong.
pub fn relay(url: &ServerUrl, tried: &Tried, misplaced: Option<String>) -> Finding {
    let finding = judge(url, tried);
    let change = misplaced.filter(|_| finding.result == Result::Failed);
    let finding = Finding { change: change.or(finding.change), ..finding };
    finding.fact("url", url.to_string())
}

fn judge(url: &ServerUrl, tried: &Tried) -> Finding {
    match tried {
        Tried::NotReached(trouble) => not_reached(url, trouble),
        Tried::Reached(Outcome::Failed { step, failure }, _) => failed(url, *step, failure),
        Tried::Reached(Outcome::Exchanged(exchanged), trust) => {
            facts(carried(url, exchanged, trust.as_ref()), exchanged)
        }
    }
}

fn not_reached(url: &ServerUrl, trouble: &Trouble) -> Finding {
    let port = url.port;
    let change = match (trouble, url.transport) {
        (Trouble::Tls(_), _) => {
            "see that the relay has a certificate, and speaks TLS 1.2 or 1.3".into()
        }
        (_, Transport::Udp) => {
            format!(
                "open {port}/udp in the firewall, and forward it on the router (in Docker: -p {port}:{port}/udp)"
            )
        }
        (_, Transport::Tcp | Transport::Tls) => {
            format!("start the relay on {port}/tcp, and open {port}/tcp in the firewall")
        }
    };
    Finding::failed(format!("{url}: {trouble}"), change)
}

fn failed(url: &ServerUrl, step: Step, failure: &Failure) -> Finding {
    match failure {
        Failure::Silent if step == Step::Allocate => not_reached(url, &Trouble::Silent),
        Failure::Silent => Finding::failed(
            format!("{url} stops answering at {}", named(step)),
            "look at the log of the relay",
        ),
        Failure::Malformed(what) => Finding::failed(
            format!("what answers at {url} is no relay: {what}"),
            "check the address of the relay, and what stands in front of it",
        ),
        Failure::Refused { code, reason } => {
            let sentence =
                format!("{url} refuses {} ({code} {})", named(step), super::shown(reason));
            Finding::failed(sentence, mend(step, *code)).fact("code", *code)
        }
    }
}

fn mend(step: Step, code: u16) -> &'static str {
    let opening = step == Step::Allocate;
    match code {
        401 | 441 => "check name and password, the shared secret, and the clocks of both machines",
        403 if opening => "allow this client in the relay's configuration",
        403 => {
            "allow the relay's own addresses as peers (Parlor: turn.peers = \"own\"; coturn: allowed-peer-ip, --allow-loopback-peers)"
        }
        420 | 442 => "use a relay that gives UDP addresses without extensions",
        486 => {
            "raise the number of allocations per credential in the relay (turn.max_allocations_per_credential)"
        }
        508 => "give the relay more ports (turn.relay_ports) or fewer clients",
        _ => "look at the log of the relay",
    }
}

fn named(step: Step) -> &'static str {
    match step {
        Step::Binding => "to tell an address",
        Step::Allocate => "an allocation",
        Step::Permit(_) => "a permission for its own relayed address",
        Step::BindChannel { .. } => "a channel to its own relayed address",
        Step::Release => "to end an allocation",
    }
}

fn carried(url: &ServerUrl, exchanged: &Exchanged, trust: Option<&Trust>) -> Finding {
    let Exchanged { indications, channels, .. } = exchanged;
    let sent = indications.sent + channels.sent;
    let lost = indications.lost() + channels.lost();
    for (way, tally) in [("Send indications", indications), ("channel data", channels)] {
        if tally.round_trips.is_empty() {
            return Finding::failed(
                format!("{url} gives allocations, but no {way} get from one to the other"),
                "let the relay reach its own relayed addresses: its external address must lead back to it (hairpin), or be set right",
            );
        }
    }
    if let Some(trust) =
        trust.filter(|trust| **trust != Trust::Trusted && **trust != Trust::NoRoots)
    {
        return distrusted(url, trust);
    }
    let median = median(indications, channels);
    let at = exchanged.caller.relayed;
    let share = lost as f64 / sent.max(1) as f64;
    if share > BEARABLE_LOSS {
        return Finding::warning(
            format!("{url} loses {lost} of {sent} packets"),
            "see whether the server's processor or line is full, and raise net.core.rmem_max",
        );
    }
    Finding::ok(format!(
        "{url} relays in {median} ms there and back, {lost} of {sent} packets lost, at {at}"
    ))
}

fn distrusted(url: &ServerUrl, trust: &Trust) -> Finding {
    let sentence =
        format!("{url} relays, but browsers refuse its certificate ({})", distrust(trust));
    if is_local(&url.host) {
        return Finding::warning(sentence, "use the relay over UDP or TCP on the local network");
    }
    Finding::failed(sentence, "give the relay the certificate of its name, with the whole chain")
}

fn distrust(trust: &Trust) -> &str {
    match trust {
        Trust::Trusted | Trust::NoRoots => "trusted",
        Trust::Expired => "expired",
        Trust::NotYetValid => "not valid yet",
        Trust::WrongName => "for another name",
        Trust::UnknownIssuer => "its issuer is unknown",
        Trust::Other(why) => why,
    }
}

fn median(indications: &Tally, channels: &Tally) -> f64 {
    // Channels are what a call uses once it runs.
    channels.median().or(indications.median()).map_or(0.0, millis)
}

fn facts(finding: Finding, exchanged: &Exchanged) -> Finding {
    let Exchanged { caller, callee, allocating, indications, channels } = exchanged;
    finding
        .fact("relayed", vec![caller.relayed.to_string(), callee.relayed.to_string()])
        .fact("mapped", caller.mapped.map(|mapped| mapped.to_string()))
        .fact("allocateMs", millis(*allocating))
        .fact("lifetimeSeconds", caller.lifetime.as_secs())
        .fact("sent", indications.sent + channels.sent)
        .fact("lost", indications.lost() + channels.lost())
        .fact("roundTripMs", median(indications, channels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::turn_client::Allocation;
    use std::time::Duration;

    fn tally(lost: usize) -> Tally {
        Tally { sent: 20, round_trips: vec![Duration::from_millis(12); 20 - lost] }
    }

    fn exchanged(lost: [usize; 2], trust: Option<Trust>) -> Tried {
        let allocation = Allocation {
            relayed: "203.0.113.5:50000".parse().unwrap(),
            mapped: None,
            lifetime: Duration::from_secs(600),
        };
        let [indications, channels] = lost.map(tally);
        let allocating = Duration::from_millis(30);
        let (caller, callee) = (allocation, allocation);
        let exchanged = Exchanged { caller, callee, allocating, indications, channels };
        Tried::Reached(Outcome::Exchanged(Box::new(exchanged)), trust)
    }

    fn found(tried: &Tried) -> (Result, String) {
        let finding = relay(&ServerUrl::parse("turns:a.example:443").unwrap(), tried, None);
        (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default())
    }

    fn refused(step: Step, code: u16) -> Tried {
        let failure = Failure::Refused { code, reason: "No".into() };
        Tried::Reached(Outcome::Failed { step, failure }, None)
    }

    #[test]
    fn a_relay_that_carries_is_told_with_its_figures() {
        let (result, words) = found(&exchanged([0, 1], Some(Trust::Trusted)));
        assert_eq!(result, Result::Ok);
        assert!(words.starts_with(
            "turns:a.example:443?transport=tcp relays in 12 ms there and back, 1 of 40 packets lost, at 203.0.113.5:50000"
        ));
        let finding = relay(&ServerUrl::parse("turn:a").unwrap(), &exchanged([0, 1], None), None);
        assert_eq!((&finding.facts["lost"], &finding.facts["sent"]), (&1.into(), &40.into()));
        assert_eq!(finding.facts["roundTripMs"], 12.0);
    }

    #[test]
    fn loss_is_a_warning_and_nothing_at_all_a_failure() {
        assert_eq!(found(&exchanged([2, 1], None)).0, Result::Warning);
        let (result, words) = found(&exchanged([20, 20], None));
        assert_eq!(result, Result::Failed);
        assert!(words.contains("no Send indications get") && words.contains("hairpin"), "{words}");
        assert!(found(&exchanged([0, 20], None)).1.contains("no channel data get"));
    }

    #[test]
    fn a_relay_that_only_browsers_refuse_fails_all_the_same() {
        let (result, words) = found(&exchanged([0, 0], Some(Trust::UnknownIssuer)));
        assert_eq!(result, Result::Failed);
        assert!(
            words.contains("browsers refuse its certificate (its issuer is unknown)"),
            "{words}"
        );
    }

    #[test]
    fn each_refusal_names_what_to_change() {
        let peer = "203.0.113.5:1".parse().unwrap();
        for (step, code, said) in [
            (Step::Allocate, 401, "name and password"),
            (Step::Allocate, 403, "allow this client"),
            (Step::Permit(peer), 403, "allowed-peer-ip"),
            (Step::BindChannel { number: 0x4000, peer }, 403, "allowed-peer-ip"),
            (Step::Allocate, 486, "max_allocations_per_credential"),
            (Step::Allocate, 508, "turn.relay_ports"),
            (Step::Allocate, 500, "log of the relay"),
        ] {
            let (result, words) = found(&refused(step, code));
            assert_eq!(result, Result::Failed);
            assert!(words.contains(said) && words.contains(&format!("({code} No)")), "{words}");
        }
    }

    #[test]
    fn a_relay_that_is_not_there_is_a_matter_of_its_port() {
        let udp = ServerUrl::parse("turn:a.example:3478").unwrap();
        let silent = Outcome::Failed { step: Step::Allocate, failure: Failure::Silent };
        let mended = |url: &ServerUrl, tried| relay(url, &tried, None).change.unwrap();
        assert!(mended(&udp, Tried::Reached(silent, None)).contains("open 3478/udp"));
        assert!(mended(&udp, Tried::NotReached(Trouble::Refused)).contains("-p 3478:3478/udp"));
        let tcp = ServerUrl::parse("turn:a.example:3478?transport=tcp").unwrap();
        assert!(mended(&tcp, Tried::NotReached(Trouble::Refused)).contains("3478/tcp"));
        let tls = Tried::NotReached(Trouble::Tls("handshake failure".into()));
        assert!(mended(&tcp, tls).contains("TLS 1.2"));
        let elsewhere = Some("set external_addresses".to_owned());
        let moved = relay(&udp, &Tried::NotReached(Trouble::Silent), elsewhere.clone());
        assert_eq!(moved.change, elsewhere);
        let odd = Outcome::Failed { step: Step::Allocate, failure: Failure::Malformed("odd") };
        assert!(found(&Tried::Reached(odd, None)).1.contains("is no relay: odd"));
    }
}
