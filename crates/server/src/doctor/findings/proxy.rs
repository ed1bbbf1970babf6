//! What stands before the server, by what it writes into its answers, and how to mend it.

use super::{HttpAnswer, shown};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
    Apache,
    Cloudflare,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub kind: Kind,
    /// What it calls itself.
    pub shown: String,
}

/// Headers that Parlor itself never writes.
const HINTS: [&str; 7] =
    ["via", "cf-ray", "x-amz-cf-id", "x-varnish", "x-served-by", "x-cache", "x-powered-by"];

pub fn in_front(answer: &HttpAnswer) -> Option<Proxy> {
    let server = answer.header("server").filter(|server| !server.starts_with("parlor"));
    let hint = || {
        let named = |name: &&str| Some(format!("{name}: {}", answer.header(name)?));
        HINTS.iter().find_map(named)
    };
    let words = server.map(Into::into).or_else(hint)?;
    let all = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let all = all.collect::<String>().to_ascii_lowercase();
    Some(Proxy { kind: kind(&all), shown: shown(&words) })
}

fn kind(headers: &str) -> Kind {
    let known = [
        ("cf-ray:", Kind::Cloudflare),
        ("nginx", Kind::Nginx),
        ("openresty", Kind::Nginx),
        ("caddy", Kind::Caddy),
        ("apache", Kind::Apache),
    ];
    known.iter().find(|(word, _)| headers.contains(word)).map_or(Kind::Unknown, |(_, kind)| *kind)
}

/// How to let WebSockets through.
pub fn mend_upgrade(kind: Option<Kind>) -> String {
    let nginx = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    match kind {
        Some(Kind::Nginx) => format!("add to nginx, beside proxy_http_version 1.1: {nginx}"),
        Some(Kind::Caddy) => format!("{CADDY} in the Caddyfile"),
        Some(Kind::Apache) => {
            "write in Apache: ProxyPass / http://localhost:8080/ upgrade=websocket".into()
        }
        Some(Kind::Cloudflare) => "switch WebSockets on under Network in Cloudflare".into(),
        Some(Kind::Unknown) | None => format!(
            "let the proxy pass Upgrade and Connection on; nginx, beside proxy_http_version 1.1: {nginx} Caddy: {CADDY}"
        ),
    }
}

const CADDY: &str =
    "reverse_proxy localhost:8080, without header_up lines for Upgrade or Connection";

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&str, &str)]) -> Option<Proxy> {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        in_front(&HttpAnswer { headers: headers.collect(), ..HttpAnswer::default() })
    }

    #[test]
    fn a_proxy_is_known_by_its_name_or_by_its_traces() {
        assert_eq!(with(&[("content-type", "text/plain"), ("date", "now")]), None);
        assert_eq!(with(&[("server", "parlor/0.1.0")]), None);
        let of = |headers: &[_]| with(headers).map(|proxy| (proxy.kind, proxy.shown));
        assert_eq!(of(&[("server", "nginx/1.22.1")]), Some((Kind::Nginx, "nginx/1.22.1".into())));
        assert_eq!(of(&[("via", "1.1 Caddy")]), Some((Kind::Caddy, "via: 1.1 Caddy".into())));
        assert_eq!(
            of(&[("server", "cloudflare"), ("cf-ray", "1")]),
            Some((Kind::Cloudflare, "cloudflare".into()))
        );
        assert_eq!(of(&[("x-cache", "MISS")]), Some((Kind::Unknown, "x-cache: MISS".into())));
    }

    #[test]
    fn the_mending_is_that_of_the_proxy_or_of_the_common_ones() {
        assert!(
            mend_upgrade(Some(Kind::Nginx)).contains("proxy_set_header Upgrade $http_upgrade;")
        );
        assert!(!mend_upgrade(Some(Kind::Nginx)).contains("reverse_proxy"));
        let unknown = mend_upgrade(None);
        assert!(unknown.contains("proxy_set_header") && unknown.contains("reverse_proxy"));
    }
}
