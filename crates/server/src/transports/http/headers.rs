//! What every answer says to the browser: what a page may use, who may frame it, what it tells others.

use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Response, StatusCode};
use axum::middleware::Next;

use crate::config::{Ancestor, Config};
use crate::node::Node;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// What a page of ours may ask the person for. Everything else that a browser has is off by itself or of no harm.
const DEVICES: [&str; 5] =
    ["camera", "microphone", "display-capture", "speaker-selection", "screen-wake-lock"];
/// What no page of ours needs.
const NEVER: [&str; 6] = ["geolocation", "payment", "usb", "serial", "midi", "browsing-topics"];
/// An answer that is no page: should a browser show it, nothing that is written in it runs, and nobody frames it.
const NO_PAGE: HeaderValue = HeaderValue::from_static(
    "script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Those in force.
pub struct Headers(RwLock<Arc<Policy>>);

struct Policy {
    content: HeaderValue,
    permissions: HeaderValue,
    /// For browsers that know no `frame-ancestors`; it has no word for a list.
    frames: Option<HeaderValue>,
}

impl Headers {
    pub fn new(config: &Config) -> Self {
        Self(RwLock::new(Arc::new(Policy::new(config))))
    }

    /// From the next answer on.
    pub fn change(&self, config: &Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Policy::new(config));
    }

    pub fn protect(&self, response: &mut Response<Body>) {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        let policy = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let is_page = is_page(response.headers());
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // The room is in the path: other sites are not told.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if is_page {
            policy.protect_page(headers);
        } else {
            headers.insert(CONTENT_SECURITY_POLICY, NO_PAGE);
            headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
    }
}

/// After every route.
pub async fn after(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    node.headers.protect(&mut response);
    response
}

/// Pages come from `web` alone, which marks them; PeerJS gets its ids as HTML without being one.
fn is_page(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_SECURITY_POLICY)
        && headers.get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/html"))
}

impl Policy {
    fn new(config: &Config) -> Self {
        let ancestors = &config.server.frame_ancestors;
        let value = |text: String| HeaderValue::try_from(text).unwrap_or(NO_PAGE);
        Self {
            content: value(content(config)),
            permissions: value(permissions(ancestors)),
            frames: frames(ancestors).map(HeaderValue::from_static),
        }
    }

    fn protect_page(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_SECURITY_POLICY, self.content.clone());
        headers.insert(PERMISSIONS_POLICY, self.permissions.clone());
        // Who opened the page can't reach into it, nor the page into whom it opens.
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
        if let Some(frames) = &self.frames {
            headers.insert(X_FRAME_OPTIONS, frames.clone());
        }
    }
}

/// A page may use nothing but its own server; `connect-src 'self'` covers WebSockets of the same host and port.
fn content(config: &Config) -> String {
    let elsewhere = config.drain.go_to.origin();
    let elsewhere = elsewhere.map(|origin| format!(" {origin}")).unwrap_or_default();
    let ancestors = &config.server.frame_ancestors;
    let ancestors = if ancestors.is_empty() { "'none'".into() } else { list(ancestors, csp_word) };
    format!(
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'{elsewhere}; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// A frame has what its page gives it (`allow="camera; microphone"`), and this allows it on our side.
fn permissions(ancestors: &[Ancestor]) -> String {
    let others: Vec<Ancestor> =
        ancestors.iter().filter(|one| **one != Ancestor::Own).cloned().collect();
    let who = if others.contains(&Ancestor::Any) {
        "*".into()
    } else if others.is_empty() {
        "(self)".into()
    } else {
        format!("(self {})", list(&others, |origin| format!("\"{origin}\"")))
    };
    let devices = DEVICES.map(|device| format!("{device}={who}"));
    devices
        .into_iter()
        .chain(NEVER.map(|never| format!("{never}=()")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn frames(ancestors: &[Ancestor]) -> Option<&'static str> {
    match ancestors {
        [] => Some("DENY"),
        [Ancestor::Own] => Some("SAMEORIGIN"),
        _ => None,
    }
}

fn csp_word(ancestor: &Ancestor) -> String {
    match ancestor {
        Ancestor::Own => "'self'".into(),
        Ancestor::Any => "*".into(),
        Ancestor::Exactly(origin) => origin.to_string(),
    }
}

fn list(ancestors: &[Ancestor], word: impl Fn(&Ancestor) -> String) -> String {
    ancestors.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Request as Asked};

    fn policy(arguments: &[&str]) -> Policy {
        match config::load(arguments.iter().map(Into::into), []) {
            Ok(Asked::Run(config)) => Policy::new(&config),
            other => panic!("{other:?}"),
        }
    }

    fn text(value: &HeaderValue) -> &str {
        value.to_str().unwrap()
    }

    #[test]
    fn by_itself_only_this_server_frames_its_pages() {
        let policy = policy(&[]);
        assert!(text(&policy.content).contains("frame-ancestors 'self';"));
        assert_eq!(policy.frames.as_ref().map(text), Some("SAMEORIGIN"));
        assert!(text(&policy.permissions).starts_with("camera=(self), microphone=(self), "));
    }

    #[test]
    fn nobody_frames_them_if_nobody_is_named() {
        let policy = policy(&["--frame-ancestor="]);
        assert!(text(&policy.content).contains("frame-ancestors 'none';"));
        assert_eq!(policy.frames.as_ref().map(text), Some("DENY"));
    }

    #[test]
    fn who_may_frame_them_may_give_them_devices() {
        let policy =
            policy(&["--frame-ancestor=self", "--frame-ancestor=https://intra.example.org"]);
        assert!(
            text(&policy.content).contains("frame-ancestors 'self' https://intra.example.org;")
        );
        assert_eq!(policy.frames, None);
        let devices = text(&policy.permissions);
        assert!(devices.contains("camera=(self \"https://intra.example.org\"),"), "{devices}");
        assert!(devices.contains("geolocation=()"));
    }

    #[test]
    fn pages_may_follow_to_the_server_that_takes_over() {
        let policy = policy(&["--drain-go-to=wss://b.example.org:8443/ws"]);
        assert!(text(&policy.content).contains("connect-src 'self' wss://b.example.org:8443;"));
    }
}
