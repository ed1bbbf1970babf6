//! One GET on one connection, its answer cut to what is looked at.

use super::super::findings::{Got, HttpAnswer, Trouble};
use super::link::Door;
use super::within;
use axum::body::Body;
use axum::http::header::{CONNECTION, HOST, HeaderMap, ORIGIN, USER_AGENT};
use axum::http::{Request, Response, request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::time::Duration;

/// A list of ICE servers is far below it; other bodies are only quoted.
const MAX_BODY: usize = 64 << 10;
const MAX_HEADERS: usize = 64;

/// What every request of ours carries.
pub struct Asking {
    pub door: Door,
    /// As in the address bar: with the port unless it is the usual one.
    pub authority: String,
    pub origin: String,
    pub deadline: Duration,
}

impl Asking {
    /// As a page asks, with its origin.
    pub async fn get(&self, path: &str) -> Got {
        self.ask(self.request(path)).await
    }

    /// As a program asks, that has no origin.
    pub async fn get_as_program(&self, path: &str) -> Got {
        self.ask(self.plain_request(path)).await
    }

    async fn ask(&self, request: request::Builder) -> Got {
        let request = request.header(CONNECTION, "close").body(Body::empty());
        let request = request.map_err(|error| Trouble::Other(error.to_string()))?;
        within(self.deadline, async { read(self.send(request).await?).await }).await
    }

    pub fn request(&self, path: &str) -> request::Builder {
        self.plain_request(path).header(ORIGIN, &self.origin)
    }

    fn plain_request(&self, path: &str) -> request::Builder {
        Request::get(path)
            .header(HOST, &self.authority)
            .header(USER_AGENT, concat!("parlor-doctor/", env!("CARGO_PKG_VERSION")))
    }

    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Trouble> {
        let (stream, _) = self.door.open().await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| trouble(&error))?;
        // Ends with the connection, which ends with the sender or the upgrade.
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.map_err(|error| trouble(&error))
    }
}

pub async fn read(response: Response<Incoming>) -> Got {
    let (head, body) = response.into_parts();
    let headers = named(&head.headers);
    // A body that is too long, or breaks off, says nothing; the status still does.
    let body = Limited::new(body, MAX_BODY).collect().await;
    let body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    Ok(HttpAnswer { status: head.status.as_u16(), headers, body })
}

fn named(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    headers.take(MAX_HEADERS).collect()
}

fn trouble(error: &hyper::Error) -> Trouble {
    if error.is_parse() {
        Trouble::NotHttp
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Trouble::Closed
    } else {
        Trouble::Other(error.to_string())
    }
}
