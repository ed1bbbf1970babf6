//! Which pages may use streams and POSTs: the policy of WebSockets, told in the headers of the Fetch standard.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use parlor_dialects::sse::Trouble;

use super::respond;
use crate::origin::OriginPolicy;

/// How long a browser may remember a preflight, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, last-event-id");

/// A client that was let in; a page with its origin.
pub struct Cors(Option<HeaderValue>);

impl Cors {
    pub fn check(policy: &OriginPolicy, headers: &HeaderMap) -> Result<Self, Trouble> {
        policy.check(headers).map_err(|refused| {
            tracing::debug!(%refused, "page refused");
            Trouble::Origin(refused.to_string())
        })?;
        let origin = headers.get(ORIGIN);
        if origin.is_none() && is_from_another_site(headers) {
            return Err(Trouble::Origin("Another site's page has asked without saying so.".into()));
        }
        Ok(Self(origin.cloned()))
    }

    pub fn preflight(&self, methods: &'static str) -> Response {
        let mut response = respond::empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        response
    }

    pub fn mark(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.0 {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
        }
        response
    }
}

/// An image or a link of any page is fetched without `Origin`, and would join. Browsers say this much of it.
fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}
