//! The web files inside the binary, with entity tags and encodings.

use super::encoding::{Encoding, negotiate};
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Response, StatusCode};

struct Asset {
    path: &'static str,
    content_type: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Sorted by path.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// `path` is relative to `web/`: `app/index.html`.
pub fn serve(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let index = ASSETS.binary_search_by_key(&path, |asset| asset.path).ok()?;
    ASSETS.get(index).map(|asset| respond(asset, request))
}

fn respond(asset: &'static Asset, request: &HeaderMap) -> Response<Body> {
    let (encoding, content) = choose(asset, request);
    let tag = match encoding.name() {
        Some(name) => format!("\"{}-{name}\"", asset.hash),
        None => format!("\"{}\"", asset.hash),
    };
    let fresh = is_fresh(request, &tag);
    let mut response = Response::new(if fresh { Body::empty() } else { Body::from(content) });
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if let Some(name) = encoding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

fn choose(asset: &Asset, request: &HeaderMap) -> (Encoding, &'static [u8]) {
    let variants = [
        (Encoding::Brotli, asset.brotli),
        (Encoding::Gzip, asset.gzip),
        (Encoding::Identity, Some(asset.plain)),
    ];
    let available: Vec<_> = variants
        .iter()
        .filter(|(_, content)| content.is_some())
        .map(|(encoding, _)| *encoding)
        .collect();
    let chosen = negotiate(request, &available);
    let content =
        variants.iter().find(|(encoding, _)| *encoding == chosen).and_then(|(_, content)| *content);
    (chosen, content.unwrap_or(asset.plain))
}

/// Weak comparison, as `If-None-Match` demands: a proxy may have weakened our tag.
fn is_fresh(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKED: Asset = Asset {
        path: "app/a.js",
        content_type: "text/javascript; charset=utf-8",
        hash: "00ff",
        plain: b"plain",
        brotli: Some(b"brotli"),
        gzip: None,
    };
    static ASSET: Asset = PACKED;

    fn request(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn each_encoding_has_its_own_tag() {
        let plain = respond(&ASSET, &request(&[("accept-encoding", "gzip")]));
        assert_eq!(
            (header(&plain, "etag"), header(&plain, "content-encoding")),
            (Some("\"00ff\""), None)
        );
        let packed = respond(&ASSET, &request(&[("accept-encoding", "br")]));
        assert_eq!(header(&packed, "etag"), Some("\"00ff-br\""));
        assert_eq!(header(&packed, "content-encoding"), Some("br"));
        assert_eq!(header(&packed, "vary"), Some("accept-encoding"));
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        for known in ["\"00ff-br\"", "W/\"00ff-br\"", "\"other\", \"00ff-br\"", "*"] {
            let response =
                respond(&ASSET, &request(&[("accept-encoding", "br"), ("if-none-match", known)]));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(header(&response, "etag"), Some("\"00ff-br\""));
            assert_eq!(header(&response, "content-type"), None);
        }
        let stale = request(&[("accept-encoding", "br"), ("if-none-match", "\"00ff\"")]);
        assert_eq!(respond(&ASSET, &stale).status(), StatusCode::OK);
    }

    #[test]
    fn the_table_is_sorted_and_holds_the_app_and_the_sdk() {
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
        for path in ["app/index.html", "sdk/parlor.js"] {
            assert!(serve(path, &HeaderMap::new()).is_some(), "{path}");
        }
        assert!(serve("app", &HeaderMap::new()).is_none());
    }

    #[test]
    fn packed_variants_unpack_to_the_plain_file() {
        use std::io::Read;
        for asset in ASSETS {
            if let Some(packed) = asset.gzip {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
                assert_eq!(plain, asset.plain, "{}", asset.path);
            }
            if let Some(packed) = asset.brotli {
                let mut plain = Vec::new();
                brotli::BrotliDecompress(&mut &*packed, &mut plain).unwrap();
                assert_eq!(plain, asset.plain, "{}", asset.path);
            }
        }
    }
}
