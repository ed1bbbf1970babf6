//! Whether it is a Parlor that answers, and what stands before it.

use super::proxy::{self, Proxy};
use super::{Got, HttpAnswer};
use crate::doctor::report::Finding;

/// The answers of the two addresses for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub livez: Got,
    pub readyz: Got,
}

impl Health {
    pub fn is_parlor(&self) -> bool {
        self.livez.as_ref().is_ok_and(|answer| answer.status == 200 && answer.said() == "alive")
    }

    pub fn proxy(&self) -> Option<Proxy> {
        self.livez.as_ref().ok().and_then(proxy::in_front)
    }
}

pub fn parlor(health: &Health) -> Finding {
    let proxy = health.proxy();
    let finding = match &health.livez {
        Ok(_) if health.is_parlor() => ready(&health.readyz, proxy.as_ref()),
        Ok(answer) => somebody_else(answer, proxy.as_ref()),
        Err(trouble) => Finding::failed(
            format!("it does not answer GET /livez: {trouble}"),
            "look at the log of the server, and of the web server in front if there is one",
        ),
    };
    finding
        .fact("parlor", health.is_parlor())
        .fact("proxy", proxy.map(|proxy| proxy.shown))
        .fact("livez", status(&health.livez))
        .fact("readyz", status(&health.readyz))
}

fn status(got: &Got) -> Option<u16> {
    got.as_ref().ok().map(|answer| answer.status)
}

fn ready(readyz: &Got, proxy: Option<&Proxy>) -> Finding {
    let behind = match proxy {
        Some(proxy) => format!(", behind {}", proxy.shown),
        None => String::new(),
    };
    match readyz {
        Ok(answer) if answer.status == 200 => {
            Finding::ok(format!("a Parlor that takes new clients{behind}"))
        }
        Ok(answer) if answer.status == 503 => Finding::failed(
            format!("the Parlor is stopping and takes nobody new{behind}"),
            "start it again",
        ),
        Ok(answer) => Finding::warning(
            format!("a Parlor, but /readyz is answered with {}{behind}", answer.status),
            "let the web server in front pass every path on",
        ),
        Err(trouble) => Finding::warning(
            format!("a Parlor, but at GET /readyz {trouble}{behind}"),
            "look at the log of the server",
        ),
    }
}

fn somebody_else(answer: &HttpAnswer, proxy: Option<&Proxy>) -> Finding {
    let who = proxy.map_or("the web server".into(), |proxy| proxy.shown.clone());
    if let Some(to) = answer.sent_on() {
        return Finding::failed(
            format!("{who} sends visitors on to {to}"),
            format!("check that address: parlor doctor {to}"),
        );
    }
    let status = answer.status;
    match status {
        401 | 407 => Finding::failed(
            format!("{who} asks for a password, which the doctor does not have"),
            "run the doctor on the server, at the address behind it",
        ),
        502..=504 => Finding::failed(
            format!("{who} does not reach Parlor ({status})"),
            "start Parlor, or correct its address in the web server (proxy_pass, reverse_proxy)",
        ),
        _ => Finding::failed(
            format!("no Parlor answers, but {who} with {status} \"{}\"", answer.said()),
            "let the web server pass every path on to Parlor, or end what has taken its port",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::findings::Trouble;
    use crate::doctor::report::Result;

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Got {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Ok(HttpAnswer { status, headers: headers.collect(), body: body.into() })
    }

    fn found(livez: Got, readyz: Got) -> (Result, String) {
        let finding = parlor(&Health { livez, readyz });
        (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default())
    }

    #[test]
    fn a_parlor_is_known_by_what_it_says() {
        let alive = || answer(200, "alive\n", &[]);
        let (result, words) = found(alive(), answer(200, "ready\n", &[]));
        assert_eq!((result, words.as_str()), (Result::Ok, "a Parlor that takes new clients → "));
        let nginx = answer(200, "alive\n", &[("server", "nginx")]);
        assert!(found(nginx, answer(200, "ready\n", &[])).1.contains("behind nginx"));
        assert_eq!(found(alive(), answer(503, "stopping\n", &[])).0, Result::Failed);
        assert_eq!(found(alive(), answer(404, "", &[])).0, Result::Warning);
        assert_eq!(found(alive(), Err(Trouble::Silent)).0, Result::Warning);
    }

    #[test]
    fn whoever_else_answers_is_named_with_what_to_do() {
        let ready = || answer(404, "", &[]);
        for (livez, said) in [
            (
                answer(502, "", &[("server", "nginx")]),
                "nginx does not reach Parlor (502) → start Parlor",
            ),
            (
                answer(200, "<html>It works!", &[("server", "Apache")]),
                "no Parlor answers, but Apache with 200 \"<html>It works!\"",
            ),
            (
                answer(301, "", &[("location", "https://a.example/livez")]),
                "parlor doctor https://a.example",
            ),
            (answer(401, "", &[]), "asks for a password"),
            (Err(Trouble::Silent), "does not answer GET /livez: nothing comes back"),
        ] {
            let (result, words) = found(livez, ready());
            assert_eq!(result, Result::Failed);
            assert!(words.contains(said), "{words}");
        }
    }
}
