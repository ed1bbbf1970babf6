//! HTTPS requests to a certificate authority, one connection each: there are a dozen in two months.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Chains are some KiB.
const MAX_ANSWER_BYTES: usize = 256 << 10;
const HTTPS: u16 = 443;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
}

/// The authority could not be asked at all.
#[derive(Debug)]
pub enum Unreachable {
    Address(String),
    Connect(String, io::Error),
    Tls(String, io::Error),
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
            Self::Tls(host, error) => write!(
                f,
                "{host} is not trusted: {error}; the root of a private authority is given with acme.ca_file"
            ),
            Self::Http(error) => write!(f, "the connection to it broke: {error}"),
            Self::Answer(error) => write!(f, "its answer cannot be read: {error}"),
            Self::TooSlow => f.write_str("it does not answer"),
        }
    }
}

impl std::error::Error for Unreachable {}

impl Client {
    /// Trusts what the system trusts, and the roots in the file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = ca_file {
            let broken = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
            let added = CertificateDer::pem_file_iter(path).map_err(|error| broken(&error))?;
            for root in added {
                let root = root.map_err(|error| broken(&error))?;
                roots.add(root).map_err(|error| broken(&error))?;
            }
        }
        if roots.is_empty() {
            return Err(
                "this system has no root certificates (Debian: apt-get install ca-certificates)"
                    .into(),
            );
        }
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn send(
        self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Unreachable> {
        let (request, host, port) = addressed(request)?;
        let to_host = |error| Unreachable::Connect(host.clone(), error);
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(to_host)?;
        let name =
            ServerName::try_from(host.clone()).map_err(|_| Unreachable::Address(host.clone()))?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|error| Unreachable::Tls(host.clone(), error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(Unreachable::Http)?;
        let asking = async {
            let (head, body) =
                sender.send_request(request).await.map_err(Unreachable::Http)?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(Unreachable::Answer)?.to_bytes();
            Ok(BytesResponse::from(Response::from_parts(head, Full::new(body))))
        };
        tokio::select! {
            answered = asking => answered,
            Err(error) = connection => Err(Unreachable::Http(error)),
        }
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let sending = self.clone().send(request);
        Box::pin(async {
            let answered = timeout(REQUEST_TIMEOUT, sending).await;
            answered
                .unwrap_or(Err(Unreachable::TooSlow))
                .map_err(|unreachable| Error::Other(Box::new(unreachable)))
        })
    }
}

/// The request as HTTP/1.1 wants it, and where it goes.
fn addressed<B>(mut request: Request<B>) -> Result<(Request<B>, String, u16), Unreachable> {
    let uri = request.uri().clone();
    let unfit = || Unreachable::Address(uri.to_string());
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("https"));
    let authority = authority.ok_or_else(unfit)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unfit())?;
    request.headers_mut().insert(HOST, host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>().map_err(|_| unfit())?;
    let bare = authority.host().trim_start_matches('[').trim_end_matches(']');
    Ok((request, bare.to_owned(), authority.port_u16().unwrap_or(HTTPS)))
}
