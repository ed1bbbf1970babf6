//! Carries one request after the other to one place, over a connection that is kept as long as it is of use.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use axum::http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::Place;

/// Who has been silent for longer may be gone, and would be noticed late.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// What an answer may have in it, of which nothing is read but that it is there.
const MAX_ANSWER_BYTES: usize = 64 << 10;
const AGENT: HeaderValue = HeaderValue::from_static(concat!("parlor/", env!("CARGO_PKG_VERSION")));

pub struct Courier {
    place: Place,
    tls: TlsConnector,
    patience: Duration,
    kept: Option<Kept>,
}

/// A connection that may be used again.
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    /// Ends with this.
    _driver: JoinSet<()>,
    used_at: Instant,
}

/// Why there is no status.
#[derive(Debug)]
pub enum Unanswered {
    Connect(io::Error),
    Tls(io::Error),
    Http(hyper::Error),
    TooSlow,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "cannot be reached: {error}"),
            Self::Tls(error) => write!(f, "is not trusted: {error}"),
            Self::Http(error) => write!(f, "broke off: {error}"),
            Self::TooSlow => f.write_str("did not answer in time"),
        }
    }
}

impl Courier {
    /// An attempt takes as long as `patience` at most.
    pub fn new(place: Place, tls: TlsConnector, patience: Duration) -> Self {
        Self { place, tls, patience, kept: None }
    }

    /// POSTs JSON and returns the status of the answer.
    pub async fn post(
        &mut self,
        body: Bytes,
        headers: HeaderMap,
    ) -> Result<StatusCode, Unanswered> {
        match timeout(self.patience, self.attempt(body, headers)).await {
            Ok(answered) => answered,
            Err(_) => {
                self.kept = None;
                Err(Unanswered::TooSlow)
            }
        }
    }

    async fn attempt(&mut self, body: Bytes, headers: HeaderMap) -> Result<StatusCode, Unanswered> {
        if let Some(kept) = self.kept.take().filter(Kept::is_fresh) {
            match self.send(kept, self.request(&body, &headers)).await {
                // The other side has closed it while it was idle.
                Err(error) if error.is_canceled() || error.is_incomplete_message() => {}
                answered => return answered.map_err(Unanswered::Http),
            }
        }
        let kept = self.connect().await?;
        self.send(kept, self.request(&body, &headers)).await.map_err(Unanswered::Http)
    }

    fn request(&self, body: &Bytes, headers: &HeaderMap) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        // Both were read out of an address.
        *request.uri_mut() = self.place.path.parse().unwrap_or_default();
        let all = request.headers_mut();
        all.extend(headers.clone());
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        all.insert(USER_AGENT, AGENT);
        let host = HeaderValue::from_str(&self.place.authority);
        host.into_iter().for_each(|host| _ = all.insert(HOST, host));
        request
    }

    async fn send(
        &mut self,
        mut kept: Kept,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<StatusCode> {
        kept.sender.ready().await?;
        let (head, body) = kept.sender.send_request(request).await?.into_parts();
        // A connection whose answer is read to its end can carry the next.
        if Limited::new(body, MAX_ANSWER_BYTES).collect().await.is_ok() {
            kept.used_at = Instant::now();
            self.kept = Some(kept);
        }
        Ok(head.status)
    }

    async fn connect(&self) -> Result<Kept, Unanswered> {
        let Place { host, port, .. } = &self.place;
        let stream = TcpStream::connect((host.as_str(), *port)).await;
        let stream = stream.map_err(Unanswered::Connect)?;
        stream.set_nodelay(true).map_err(Unanswered::Connect)?;
        let stream = if self.place.is_tls {
            let name = ServerName::try_from(host.clone());
            let name = name.map_err(|error| Unanswered::Tls(io::Error::other(error)))?;
            let shaken = self.tls.connect(name, stream).await.map_err(Unanswered::Tls)?;
            Either::Right(Box::new(shaken))
        } else {
            Either::Left(stream)
        };
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(Unanswered::Http)?;
        let mut driver = JoinSet::new();
        // What becomes of it is told to whoever sends.
        driver.spawn(async { _ = connection.await });
        Ok(Kept { sender, _driver: driver, used_at: Instant::now() })
    }
}

impl Kept {
    fn is_fresh(&self) -> bool {
        !self.sender.is_closed() && self.used_at.elapsed() < MAX_IDLE
    }
}
