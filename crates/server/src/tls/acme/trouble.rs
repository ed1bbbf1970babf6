//! Why there is no certificate yet, in one line, with the thing to change.

use std::fmt;
use std::io;
use std::time::Duration;

use instant_acme::{Error, Problem};

use super::client::Unreachable;
use crate::tls::certificate::Unusable;

/// Let's Encrypt counts by the hour.
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(3_600);
/// What somebody else says of it, on one line.
const SHOWN: usize = 300;

#[derive(Debug)]
pub enum Trouble {
    /// The authority has tried to see the proof.
    Validation(Problem),
    Refused,
    OtherChallenges,
    Request(Error),
    Made(rcgen::Error),
    Tls(rustls::Error),
    Unusable(Unusable),
    State(String, io::Error),
    TooSlow,
    DueAtOnce,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

impl Trouble {
    /// Some things don't mend themselves in minutes.
    pub fn least_pause(&self) -> Duration {
        let limited = self.problem().is_some_and(|problem| kind(problem) == "rateLimited");
        if limited || matches!(self, Self::DueAtOnce) { RATE_LIMIT_PAUSE } else { Duration::ZERO }
    }

    fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Validation(problem) | Self::Request(Error::Api(problem)) => Some(problem),
            Self::Refused
            | Self::OtherChallenges
            | Self::Request(_)
            | Self::Made(_)
            | Self::Tls(_)
            | Self::Unusable(_)
            | Self::State(..)
            | Self::TooSlow
            | Self::DueAtOnce => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = self.problem() {
            return write!(f, "{}. It says: {}", advice(kind(problem)), shown(problem));
        }
        match self {
            Self::Validation(_) | Self::Refused => f.write_str("it refused without a reason"),
            Self::OtherChallenges => f.write_str(
                "it does not offer TLS-ALPN-01, which is all that is spoken here; use another authority (acme.directory) or certificate files (tls.certificate)",
            ),
            Self::Request(error) => write_request(f, error),
            Self::Made(error) => write!(f, "cannot make a key or a request: {error}"),
            Self::Tls(error) => write!(f, "cannot answer the challenge: {error}"),
            Self::Unusable(why) => write!(f, "what it issued cannot be used: {why}"),
            Self::State(path, error) => write!(
                f,
                "cannot keep it in {path}: {error}; choose a folder that this user may write with state_dir"
            ),
            Self::TooSlow => f.write_str("it did not finish in time"),
            Self::DueAtOnce => f.write_str(
                "it came, but is due for renewal already; is this machine's clock right?",
            ),
        }
    }
}

fn write_request(f: &mut fmt::Formatter<'_>, error: &Error) -> fmt::Result {
    if let Error::Other(cause) = error
        && let Some(unreachable) = cause.downcast_ref::<Unreachable>()
    {
        return write!(f, "{unreachable}");
    }
    if matches!(error, Error::Json(_)) {
        f.write_str("its answer is no ACME; is acme.directory right?")
    } else if matches!(error, Error::Timeout(_)) {
        f.write_str("it has not decided in time")
    } else {
        write!(f, "{error}")
    }
}

/// RFC 8555, section 6.7.
fn kind(problem: &Problem) -> &str {
    let full = problem.r#type.as_deref().unwrap_or_default();
    full.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(full)
}

fn advice(kind: &str) -> &'static str {
    match kind {
        "connection" => {
            "it cannot connect to port 443 of that name: open the port in every firewall, forward it to this server, and let the DNS records (A and AAAA) lead here"
        }
        "dns" => {
            "that name has no DNS record, or a broken one: make an A record (and AAAA, if this server has IPv6) that leads to this server"
        }
        "unauthorized" | "tls" | "incorrectResponse" => {
            "something else answers at port 443 of that name: the DNS records (A and AAAA) must lead to this server, and no proxy in between may end TLS"
        }
        "caa" => "the DNS of that name forbids this authority: change its CAA record",
        "rateLimited" => "it was asked too often; while you try things out, use --acme-staging",
        "rejectedIdentifier" | "unsupportedIdentifier" => {
            "it does not issue for that name: choose another with --domain"
        }
        "invalidContact" | "unsupportedContact" => "it does not take the address in acme.contact",
        "externalAccountRequired" => {
            "it wants an account made elsewhere, which cannot be configured: use another with acme.directory"
        }
        "userActionRequired" => "it wants its new terms to be agreed to",
        "serverInternal" => "something is wrong at the authority",
        _ => "it refused",
    }
}

fn shown(problem: &Problem) -> String {
    let detail = problem.detail.as_deref().unwrap_or("nothing");
    let parts = problem.subproblems.iter().filter_map(|part| part.detail.as_deref());
    let all: Vec<&str> = std::iter::once(detail).chain(parts).collect();
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    all.join("; ").chars().take(SHOWN).map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(kind: &str) -> Trouble {
        let json = format!(
            r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"one\ntwo","status":400}}"#
        );
        Trouble::Validation(serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn each_trouble_is_one_line_that_says_what_to_change() {
        let wanted = [
            ("connection", "port 443"),
            ("dns", "A record"),
            ("unauthorized", "something else answers"),
            ("caa", "CAA record"),
            ("rateLimited", "--acme-staging"),
            ("rejectedIdentifier", "--domain"),
        ];
        for (kind, words) in wanted {
            let line = validation(kind).to_string();
            assert!(line.contains(words) && line.ends_with("It says: one two"), "{line}");
        }
        assert!(validation("other").to_string().starts_with("it refused"));
    }

    #[test]
    fn who_was_asked_too_often_is_left_alone_for_an_hour() {
        assert_eq!(validation("rateLimited").least_pause(), RATE_LIMIT_PAUSE);
        assert_eq!(validation("dns").least_pause(), Duration::ZERO);
    }
}
