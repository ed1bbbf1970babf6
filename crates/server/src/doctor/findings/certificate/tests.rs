//! Certificates of several kinds, at several times.

use super::*;
use crate::doctor::report::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// By "Example Root", for `meet.example.org` and three more; 90 days from `ISSUED`.
const LEAF: &str = "\
    MIIB1DCCAXqgAwIBAgIUBZIQSau+VcLMa2Wi9SLHjzF0RxcwCgYIKoZIzj0EAwIwLzEWMBQGA1UECgwNRXhhbXBsZSBUcnVzdDEV\
    MBMGA1UEAwwMRXhhbXBsZSBSb290MB4XDTI2MTEyMDEyNTU0MVoXDTI3MDIxODEyNTU0MVowGzEZMBcGA1UEAwwQbWVldC5leGFt\
    cGxlLm9yZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOdmWbodluXVuXzU+cOLujhayoarM5qgIUXqI4YIqrlSP8ZOud2/f7kQ\
    HHOPMM1kh02tFeNCo7lZcveAe7U1KcajgYcwgYQwQgYDVR0RBDswOYIQbWVldC5leGFtcGxlLm9yZ4INKi5leGFtcGxlLm9yZ4cE\
    wAACAYcQIAENuAAAAAAAAAAAAAAAATAdBgNVHQ4EFgQUE2slusWeoOyzqoV160ubrG9346cwHwYDVR0jBBgwFoAUtUk+E9WAdueD\
    EP29fExGY4ixLm8wCgYIKoZIzj0EAwIDSAAwRQIgPQAcPvkG/1u2A8yxnOfRnk5Z33LaDvkB9NUe2AfnLZkCIQDjGwgvvJALjgon\
    tOJS5ih9kbgal705MjoaK+JP4xs+Lw==";

/// Signed by itself, marked as an authority's, for 192.168.1.5; 90 days from `ISSUED`.
const OWN: &str = "\
    MIIBiDCCAS6gAwIBAgIUTKP2XxuqOE3wo2s4vCzOjwVVd78wCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGcGFybG9yMB4XDTI2MTEy\
    MDEyNTU0MVoXDTI3MDIxODEyNTU0MVowETEPMA0GA1UEAwwGcGFybG9yMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52ZZuh2W\
    5dW5fNT5w4u6OFrKhqszmqAhReojhgiquVI/xk653b9/uRAcc48wzWSHTa0V40KjuVly94B7tTUpxqNkMGIwHQYDVR0OBBYEFBNr\
    JbrFnqDss6qFdetLm6xvd+OnMB8GA1UdIwQYMBaAFBNrJbrFnqDss6qFdetLm6xvd+OnMA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0R\
    BAgwBocEwKgBBTAKBggqhkjOPQQDAgNIADBFAiEAnW5cxf3MLewvvqwQciw2PJAxAMtcP4t8X1N7HY4apOQCIGkIipXFabQzESu5\
    zRxMx03EjxX1bAub02UVJ6Q5uXw8";

const ISSUED: i64 = 1_795_179_341;

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn found(host: &Host, (text, chain): (&str, usize), trust: Trust, days: i64) -> (Result, String) {
    let der = STANDARD.decode(text).unwrap();
    let shown = Shown { chain: vec![der; chain], fingerprint: "AB:CD".into(), trust };
    let finding = certificate(host, &shown, ISSUED + days * DAY);
    (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default())
}

fn leaf(chain: usize, trust: Trust, days: i64) -> (Result, String) {
    found(&host("meet.example.org"), (LEAF, chain), trust, days)
}

#[test]
fn a_certificate_says_who_issued_it_for_whom_and_until_when() {
    let facts = read(&STANDARD.decode(LEAF).unwrap()).unwrap();
    assert_eq!(
        facts,
        Facts {
            issuer: "Example Root".into(),
            names: ["meet.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"]
                .map(Into::into)
                .into(),
            not_before: ISSUED,
            not_after: ISSUED + 90 * DAY,
            self_signed: false,
        }
    );
    assert_eq!(read(b"no certificate"), None);
}

#[test]
fn a_trusted_one_is_told_with_the_days_that_are_left() {
    let (result, words) = leaf(2, Trust::Trusted, 30);
    assert_eq!(result, Result::Ok);
    assert!(
        words.starts_with("trusted for meet.example.org, by Example Root, 60 days left"),
        "{words}"
    );
    assert_eq!(leaf(2, Trust::Trusted, 76).0, Result::Ok);
    assert_eq!(leaf(2, Trust::Trusted, 77).0, Result::Warning);
}

#[test]
fn an_expired_one_is_told_as_that_whatever_else_is_wrong() {
    for trust in [Trust::Expired, Trust::Trusted, Trust::UnknownIssuer] {
        let (result, words) = leaf(1, trust, 93);
        assert_eq!(result, Result::Failed);
        assert!(words.starts_with("the certificate expired 3 days ago → renew"), "{words}");
    }
}

#[test]
fn a_missing_intermediate_and_an_unknown_authority_are_two_things() {
    assert!(leaf(1, Trust::UnknownIssuer, 1).1.contains("fullchain.pem"));
    assert!(leaf(2, Trust::UnknownIssuer, 1).1.contains("whom this system does not trust"));
}

#[test]
fn another_name_is_told_with_the_names_that_it_has() {
    let (result, words) = found(&host("call.example.net"), (LEAF, 2), Trust::WrongName, 1);
    assert_eq!(result, Result::Failed);
    assert!(
        words.starts_with("the certificate is for meet.example.org, *.example.org, 192.0.2.1 and 2001:db8::1, not for call.example.net"),
        "{words}"
    );
}

#[test]
fn a_self_signed_one_is_a_matter_of_where_it_is_used() {
    for trust in [Trust::UnknownIssuer, Trust::Other("a CA is used as a server".into())] {
        let local = found(&host("192.168.1.5"), (OWN, 1), trust.clone(), 1);
        assert_eq!(local.0, Result::Warning);
        assert!(local.1.contains("self-signed (SHA-256 AB:CD)"), "{}", local.1);
        let public = found(&host("meet.example.org"), (OWN, 1), trust, 1);
        assert_eq!(public.0, Result::Failed);
        assert!(public.1.contains("self-signed (SHA-256 AB:CD)"), "{}", public.1);
    }
}

#[test]
fn what_else_can_be_wrong_has_its_words() {
    assert_eq!(leaf(2, Trust::NoRoots, 1).0, Result::Warning);
    assert!(leaf(2, Trust::NotYetValid, -2).1.contains("valid in 2 days only"));
    assert!(leaf(2, Trust::Other("odd".into()), 1).1.contains("refused (odd)"));
    let garbage =
        Shown { chain: vec![vec![1, 2]], fingerprint: String::new(), trust: Trust::Trusted };
    assert_eq!(certificate(&host("a"), &garbage, 0).result, Result::Failed);
}

#[test]
fn without_tls_only_this_machine_gets_a_camera() {
    let plain = |url| plain(&Target::parse(url).unwrap());
    assert_eq!(plain("http://localhost:8080").result, Result::Skipped);
    let found = plain("http://192.168.1.5:8080");
    assert_eq!(found.result, Result::Failed);
    assert!(found.sentence.contains("http://192.168.1.5:8080 get no camera"));
    assert_eq!(plain_for_others().result, Result::Warning);
}
