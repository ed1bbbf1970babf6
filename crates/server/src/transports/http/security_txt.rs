//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::node::Node;
use crate::web::{self, NOT_FOUND};

/// Less than a year, section 2.5.5; each answer begins it anew, as long as somebody runs the server.
const HOLDS: Duration = Duration::from_secs(30 * 24 * 3_600);

pub async fn answer(State(node): State<Arc<Node>>) -> Response<Body> {
    let config = node.live.config();
    match &config.server.security_contact.0 {
        Some(contact) => {
            let domain = config.server.domain.0.as_deref();
            web::text(StatusCode::OK, text(contact, domain, SystemTime::now()))
        }
        None => web::text(StatusCode::NOT_FOUND, NOT_FOUND),
    }
}

fn text(contact: &str, domain: Option<&str>, now: SystemTime) -> String {
    let canonical = domain
        .map(|domain| format!("Canonical: https://{domain}/.well-known/security.txt\n"))
        .unwrap_or_default();
    format!("Contact: {contact}\nExpires: {}\n{canonical}", rfc_3339(now + HOLDS))
}

fn rfc_3339(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The Gregorian date so many days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if rest < length {
            break;
        }
        (year, rest) = (year + 1, rest - length);
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if rest < length {
            break;
        }
        (month, rest) = (month + 1, rest - length);
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_contact_and_a_date_in_the_future() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        assert_eq!(
            text("mailto:security@example.org", Some("meet.example.org"), now),
            "Contact: mailto:security@example.org\nExpires: 2026-01-31T00:00:00Z\n\
             Canonical: https://meet.example.org/.well-known/security.txt\n"
        );
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |seconds| rfc_3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(date(1_767_225_599), "2025-12-31T23:59:59Z");
    }
}
