//! What changes where the server has a certificate: plain requests are sent to HTTPS, and pages that it has served
//! itself are let in. No sockets.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{HOST, HeaderValue, LOCATION, ORIGIN, STRICT_TRANSPORT_SECURITY};
use axum::http::{Request, Response, StatusCode};

use crate::origin::Origin;
use crate::web;

/// Half a year, RFC 6797.
const HTTPS_ALONE: HeaderValue = HeaderValue::from_static("max-age=15552000");
/// Whoever watches over the server on its own machine needs no certificate for it.
const WATCHED: [&str; 3] = ["/livez", "/readyz", "/metrics"];
const ADMINISTERED: &str = "/api/";
const HTTP: u16 = 80;

/// `None` if this request may stay plain.
pub fn redirect<B>(
    request: &Request<B>,
    from: IpAddr,
    domain: Option<&str>,
) -> Option<Response<Body>> {
    let path = request.uri().path();
    let stays = WATCHED.contains(&path) || path.starts_with(ADMINISTERED);
    if stays && from.to_canonical().is_loopback() {
        return None;
    }
    let Some(place) = place(request, domain) else {
        let sentence = "This address is opened with https.\n";
        return Some(web::text(StatusCode::BAD_REQUEST, sentence));
    };
    let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
    let mut response = web::text(StatusCode::PERMANENT_REDIRECT, "This address moved to https.\n");
    let location = HeaderValue::try_from(format!("{place}{rest}")).ok()?;
    response.headers_mut().insert(LOCATION, location);
    Some(response)
}

/// The same name and port, which speaks TLS too; from the port of plain HTTP to that of HTTPS. Where the name of the
/// server is known, nobody is sent to another.
fn place<B>(request: &Request<B>, domain: Option<&str>) -> Option<Origin> {
    let asked = Origin::parse(&format!("https://{}", host(request)?))?;
    let port = asked.port().filter(|port| *port != HTTP);
    Some(match domain {
        Some(domain) => Origin::https(domain, port),
        None => asked.with_port(port),
    })
}

fn host<B>(request: &Request<B>) -> Option<&str> {
    let named = request.uri().authority().map(|authority| authority.as_str());
    named.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

/// A page that was loaded from this very server over TLS: the browser has verified that the name is ours, so to
/// everything behind this the request is as if no page had made it.
pub fn forget_own_origin<B>(request: &mut Request<B>) {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    let only = origins.next().filter(|_| origins.next().is_none());
    let from = only.and_then(|origin| Origin::parse(origin.to_str().ok()?));
    let own = host(request).and_then(|host| Origin::parse(&format!("https://{host}")));
    if own.is_some() && from == own {
        request.headers_mut().remove(ORIGIN);
    }
}

pub fn come_by_https_alone(response: &mut Response<Body>) {
    response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HTTPS_ALONE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let builder = Request::get("/room/a?x=1");
        let add = |builder: axum::http::request::Builder, (name, value): &(&str, &str)| {
            builder.header(*name, *value)
        };
        headers.iter().fold(builder, add).body(()).unwrap()
    }

    fn location(host: &str, domain: Option<&str>) -> Option<String> {
        let from = "192.0.2.1".parse().unwrap();
        let response = redirect(&request(&[("host", host)]), from, domain).unwrap();
        Some(response.headers().get(LOCATION)?.to_str().unwrap().into())
    }

    #[test]
    fn a_plain_request_is_sent_to_the_same_place_by_https() {
        let place = |host| location(host, None).unwrap();
        assert_eq!(place("192.0.2.7:8443"), "https://192.0.2.7:8443/room/a?x=1");
        assert_eq!(place("[2001:db8::1]:8443"), "https://[2001:db8::1]:8443/room/a?x=1");
        for port_of_http in ["meet.example.org", "meet.example.org:80"] {
            assert_eq!(place(port_of_http), "https://meet.example.org/room/a?x=1");
        }
        assert_eq!(location("a b/..", None), None);
    }

    #[test]
    fn nobody_is_sent_to_a_name_that_is_not_ours() {
        let place = |host| location(host, Some("meet.example.org")).unwrap();
        assert_eq!(place("evil.example"), "https://meet.example.org/room/a?x=1");
        assert_eq!(place("evil.example:8443"), "https://meet.example.org:8443/room/a?x=1");
    }

    #[test]
    fn only_who_is_on_this_machine_may_ask_for_its_health_without_tls() {
        let livez = Request::get("/livez").header("host", "localhost").body(()).unwrap();
        let stays = |from: &str| redirect(&livez, from.parse().unwrap(), None).is_none();
        assert!(stays("127.0.0.1") && stays("::1") && stays("::ffff:127.0.0.1"));
        assert!(!stays("192.0.2.1"));
    }

    #[test]
    fn only_the_very_same_origin_is_forgotten() {
        let kept = |origins: &[&str]| {
            let mut headers = vec![("host", "meet.example.org:8443")];
            headers.extend(origins.iter().map(|origin| ("origin", *origin)));
            let mut request = request(&headers);
            forget_own_origin(&mut request);
            request.headers().contains_key(ORIGIN)
        };
        assert!(!kept(&["https://meet.example.org:8443"]));
        assert!(!kept(&["https://MEET.example.org:8443"]));
        let others =
            ["http://meet.example.org:8443", "https://meet.example.org", "null", "https://"];
        for origin in others {
            assert!(kept(&[origin]), "{origin}");
        }
        assert!(kept(&["https://meet.example.org:8443", "https://evil.example"]));
    }
}
