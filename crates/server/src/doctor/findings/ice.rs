//! Which STUN and TURN servers clients are told of, and whether STUN answers.

use super::{Got, count};
use crate::doctor::relays::Offer;
use crate::doctor::report::{Finding, Result, millis};
use crate::doctor::turn_client::Failure;
use std::net::SocketAddr;
use std::time::Duration;

/// Where the list came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    ByFlags(Offer),
    ByServer {
        /// As a page asks.
        page: Got,
        /// As a program asks, where the page was refused: its relays are of interest all the same.
        program: Option<Got>,
    },
}

/// The second is what to check next.
pub fn ice_servers(origin: &str, told: Told) -> (Finding, Offer) {
    let (finding, offer) = match told {
        Told::ByFlags(offer) => (offered("the command line names", &offer), offer),
        Told::ByServer { page, program } => {
            let (finding, offer) = by_server(origin, page);
            let other = program.map(|got| by_server(origin, got).1);
            (finding, other.unwrap_or(offer))
        }
    };
    let finding = finding
        .fact("stun", offer.stun.iter().map(ToString::to_string).collect::<Vec<_>>())
        .fact("relays", offer.relays.iter().map(|relay| relay.url.to_string()).collect::<Vec<_>>());
    (finding, offer)
}

fn by_server(origin: &str, got: Got) -> (Finding, Offer) {
    let finding = match got {
        Ok(answer) if answer.status == 200 => match Offer::read(&answer.body) {
            Some(offer) => return (offered("the server offers", &offer), offer),
            None => Finding::failed(
                "the answer of /api/v1/ice-servers cannot be read",
                "let what stands in front pass /api/ on to Parlor as it is",
            ),
        },
        Ok(answer) if answer.sent_on().is_some() => {
            Finding::skipped("visitors are sent on to another address")
        }
        Ok(answer) if answer.status == 404 => no_relay(),
        Ok(answer) if answer.status == 403 => Finding::failed(
            format!("pages from {origin} may not ask for relays"),
            format!("set allow_origins = [\"{origin}\"] (--allow-origin {origin})"),
        ),
        Ok(answer) if answer.status == 429 => Finding::warning(
            "the server has been asked for relays too often from here (429)",
            "run the doctor again in a minute",
        ),
        Ok(answer) => Finding::failed(
            format!("/api/v1/ice-servers is answered with {}", answer.status),
            "let what stands in front pass /api/ on to Parlor",
        ),
        Err(trouble) => Finding::failed(
            format!("no answer from /api/v1/ice-servers: {trouble}"),
            "look at the log of the server, and of what stands in front",
        ),
    };
    (finding, Offer::default())
}

fn offered(who: &str, offer: &Offer) -> Finding {
    if let Some(url) = offer.unusable.first() {
        return Finding::failed(
            format!("{who} {url}, which browsers do not take (or not without credentials)"),
            "correct the URL, and give relays a name and a password",
        );
    }
    if offer.relays.is_empty() {
        return no_relay();
    }
    let (relays, stun) =
        (count(offer.relays.len(), "relay"), count(offer.stun.len(), "STUN server"));
    Finding::ok(format!("{who} {relays} and {stun}"))
}

fn no_relay() -> Finding {
    Finding::warning(
        "this server offers no relay: people whose networks keep them from meeting directly will not hear each other",
        "switch its relay on (turn.enabled), or use a version of Parlor that has one",
    )
}

/// What a Binding request showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Mapped { mapped: SocketAddr, local: SocketAddr, took: Duration },
    Failed(Failure),
    Trouble(super::Trouble),
}

/// `offered`: clients are told that STUN is there; `misplaced`: what to change if it is the address that is wrong.
pub fn stun(port: u16, bound: &Bound, offered: bool, misplaced: Option<String>) -> Finding {
    let finding = judge_stun(port, bound, offered);
    let change = misplaced.filter(|_| finding.result == Result::Failed);
    Finding { change: change.or(finding.change), ..finding }
}

fn judge_stun(port: u16, bound: &Bound, offered: bool) -> Finding {
    match bound {
        Bound::Mapped { mapped, local, took } => {
            let direct = mapped.ip().to_canonical() == local.ip().to_canonical();
            let hint = if direct { "no NAT in between" } else { "with a NAT in between" };
            Finding::ok(format!(
                "answers in {} ms, and sees this machine as {mapped}: {hint}",
                millis(*took)
            ))
            .fact("mapped", mapped.to_string())
            .fact("nat", !direct)
        }
        Bound::Trouble(super::Trouble::Other(error)) if !offered => Finding::skipped(error),
        Bound::Failed(_) | Bound::Trouble(_) if !offered => {
            Finding::skipped(format!("this server has no STUN on port {port}/udp"))
        }
        Bound::Failed(Failure::Refused { code, .. }) => Finding::failed(
            format!("refuses to tell an address ({code})"),
            "allow Binding requests without credentials",
        ),
        Bound::Failed(Failure::Malformed(what)) => Finding::failed(
            format!("what answers on {port}/udp is no STUN server: {what}"),
            format!("see on the server what has taken {port}/udp (ss -lunp)"),
        ),
        Bound::Trouble(super::Trouble::Refused) => Finding::failed(
            format!("nothing listens on {port}/udp"),
            format!("let Parlor have {port}/udp too (in Docker: -p {port}:{port}/udp)"),
        ),
        Bound::Failed(Failure::Silent) | Bound::Trouble(_) => Finding::failed(
            format!("no answer from {port}/udp"),
            format!(
                "open {port}/udp in the firewall, and forward it on the router if there is one"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::findings::{HttpAnswer, Trouble};

    fn by_server(status: u16, body: &str) -> (Result, String, Offer) {
        let answer = HttpAnswer { status, body: body.into(), headers: Vec::new() };
        let (finding, offer) =
            ice_servers("https://a.example", Told::ByServer { page: Ok(answer), program: None });
        (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default(), offer)
    }

    #[test]
    fn a_server_without_a_relay_says_so_with_404() {
        let (result, words, offer) = by_server(404, "There is nothing here.\n");
        assert_eq!((result, offer), (Result::Warning, Offer::default()));
        assert!(words.starts_with("this server offers no relay: people"), "{words}");
        assert_eq!(by_server(200, r#"{"iceServers":[{"urls":"stun:a"}]}"#).0, Result::Warning);
    }

    #[test]
    fn what_is_offered_is_counted_and_handed_on() {
        let body = r#"{"iceServers":[{"urls":"stun:a"},{"urls":["turn:a","turns:a"],"username":"u","credential":"p"}]}"#;
        let (result, words, offer) = by_server(200, body);
        assert_eq!(result, Result::Ok);
        assert!(words.starts_with("the server offers 2 relays and 1 STUN server"), "{words}");
        assert_eq!(offer.relays.len(), 2);
        assert_eq!(by_server(200, r#"{"iceServers":[{"urls":"turn:a"}]}"#).0, Result::Failed);
    }

    #[test]
    fn every_other_answer_has_its_words() {
        for (status, body, wanted, said) in [
            (403, "", Result::Failed, "set allow_origins = [\"https://a.example\"]"),
            (429, "", Result::Warning, "again in a minute"),
            (500, "", Result::Failed, "with 500"),
            (200, "<html>", Result::Failed, "cannot be read"),
        ] {
            let (result, words, _) = by_server(status, body);
            assert_eq!(result, wanted);
            assert!(words.contains(said), "{words}");
        }
        let told = Told::ByServer { page: Err(Trouble::Silent), program: None };
        assert_eq!(ice_servers("https://a", told).0.result, Result::Failed);
    }

    #[test]
    fn relays_are_of_interest_where_a_page_is_refused() {
        let answer =
            |status, body: &str| Ok(HttpAnswer { status, body: body.into(), headers: Vec::new() });
        let list = r#"{"iceServers":[{"urls":"turn:a","username":"u","credential":"p"}]}"#;
        let told = Told::ByServer { page: answer(403, ""), program: Some(answer(200, list)) };
        let (finding, offer) = ice_servers("https://a", told);
        assert_eq!((finding.result, offer.relays.len()), (Result::Failed, 1));
    }

    #[test]
    fn stun_tells_the_address_and_whether_there_is_a_nat() {
        let mapped = |mapped: &str| {
            let (mapped, local) = (mapped.parse().unwrap(), "10.0.0.7:5000".parse().unwrap());
            stun(443, &Bound::Mapped { mapped, local, took: Duration::from_millis(9) }, true, None)
        };
        assert_eq!(
            mapped("203.0.113.9:6000").sentence,
            "answers in 9 ms, and sees this machine as 203.0.113.9:6000: with a NAT in between"
        );
        assert_eq!(mapped("10.0.0.7:5000").facts["nat"], false);
    }

    #[test]
    fn silence_is_a_firewall_where_stun_was_offered_and_nothing_where_not() {
        let silent = Bound::Failed(Failure::Silent);
        assert_eq!(stun(443, &silent, false, None).result, Result::Skipped);
        assert!(stun(443, &silent, true, None).change.unwrap().contains("443/udp in the firewall"));
        let refused = stun(443, &Bound::Trouble(Trouble::Refused), true, None);
        assert!(refused.change.unwrap().contains("-p 443:443/udp"));
        let moved = stun(443, &silent, true, Some("set external_addresses".into()));
        assert_eq!(moved.change.as_deref(), Some("set external_addresses"));
        let wrong = stun(443, &Bound::Failed(Failure::Malformed("odd")), true, None);
        assert_eq!(wrong.result, Result::Failed);
    }
}
