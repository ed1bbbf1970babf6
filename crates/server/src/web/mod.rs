//! The pages: the app, its parts and the SDK, from the binary or from a folder.

mod disk;
mod embedded;
mod encoding;
mod kinds;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Response, StatusCode};
use disk::Folder;
use std::path::Path;

/// Where the files come from.
pub enum Web {
    Embedded,
    Disk(Folder),
}

impl Web {
    pub fn open(folder: Option<&Path>) -> std::io::Result<Self> {
        folder.map_or(Ok(Self::Embedded), |path| Folder::open(path).map(Self::Disk))
    }

    /// The client files of Socket.IO, which are always those inside the program.
    pub fn serve_socket_io(file: &str, request: &HeaderMap) -> Option<Response<Body>> {
        let mut response = embedded::serve(&format!("socket.io-client/{file}"), request)?;
        protect(response.headers_mut(), PART);
        protect(response.headers_mut(), FOR_ALL);
        Some(response)
    }

    /// `path` is relative to `web/`.
    pub async fn serve(&self, path: &str, request: &HeaderMap) -> Response<Body> {
        let found = match self {
            Self::Embedded => embedded::serve(path, request),
            Self::Disk(folder) => folder.serve(path).await,
        };
        let Some(mut response) = found else {
            return text(StatusCode::NOT_FOUND, NOT_FOUND);
        };
        let is_page = path.ends_with(".html");
        protect(response.headers_mut(), if is_page { PAGE } else { PART });
        protect(response.headers_mut(), if path.starts_with("sdk/") { FOR_ALL } else { FOR_US });
        response
    }
}

pub const NOT_FOUND: &str = "There is nothing here. The app is at /, the SDK under /sdk/.\n";

/// A plain sentence.
pub fn text(status: StatusCode, sentence: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(sentence.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    protect(response.headers_mut(), PART);
    response
}

type Protection = &'static [(&'static str, &'static str)];

fn protect(headers: &mut HeaderMap, protection: Protection) {
    for (name, value) in protection {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

const PART: Protection = &[("x-content-type-options", "nosniff")];

/// Marks a page; who answers puts the whole policy in its place.
const PAGE: Protection = &[
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'self'; require-trusted-types-for 'script'"),
];

const FOR_US: Protection = &[("cross-origin-resource-policy", "same-origin")];

/// Pages of other sites, and local files, import the SDK from here.
const FOR_ALL: Protection =
    &[("cross-origin-resource-policy", "cross-origin"), ("access-control-allow-origin", "*")];
