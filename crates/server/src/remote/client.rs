//! Requests to the admin API: one connection each, with a certificate that is trusted or not at all.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, USER_AGENT};
use axum::http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::doctor::target::{Host, Scheme, Target};

/// Somebody waits at a terminal.
const DEADLINE: Duration = Duration::from_secs(15);
/// A page of rooms is far below it.
const MAX_ANSWER: usize = 4 << 20;

/// Why nothing came of it, for the person who asked.
#[derive(Debug)]
pub struct Failure(pub String);

pub struct Client {
    server: Target,
    token: String,
}

impl Client {
    pub fn new(server: Target, token: String) -> Self {
        Self { server, token }
    }

    /// `path` is what follows `/api/v1`. The answer is null where there is none.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let origin = self.server.origin();
        let silent = |_| Failure(format!("{origin} does not answer"));
        let request = self.request(method, path, body)?;
        let answered = timeout(DEADLINE, self.send(request)).await.map_err(silent)?;
        let (status, bytes) = answered.map_err(|why| Failure(format!("{origin}: {why}")))?;
        read(status, &bytes, &origin)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Request<Body>, Failure> {
        let authority = self.server.origin().split("://").last().unwrap_or_default().to_owned();
        let mut request = Request::builder()
            .uri(format!("/api/v1{path}"))
            .header(HOST, authority)
            .header(USER_AGENT, concat!("parlor/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if method == Method::PATCH {
            request = request.header(IF_MATCH, "*");
        }
        let bytes = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let built = request.method(method).body(bytes);
        built.map_err(|error| Failure(format!("{path} can't be asked: {error}")))
    }

    async fn send(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), String> {
        let Target { scheme, host, port } = &self.server;
        let stream = match host {
            Host::Ip(ip) => TcpStream::connect((*ip, *port)).await,
            Host::Name(name) => TcpStream::connect((name.as_str(), *port)).await,
        };
        let stream = stream.map_err(|error| format!("cannot connect: {error}"))?;
        match scheme {
            Scheme::Http => exchange(stream, request).await,
            Scheme::Https => {
                let stream = connector()?.connect(server_name(host)?, stream).await;
                exchange(stream.map_err(|error| format!("no TLS: {error}"))?, request).await
            }
        }
    }
}

fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    // Some systems have roots that are none; the others still count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn server_name(host: &Host) -> Result<ServerName<'static>, String> {
    match host {
        Host::Ip(ip) => Ok(ServerName::from(*ip)),
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| "the name is none for a certificate".into()),
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<(StatusCode, Bytes), String> {
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| error.to_string())?;
    // Ends with the connection, which ends with the sender.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
}

fn read(status: StatusCode, bytes: &[u8], origin: &str) -> Result<Value, Failure> {
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let answer: Option<Value> = serde_json::from_slice(bytes).ok();
    match answer {
        Some(answer) if status.is_success() => Ok(answer),
        Some(problem) if problem["code"].is_string() => {
            let part = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            Err(Failure(format!("{} ({}). {}", part("detail"), part("code"), part("hint"))))
        }
        Some(_) | None => Err(Failure(format!("{origin} answers {status}, not as Parlor does"))),
    }
}
