//! Requests of our own to other servers, one connection each: there are a dozen in an hour. Follows no redirect.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::tls::trust;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Chains of certificates and sets of keys are some KiB.
const MAX_ANSWER_BYTES: usize = 256 << 10;
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    /// The setting that another root is trusted by.
    ca_setting: &'static str,
}

/// The other server could not be asked at all.
#[derive(Debug)]
pub enum Unreachable {
    Address(String),
    Connect(String, io::Error),
    Tls { host: String, error: io::Error, ca_setting: &'static str },
    Http(hyper::Error),
    Answer(BoxError),
    TooSlow,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{url} is no https address"),
            Self::Connect(host, error) => write!(
                f,
                "cannot reach it at {host}: {error}; this server has to be let out to HTTPS, and find names in the DNS"
            ),
            Self::Tls { host, error, ca_setting } => write!(
                f,
                "{host} is not trusted: {error}; the root of a private authority is given with {ca_setting}"
            ),
            Self::Http(error) => write!(f, "the connection to it broke: {error}"),
            Self::Answer(error) => write!(f, "its answer cannot be read: {error}"),
            Self::TooSlow => f.write_str("it does not answer"),
        }
    }
}

impl std::error::Error for Unreachable {}

impl Client {
    /// Trusts what the system trusts, and the roots in the file, which `ca_setting` names.
    pub fn new(ca_file: Option<&Path>, ca_setting: &'static str) -> Result<Self, String> {
        trust::connector(ca_file).map(|tls| Self { tls, ca_setting })
    }

    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Unreachable>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        timeout(REQUEST_TIMEOUT, self.connect_and_ask(request))
            .await
            .unwrap_or(Err(Unreachable::TooSlow))
    }

    async fn connect_and_ask<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Unreachable>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let Addressed { request, host, port, plain } = addressed(request)?;
        let to_host = |error| Unreachable::Connect(host.clone(), error);
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(to_host)?;
        if plain {
            return ask(stream, request).await;
        }
        let name =
            ServerName::try_from(host.clone()).map_err(|_| Unreachable::Address(host.clone()))?;
        let stream = self.tls.connect(name, stream).await;
        let ca_setting = self.ca_setting;
        let stream = stream.map_err(|error| Unreachable::Tls { host, error, ca_setting })?;
        ask(stream, request).await
    }
}

async fn ask<S, B>(stream: S, request: Request<B>) -> Result<Response<Bytes>, Unreachable>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(Unreachable::Http)?;
    let asking = async {
        let (head, body) =
            sender.send_request(request).await.map_err(Unreachable::Http)?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(Unreachable::Answer)?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    tokio::select! {
        answered = asking => answered,
        Err(error) = connection => Err(Unreachable::Http(error)),
    }
}

/// A request as HTTP/1.1 wants it, and where it goes.
struct Addressed<B> {
    request: Request<B>,
    host: String,
    port: u16,
    /// Without TLS, which this machine alone is spoken to.
    plain: bool,
}

fn addressed<B>(mut request: Request<B>) -> Result<Addressed<B>, Unreachable> {
    let uri = request.uri().clone();
    let unfit = || Unreachable::Address(uri.to_string());
    let authority = uri.authority().filter(|_| is_fit(&uri)).ok_or_else(unfit)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unfit())?;
    request.headers_mut().insert(HOST, host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>().map_err(|_| unfit())?;
    let plain = uri.scheme_str() == Some("http");
    let port = authority.port_u16().unwrap_or(if plain { HTTP } else { HTTPS });
    Ok(Addressed { request, host: bare(authority.host()).to_owned(), port, plain })
}

/// By https, or by http to this machine.
pub fn is_fit(uri: &Uri) -> bool {
    let here = |host: &str| {
        host == "localhost" || bare(host).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => here(host),
        _ => false,
    }
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        let fit = |text: &str| is_fit(&text.parse().unwrap());
        for text in [
            "https://a.example/b",
            "http://localhost:8080/b",
            "http://127.0.0.1/",
            "http://[::1]:8/",
        ] {
            assert!(fit(text), "{text}");
        }
        for text in
            ["http://a.example/", "http://localhost.example/", "ftp://a/", "/b", "http://10.0.0.1/"]
        {
            assert!(!fit(text), "{text}");
        }
    }
}
