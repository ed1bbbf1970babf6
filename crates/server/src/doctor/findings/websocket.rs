//! Whether a WebSocket comes through whatever stands in front, and speaks the native protocol.

use super::proxy::{self, Proxy};
use super::{HttpAnswer, Trouble, shown};
use crate::doctor::report::{Finding, millis};
use serde::Deserialize;
use std::time::Duration;

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    Trouble(Trouble),
    /// Answered, but not with 101.
    NotSwitched(HttpAnswer),
    /// 101 without the proof of RFC 6455 section 4.2.2.
    NoProof,
    /// Switched, and then nothing for the deadline.
    SilentAfterwards,
    /// Switched, and then cut.
    EndedAfterwards(String),
    Welcomed {
        first: String,
        /// The answer to a `ping`.
        pong: Option<Duration>,
    },
}

/// The first frame of the native protocol, as far as it is looked at.
#[derive(Deserialize)]
struct Welcome {
    #[serde(rename = "type")]
    kind: String,
    server: String,
}

pub fn websocket(origin: &str, opened: &Opened, proxy: Option<&Proxy>) -> Finding {
    let finding = match opened {
        Opened::Welcomed { first, pong } => welcomed(first, *pong),
        Opened::NotSwitched(answer) => not_switched(origin, answer, proxy),
        Opened::Trouble(trouble) => Finding::failed(
            format!("no answer to the upgrade on /ws: {trouble}"),
            proxy::mend_upgrade(proxy.map(|proxy| proxy.kind)),
        ),
        Opened::NoProof => Finding::failed(
            "the upgrade on /ws is answered by something that is no WebSocket server",
            "let what stands in front pass /ws on to Parlor",
        ),
        Opened::SilentAfterwards => Finding::failed(
            "the WebSocket opens, but the server's first words do not come through: something holds them back",
            "switch buffering off in what stands in front (nginx: proxy_buffering off;)",
        ),
        Opened::EndedAfterwards(why) => Finding::failed(
            format!("the WebSocket opens and is ended at once ({})", shown(why)),
            "look at the log of the server, and of what stands in front",
        ),
    };
    finding.fact("origin", origin)
}

fn welcomed(first: &str, pong: Option<Duration>) -> Finding {
    let welcome = serde_json::from_str::<Welcome>(first).ok();
    let Some(welcome) = welcome.filter(|welcome| welcome.kind == "welcome") else {
        return Finding::failed(
            format!(
                "the WebSocket on /ws does not speak Parlor's protocol (it says \"{}\")",
                shown(first)
            ),
            "let what stands in front pass /ws on to Parlor",
        );
    };
    let server = shown(&welcome.server);
    match pong {
        Some(took) => {
            Finding::ok(format!("{server} says welcome, and answers a ping in {} ms", millis(took)))
                .fact("pingMs", millis(took))
        }
        None => Finding::failed(
            format!("{server} says welcome, but does not answer a ping: what the client says does not come through"),
            "look for a proxy or filter that passes WebSockets in one direction only",
        ),
    }
    .fact("server", server)
}

fn not_switched(origin: &str, answer: &HttpAnswer, proxy: Option<&Proxy>) -> Finding {
    let here = proxy::in_front(answer);
    let proxy = here.as_ref().or(proxy);
    let who = proxy.map_or("the server", |proxy| proxy.shown.as_str());
    let kind = proxy.map(|proxy| proxy.kind);
    let status = answer.status;
    if let Some(to) = answer.sent_on() {
        return Finding::failed(
            format!("{who} sends visitors on to {to}, where WebSockets do not follow"),
            format!("let people open {to}, and check that: parlor doctor {to}"),
        )
        .fact("status", status);
    }
    let finding = match status {
        // Parlor's own words to a request without Upgrade: somebody took the header away.
        426 => Finding::failed(
            "a proxy takes the Upgrade header away, so no WebSocket comes through",
            proxy::mend_upgrade(kind),
        ),
        403 => refused(origin, &answer.said(), who),
        401 | 407 => Finding::failed(
            format!("{who} asks for a password for /ws, which browsers do not send there"),
            "let /ws in without a password, and protect the pages alone",
        ),
        404 => Finding::failed(
            format!("{who} has nothing at /ws (404)"),
            "let what stands in front pass every path on to Parlor",
        ),
        503 if answer.said().contains("too many connections") => Finding::failed(
            "the server has all the connections that it may have (503)",
            "raise limits.max_connections, or limits.max_connections_per_address behind a proxy",
        ),
        502..=504 => Finding::failed(
            format!("{who} does not get a WebSocket from Parlor ({status})"),
            proxy::mend_upgrade(kind),
        ),
        _ => Finding::failed(
            format!("{who} answers the upgrade on /ws with {status}, not with 101"),
            proxy::mend_upgrade(kind),
        ),
    };
    finding.fact("status", status)
}

fn refused(origin: &str, said: &str, who: &str) -> Finding {
    if said.contains("allow_origins") {
        return Finding::failed(
            format!("pages from {origin} may not connect"),
            format!("set allow_origins = [\"{origin}\"] (--allow-origin {origin})"),
        );
    }
    Finding::failed(
        format!("{who} forbids the upgrade on /ws (403)"),
        "let /ws through in what stands in front",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::findings::proxy::Kind;
    use crate::doctor::report::Result;

    const ORIGIN: &str = "https://meet.example.org";

    fn found(opened: &Opened, proxy: Option<Kind>) -> (Result, String) {
        let proxy = proxy.map(|kind| Proxy { kind, shown: "the proxy".into() });
        let finding = websocket(ORIGIN, opened, proxy.as_ref());
        (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default())
    }

    fn status(status: u16, body: &str) -> Opened {
        Opened::NotSwitched(HttpAnswer { status, body: body.into(), headers: Vec::new() })
    }

    fn says(first: &str, pong: Option<Duration>) -> Opened {
        Opened::Welcomed { first: first.into(), pong }
    }

    #[test]
    fn a_welcome_and_a_pong_are_all_that_is_wanted() {
        let welcome = r#"{"type":"welcome","server":"parlor/0.1.0","more":1}"#;
        let finding = websocket(ORIGIN, &says(welcome, Some(Duration::from_millis(3))), None);
        assert_eq!(finding.result, Result::Ok);
        assert_eq!(finding.sentence, "parlor/0.1.0 says welcome, and answers a ping in 3 ms");
        assert_eq!(finding.facts["pingMs"], 3.0);
        assert_eq!(found(&says(welcome, None), None).0, Result::Failed);
    }

    #[test]
    fn a_stripped_upgrade_is_told_with_the_two_lines() {
        let (result, words) =
            found(&status(426, "This address speaks WebSocket.\n"), Some(Kind::Nginx));
        assert_eq!(result, Result::Failed);
        assert!(words.contains("takes the Upgrade header away"), "{words}");
        assert!(words.contains(
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";"
        ));
        let (_, words) = found(&status(426, ""), None);
        assert!(
            words.contains("reverse_proxy localhost:8080") && words.contains("proxy_set_header")
        );
    }

    #[test]
    fn a_redirect_is_told_with_where_it_leads() {
        let headers = vec![("location".into(), "https://a.example/ws".into())];
        let opened = Opened::NotSwitched(HttpAnswer { status: 308, headers, body: Vec::new() });
        let (result, words) = found(&opened, None);
        assert_eq!(result, Result::Failed);
        assert!(words.ends_with("parlor doctor https://a.example"), "{words}");
    }

    #[test]
    fn a_refused_origin_is_told_with_the_setting() {
        let said = "Pages from x may not connect. Whoever runs it can … allow_origins …";
        let (_, words) = found(&status(403, said), None);
        assert!(words.contains("set allow_origins = [\"https://meet.example.org\"]"), "{words}");
        let (_, words) = found(&status(403, "Forbidden"), Some(Kind::Apache));
        assert!(words.contains("the proxy forbids"), "{words}");
    }

    #[test]
    fn every_other_bad_end_has_its_words() {
        for (opened, said) in [
            (status(404, ""), "nothing at /ws"),
            (status(401, ""), "password"),
            (status(503, "There are too many connections. Try"), "limits.max_connections"),
            (status(200, "<html>"), "with 200, not with 101"),
            (status(502, ""), "does not get a WebSocket from Parlor (502)"),
            (Opened::Trouble(Trouble::Silent), "nothing comes back"),
            (Opened::NoProof, "no WebSocket server"),
            (Opened::SilentAfterwards, "proxy_buffering off"),
            (Opened::EndedAfterwards("1006".into()), "ended at once (1006)"),
            (says("hello", None), "does not speak Parlor's protocol (it says \"hello\")"),
            (says(r#"{"type":"error","server":"x"}"#, None), "does not speak Parlor's protocol"),
        ] {
            let (result, words) = found(&opened, Some(Kind::Unknown));
            assert_eq!(result, Result::Failed);
            assert!(words.contains(said), "{words}");
        }
    }
}
