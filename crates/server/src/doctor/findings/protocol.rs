//! What a port speaks: plain HTTP, TLS, both, or neither.

use crate::doctor::report::Finding;
use crate::doctor::target::{Scheme, Target};

/// What came back for a plain HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    Http,
    /// HTTP, to say that TLS was expected; or a TLS alert.
    WantsTls,
    Closed,
    Silent,
    Other(String),
}

/// What came back for a TLS greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeted {
    Tls,
    NotTls,
    Refused(String),
    Closed,
    Silent,
}

/// `asked` is the scheme of the address, if somebody gave one. The second is how to go on.
pub fn protocol(
    target: &Target,
    asked: Option<Scheme>,
    plain: &Plain,
    greeted: &Greeted,
) -> (Finding, Option<Scheme>) {
    let http = *plain == Plain::Http;
    let tls = *greeted == Greeted::Tls;
    let finding = match (asked, http, tls) {
        (Some(Scheme::Https) | None, true, true) => {
            (Finding::ok("the port speaks TLS, and plain HTTP too"), Some(Scheme::Https))
        }
        (Some(Scheme::Https) | None, false, true) => {
            (Finding::ok("the port speaks TLS"), Some(Scheme::Https))
        }
        (Some(Scheme::Http), true, true) => {
            (Finding::ok("the port speaks plain HTTP, and TLS too"), Some(Scheme::Http))
        }
        (Some(Scheme::Http) | None, true, false) => {
            (Finding::ok("the port speaks plain HTTP"), Some(Scheme::Http))
        }
        (Some(Scheme::Https), true, false) => (not_tls(target), None),
        (Some(Scheme::Http), false, true) => (
            Finding::failed(
                "the port speaks TLS and no plain HTTP",
                format!("open {}", target.with_scheme(Scheme::Https)),
            ),
            None,
        ),
        (_, false, false) => (neither(target.port, plain, greeted), None),
    };
    let (found, scheme) = finding;
    (found.fact("http", http).fact("tls", tls), scheme)
}

fn not_tls(target: &Target) -> Finding {
    Finding::failed(
        "the port speaks plain HTTP and no TLS",
        format!(
            "give Parlor a certificate ([tls] certificate and key, or domain), \
             or put a web server with TLS before {}",
            target.with_scheme(Scheme::Http)
        ),
    )
}

fn neither(port: u16, plain: &Plain, greeted: &Greeted) -> Finding {
    let look = format!(
        "see on the server what listens there (ss -ltnp 'sport = :{port}'), and end it or start Parlor on another port"
    );
    let said = match (plain, greeted) {
        (Plain::Silent, Greeted::Silent) => "something accepts connections and says nothing".into(),
        (_, Greeted::Refused(error)) => format!("TLS is refused ({error})"),
        (Plain::WantsTls, _) => "the port wants TLS, but does not answer to a TLS greeting".into(),
        (Plain::Other(said), _) => {
            format!("what listens there is neither HTTP nor TLS (it says \"{said}\")")
        }
        (Plain::Http | Plain::Closed | Plain::Silent, _) => {
            "something accepts connections and ends them without an answer".into()
        }
    };
    Finding::failed(said, look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Result;

    fn found(
        asked: Option<Scheme>,
        plain: Plain,
        greeted: Greeted,
    ) -> (Result, Option<Scheme>, String) {
        let target = Target::parse("https://meet.example.org:8443").unwrap();
        let (finding, scheme) = protocol(&target, asked, &plain, &greeted);
        (finding.result, scheme, finding.sentence + " → " + &finding.change.unwrap_or_default())
    }

    #[test]
    fn the_address_that_was_given_decides_where_both_are_spoken() {
        for (asked, wanted) in [
            (Some(Scheme::Http), Scheme::Http),
            (Some(Scheme::Https), Scheme::Https),
            (None, Scheme::Https),
        ] {
            let (result, scheme, _) = found(asked, Plain::Http, Greeted::Tls);
            assert_eq!((result, scheme), (Result::Ok, Some(wanted)));
        }
        assert_eq!(found(None, Plain::Http, Greeted::NotTls).1, Some(Scheme::Http));
        assert_eq!(found(None, Plain::WantsTls, Greeted::Tls).1, Some(Scheme::Https));
    }

    #[test]
    fn the_other_scheme_is_named() {
        let (result, scheme, words) = found(Some(Scheme::Http), Plain::WantsTls, Greeted::Tls);
        assert_eq!((result, scheme), (Result::Failed, None));
        assert!(words.ends_with("open https://meet.example.org:8443"), "{words}");
        let (result, _, words) = found(Some(Scheme::Https), Plain::Http, Greeted::NotTls);
        assert_eq!(result, Result::Failed);
        assert!(words.contains("certificate"), "{words}");
    }

    #[test]
    fn what_is_neither_is_told_by_what_it_does() {
        for (plain, greeted, wanted) in [
            (Plain::Silent, Greeted::Silent, "says nothing"),
            (Plain::Closed, Greeted::Closed, "ends them"),
            (Plain::Other("SSH-2.0".into()), Greeted::NotTls, "SSH-2.0"),
            (Plain::WantsTls, Greeted::Refused("no shared version".into()), "no shared version"),
        ] {
            let (result, scheme, words) = found(Some(Scheme::Https), plain, greeted);
            assert_eq!((result, scheme), (Result::Failed, None));
            assert!(words.contains(wanted) && words.contains("sport = :8443"), "{words}");
        }
    }
}
