//! Who may read the metrics. No sockets.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderName};

use crate::config::Metrics;

/// Somebody in between speaks for others: the address is not the reader's.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "via"];

/// Why somebody may not read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// A token would open it.
    Unauthorized,
    Forbidden,
}

pub fn check(settings: &Metrics, from: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Denied> {
    if bearer(headers).is_some_and(|token| fits(&settings.token.0, token)) {
        return Ok(());
    }
    let is_direct =
        !FORWARDED.iter().any(|name| headers.contains_key(HeaderName::from_static(name)));
    let known = from.map(|address| address.to_canonical()).filter(|_| is_direct);
    let is_in =
        |address: IpAddr| settings.allow.iter().any(|network| network.cidr.contains(address));
    if known.is_some_and(is_in) {
        return Ok(());
    }
    Err(if settings.token.0.is_empty() { Denied::Forbidden } else { Denied::Unauthorized })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// No token is set by default, and the empty one fits nobody.
fn fits(own: &str, given: &str) -> bool {
    !own.is_empty() && verify_slices_are_equal(own.as_bytes(), given.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn asks(
        token: &str,
        from: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(), Denied> {
        let mut settings = Config::default().metrics;
        settings.token.0 = token.into();
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        check(&settings, Some(from.parse().unwrap()), &headers.collect())
    }

    #[test]
    fn this_machine_reads_them_and_others_do_not() {
        for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(asks("", here, &[]), Ok(()), "{here}");
        }
        assert_eq!(asks("", "192.0.2.1", &[]), Err(Denied::Forbidden));
        assert_eq!(asks("t0ken", "192.0.2.1", &[]), Err(Denied::Unauthorized));
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_this_machine() {
        for header in ["x-forwarded-for", "forwarded", "via"] {
            assert_eq!(asks("", "127.0.0.1", &[(header, "x")]), Err(Denied::Forbidden), "{header}");
        }
        let both = [("x-forwarded-for", "192.0.2.1"), ("authorization", "Bearer t0ken")];
        assert_eq!(asks("t0ken", "127.0.0.1", &both), Ok(()));
    }

    #[test]
    fn only_the_token_itself_opens() {
        let with = |value| asks("t0ken", "192.0.2.1", &[("authorization", value)]);
        assert_eq!(with("Bearer t0ken"), Ok(()));
        assert_eq!(with("bearer t0ken"), Ok(()));
        for wrong in ["Bearer t0ke", "Bearer t0ken2", "Bearer ", "Basic t0ken", "t0ken", "Bearer"] {
            assert_eq!(with(wrong), Err(Denied::Unauthorized), "{wrong}");
        }
        let empty = asks("", "192.0.2.1", &[("authorization", "Bearer ")]);
        assert_eq!(empty, Err(Denied::Forbidden));
    }
}
