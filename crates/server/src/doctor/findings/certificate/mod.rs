//! Whether browsers will trust the certificate, and for how long.

#[cfg(test)]
mod tests;

use super::relay_address::Reach;
use super::{list, shown};
use crate::doctor::report::Finding;
use crate::doctor::target::{Host, Scheme, Target};
use crate::tls::certificate::names;
use x509_parser::prelude::{FromDer, X509Certificate};

const DAY: i64 = 86_400;
/// Whoever renews by itself has done so by then (a third of 90 days before the end).
const WARN_BEFORE: i64 = 14 * DAY;
/// A certificate of a whole cloud names hundreds.
const NAMES_SHOWN: usize = 4;

/// Why the system trusts it, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    Trusted,
    Expired,
    NotYetValid,
    WrongName,
    UnknownIssuer,
    /// This machine has no roots to trust.
    NoRoots,
    Other(String),
}

/// What a server showed in its handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its own certificate first, as DER.
    pub chain: Vec<Vec<u8>>,
    /// SHA-256 of the first.
    pub fingerprint: String,
    pub trust: Trust,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub issuer: String,
    pub names: Vec<String>,
    pub not_before: i64,
    pub not_after: i64,
    pub self_signed: bool,
}

pub fn read(der: &[u8]) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let issuer = certificate.issuer();
    let common = issuer.iter_common_name().chain(issuer.iter_organization()).next();
    let common = common.and_then(|name| name.as_str().ok()).unwrap_or("somebody without a name");
    Some(Facts {
        issuer: shown(common),
        names: names(&certificate).iter().map(|name| shown(name)).collect(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        self_signed: certificate.issuer() == certificate.subject(),
    })
}

/// Where there is no TLS, and so no certificate.
pub fn plain(target: &Target) -> Finding {
    if target.host.is_loopback() {
        return Finding::skipped("plain HTTP, which browsers trust on the same machine");
    }
    let origin = target.with_scheme(Scheme::Http);
    Finding::failed(
        format!("pages opened at {origin} get no camera and no microphone: browsers want HTTPS"),
        GET_TLS,
    )
}

/// The same seen from the machine itself, where others than it can come in.
pub fn plain_for_others() -> Finding {
    Finding::warning(
        "plain HTTP: only pages opened on this machine get a camera and a microphone",
        GET_TLS,
    )
}

const GET_TLS: &str = "give Parlor a name (domain = …) or a certificate ([tls]), or put a web server with TLS in front";

/// `now` in seconds since 1970.
pub fn certificate(host: &Host, shown: &Shown, now: i64) -> Finding {
    let Some(facts) = shown.chain.first().and_then(|der| read(der)) else {
        return Finding::failed(
            "the certificate cannot be read",
            "give the server a certificate in X.509, as certificate authorities issue them",
        );
    };
    let days = facts.not_after.saturating_sub(now).div_euclid(DAY);
    judge(host, shown, &facts, now)
        .fact("issuer", facts.issuer.as_str())
        .fact("names", facts.names.clone())
        .fact("daysLeft", days)
        .fact("selfSigned", facts.self_signed)
        .fact("fingerprint", shown.fingerprint.as_str())
        .fact("chainLength", shown.chain.len())
}

fn judge(host: &Host, shown: &Shown, facts: &Facts, now: i64) -> Finding {
    let issuer = &facts.issuer;
    match &shown.trust {
        // Of several reasons the verifier gives one, and not always the one to mend first.
        _ if facts.not_after < now => expired(facts, now),
        Trust::Expired => expired(facts, now),
        Trust::Trusted => trusted(host, facts, now),
        Trust::NotYetValid => Finding::failed(
            format!("the certificate is valid in {} only", days(facts.not_before - now)),
            "set this machine's clock, or wait",
        ),
        Trust::WrongName => Finding::failed(
            format!("the certificate is for {}, not for {host}", named(&facts.names)),
            format!("get a certificate that names {host}, or let people open a name that it has"),
        ),
        // Tools often mark such a certificate as an authority's, which is another error.
        Trust::UnknownIssuer | Trust::Other(_) if facts.self_signed => self_signed(host, shown),
        Trust::UnknownIssuer if shown.chain.len() == 1 => Finding::failed(
            format!("the certificate comes alone, and its issuer {issuer} is not known here"),
            "give the server the whole chain (fullchain.pem in place of cert.pem)",
        ),
        Trust::UnknownIssuer => Finding::failed(
            format!("the certificate leads to {issuer}, whom this system does not trust"),
            "use a certificate of a public authority (domain = … gets one), or install that root on every device",
        ),
        Trust::NoRoots => Finding::warning(
            format!("this machine has no list of trusted roots to check {issuer} against"),
            "install ca-certificates here",
        ),
        Trust::Other(error) => Finding::failed(
            format!("the certificate is refused ({})", super::shown(error)),
            "get another certificate",
        ),
    }
}

fn trusted(host: &Host, facts: &Facts, now: i64) -> Finding {
    let left = facts.not_after - now;
    let lifetime = facts.not_after - facts.not_before;
    let sentence = format!("trusted for {host}, by {}, {} left", facts.issuer, days(left));
    if left < WARN_BEFORE.min(lifetime / 4) {
        return Finding::warning(sentence, "renew the certificate before it ends");
    }
    Finding::ok(sentence)
}

fn expired(facts: &Facts, now: i64) -> Finding {
    Finding::failed(
        format!("the certificate expired {} ago", days(now - facts.not_after)),
        "renew the certificate, and see that the server loads the new one",
    )
}

fn self_signed(host: &Host, shown: &Shown) -> Finding {
    let sentence = format!("the certificate is self-signed (SHA-256 {})", shown.fingerprint);
    if is_local(host) {
        let compare =
            "compare that fingerprint with the one in the browser's warning, once on each device";
        return Finding::warning(sentence, compare);
    }
    Finding::failed(
        sentence + ": browsers warn everybody",
        "use a certificate of a public authority (domain = … gets one)",
    )
}

/// Where people know each other, and no public authority issues certificates.
pub fn is_local(host: &Host) -> bool {
    match host {
        Host::Name(name) => host.is_loopback() || name.ends_with(".local"),
        Host::Ip(ip) => Reach::of(*ip) != Reach::Public,
    }
}

fn named(names: &[String]) -> String {
    match names.len().checked_sub(NAMES_SHOWN) {
        _ if names.is_empty() => "no name".into(),
        None | Some(0) => list(names),
        Some(more) => format!(
            "{} and {more} more",
            names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn days(seconds: i64) -> String {
    match seconds / DAY {
        0 => format!("{} h", seconds / 3_600),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}
