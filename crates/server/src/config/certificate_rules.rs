//! There is one way to a certificate at a time, and it is complete.

use super::settings::Config;
use super::{Mistake, Sources};
use crate::tls::Files;

pub fn broken(config: &Config, sources: &Sources) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut add = |key, text: String| mistakes.push(Mistake::new(sources.of(key).clone(), text));
    for (key, text) in conflicts(config) {
        add(key, text.into());
    }
    if config.server.domain.0.is_none() {
        for key in given_for_acme(config) {
            add(key, format!("{key} needs domain, the name that the certificate is for"));
        }
    }
    if let (Some(chain), Some(key)) = (&config.tls.certificate.0, &config.tls.key.0)
        && let Err(error) = (Files { chain: chain.clone(), key: key.clone() }).load()
    {
        add("tls.certificate", error.to_string());
    }
    mistakes
}

fn conflicts(config: &Config) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (tls, acme) = (&config.tls, &config.acme);
    let domain = config.server.domain.0.is_some();
    let (chain, key) = (tls.certificate.0.is_some(), tls.key.0.is_some());
    let all = [
        (
            domain && (chain || key),
            "domain",
            "domain gets its certificate by itself; tls.certificate and tls.key cannot be given with it",
        ),
        (
            domain && tls.self_signed,
            "domain",
            "domain gets its certificate by itself; tls.self_signed cannot be given with it",
        ),
        (
            (chain || key) && tls.self_signed,
            "tls.self_signed",
            "tls.self_signed makes a certificate; tls.certificate and tls.key cannot be given with it",
        ),
        (chain && !key, "tls.certificate", "tls.certificate needs tls.key, its private key"),
        (key && !chain, "tls.key", "tls.key needs tls.certificate, which it belongs to"),
        (
            acme.staging && acme.directory.0.is_some(),
            "acme.staging",
            "acme.staging is Let's Encrypt's; acme.directory cannot be given with it",
        ),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, key, text)| (key, text))
}

fn given_for_acme(config: &Config) -> impl Iterator<Item = &'static str> {
    let acme = &config.acme;
    let all = [
        (acme.directory.0.is_some(), "acme.directory"),
        (acme.staging, "acme.staging"),
        (acme.contact.0.is_some(), "acme.contact"),
        (acme.ca_file.0.is_some(), "acme.ca_file"),
    ];
    all.into_iter().filter(|(given, _)| *given).map(|(_, key)| key)
}
