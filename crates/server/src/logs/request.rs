//! The id of a request of HTTP: the one that came with it if that is one, else a new one. It goes back with the answer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use axum::http::{HeaderName, HeaderValue, Request, Response};

use crate::otel::{self, Kind, Span, Status};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_CHARS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    fn of<B>(request: &Request<B>) -> Self {
        let given = request.headers().get(HEADER).filter(|value| is_sane(value.as_bytes()));
        given.cloned().map_or_else(Self::fresh, Self)
    }

    /// Told apart from those of other processes by what it begins with.
    fn fresh() -> Self {
        static PROCESS: OnceLock<u32> = OnceLock::new();
        static LAST: AtomicU64 = AtomicU64::new(0);
        let process = PROCESS.get_or_init(|| getrandom::u32().unwrap_or_default());
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let text = format!("{process:08x}-{number}");
        // Digits and a hyphen.
        Self(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("-")))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Letters that no reader of logs takes for anything else.
fn is_sane(id: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_CHARS).contains(&id.len()) && id.iter().all(fits)
}

/// One request from its coming to its answer.
pub struct RequestLog {
    id: RequestId,
    method: &'static str,
    route: &'static str,
    since: Instant,
}

impl RequestLog {
    /// Also lays the id where those who answer find it.
    pub fn begin<B>(request: &mut Request<B>, route: &'static str) -> Self {
        let id = RequestId::of(request);
        request.extensions_mut().insert(id.clone());
        Self { id, method: method(request), route, since: Instant::now() }
    }

    pub fn end<B>(self, response: &mut Response<B>) {
        let Self { id, method, route, since } = self;
        let (status, micros) = (response.status().as_u16(), since.elapsed().as_micros());
        tracing::debug!(request = id.as_str(), method, route, status, micros, "answered");
        otel::record(|| Span {
            name: "request",
            kind: Kind::Server,
            ended: SystemTime::now(),
            took: since.elapsed(),
            attributes: vec![
                ("http.request.method", method.into()),
                ("http.route", route.into()),
                ("http.response.status_code", status.to_string()),
                ("parlor.request", id.as_str().into()),
            ],
            status: if status < 500 { Status::Ok } else { Status::Error },
        });
        response.headers_mut().insert(HEADER, id.0);
    }
}

/// A client may call its method as it likes.
fn method<B>(request: &Request<B>) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = request.method().as_str();
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: Option<&str>) -> String {
        let mut request = Request::new(());
        if let Some(given) = given {
            request.headers_mut().insert(HEADER, given.parse().unwrap());
        }
        let log = RequestLog::begin(&mut request, "root");
        let laid = request.extensions().get::<RequestId>().cloned();
        assert_eq!(laid.as_ref(), Some(&log.id));
        let mut response = Response::new(());
        log.end(&mut response);
        response.headers().get(HEADER).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn an_id_that_is_one_is_kept() {
        let long = "x".repeat(64);
        for given in ["7f9c-A_b.1", "x", &long] {
            assert_eq!(id_of(Some(given)), given);
        }
    }

    #[test]
    fn what_is_no_id_is_replaced_and_each_new_one_is_new() {
        let long = "x".repeat(65);
        let wrong = ["", "a b", "a\"b", "é", "<script>", &long];
        let mut fresh: Vec<String> = wrong.iter().map(|given| id_of(Some(given))).collect();
        fresh.push(id_of(None));
        assert!(fresh.iter().all(|id| is_sane(id.as_bytes())), "{fresh:?}");
        fresh.sort();
        fresh.dedup();
        assert_eq!(fresh.len(), wrong.len() + 1);
    }
}
